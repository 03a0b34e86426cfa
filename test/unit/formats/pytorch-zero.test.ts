import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'pytorch', 'zero');
const TAG = 'global_step2';

interface Expected {
  readonly ranks: number;
  readonly stage: number;
  readonly tensors: Readonly<Record<string, [shape: number[], sha256: string]>>;
}
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

const FILES = Object.keys(EXPECTED).flatMap((folder) =>
  readdirSync(path.join(FOLDER, folder, TAG)).map((name): [folder: string, name: string] => [folder, name]),
);

async function open(...segments: string[]): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(...segments));
  await opened.close();
  return opened.checkpoint;
}

/** The tensors of the network. */
async function described(checkpoint: Checkpoint): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const tensor of checkpoint.tensors) {
    if (tensor.role !== 'optimizer') found[tensor.name] = [tensor.shape, await engineSha256(checkpoint, tensor)];
  }
  return found;
}

/** Folder → parameter → shape and SHA-256 of the second moments. */
const MOMENTS = JSON.parse(readFileSync(path.join(FOLDER, 'moments.json'), 'utf8')) as Record<string, object>;

describe('a checkpoint that ZeRO has cut up', () => {
  it('is there of every stage', () => {
    expect(Object.values(EXPECTED).map(({ stage }) => stage)).toEqual([1, 2, 2, 3, 3, 3]);
    expect(FILES).toHaveLength(3 + 3 + 4 + 4 + 6 + 6);
  });

  it.each(FILES)('has the values that DeepSpeed itself puts together: %s/%s', async (folder, name) => {
    const checkpoint = await open(FOLDER, folder, TAG, name);
    const { stage, ranks, tensors } = EXPECTED[folder]!;
    expect(await described(checkpoint)).toEqual(tensors);
    expect(checkpoint.formatLabel).toBe(`DeepSpeed ZeRO stage ${stage}, ${ranks} processes`);
    expect(checkpoint.notes.map(({ code }) => code)).toEqual(['zero-assembled']);
  });

  it.each(Object.keys(EXPECTED))('is opened by its folder, and by that which names it: %s', async (folder) => {
    const whole = await open(FOLDER, folder, TAG);
    expect((await open(FOLDER, folder)).files).toEqual(whole.files);
    expect(await described(whole)).toEqual(EXPECTED[folder]?.tensors);
  });

  it.each(['..', '../stage2', 'global_step3', '', '/', 'latest'])(
    'is not opened by a file that names no folder beside it: %j',
    async (latest) => {
      const root = await mkdtemp(path.join(tmpdir(), 'prunability-zero-'));
      await cp(path.join(FOLDER, 'stage1'), path.join(root, 'run'), { recursive: true });
      await writeFile(path.join(root, 'run', 'latest'), latest);
      expect((await formatError(open(root, 'run'))).reason).toBe('is a folder without a model');
      await rm(root, { recursive: true });
    },
  );

  it.each(Object.keys(MOMENTS))(
    'has the second moments as DeepSpeed would put weights together: %s',
    async (folder) => {
      const checkpoint = await open(FOLDER, folder, TAG);
      const found: Record<string, unknown> = {};
      for (const { tensor: name, parameter, decay, step } of checkpoint.secondMoments ?? []) {
        const tensor = checkpoint.tensors.find((each) => each.name === name)!;
        expect(tensor).toMatchObject({ role: 'optimizer', name: `optimizer.state.${parameter}.exp_avg_sq` });
        expect(decay).toBe(0.999);
        expect(checkpoint.tensors.find((each) => each.name === step)).toMatchObject({ role: 'optimizer', count: 1 });
        found[parameter ?? ''] = [tensor.shape, await engineSha256(checkpoint, tensor)];
      }
      expect(found).toEqual(MOMENTS[folder]);
    },
  );

  it('has no second moments where their decay is not saved', async () => {
    expect((await open(FOLDER, 'elastic2', TAG)).secondMoments).toBeUndefined();
  });

  it('has the tensors in the order of the network, with their roles', async () => {
    const { tensors } = await open(FOLDER, 'stage2', TAG);
    const network = tensors.filter(({ role }) => role !== 'optimizer');
    expect(network.map(({ name, role, dtype, aliasOf }) => [name, role, dtype, aliasOf])).toEqual([
      ['shift', 'buffer', 'float32', undefined],
      ['steps', 'constant', 'int64', undefined],
      ['embedding.weight', 'embedding', 'float32', undefined],
      ['hidden.weight', 'weight', 'bfloat16', undefined],
      ['hidden.bias', 'bias', 'bfloat16', undefined],
      ['norm.weight', 'norm', 'float32', undefined],
      ['norm.bias', 'norm', 'float32', undefined],
      ['back.weight', 'weight', 'float32', undefined],
      ['head.weight', 'weight', 'float32', 'embedding.weight'],
      ['head.bias', 'bias', 'float32', undefined],
    ]);
  });

  it('is read by ranges from the files that have its parts', async () => {
    const { tensors, files } = await open(FOLDER, 'frozen3', TAG);
    const named = (name: string): string[] =>
      tensors
        .find((tensor) => tensor.name === name)!
        .storage.extents.map(({ file, length }) => `${path.basename(files[file]!.path)} ${length}`);
    // 55 values of float32 in shares of 19, and 7 of bfloat16 in shares of 3.
    expect(named('embedding.weight')).toEqual([
      'bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt 76',
      'bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt 76',
      'bf16_zero_pp_rank_2_mp_rank_00_optim_states.pt 68',
    ]);
    expect(named('hidden.bias')).toEqual([
      'zero_pp_rank_0_mp_rank_00_model_states.pt 6',
      'zero_pp_rank_1_mp_rank_00_model_states.pt 6',
      'zero_pp_rank_2_mp_rank_00_model_states.pt 2',
    ]);
  });

  it('says from which files it is', async () => {
    const [note] = (await open(FOLDER, 'stage1', TAG)).notes;
    expect(note?.message).toContain('stage 1');
    expect(note?.message).toContain('2 processes (zero_pp_rank_0_mp_rank_00_optim_states.pt');
    expect(note?.message).toContain('mp_rank_00_model_states.pt');
  });
});

describe('of a checkpoint that is not whole', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'prunability-zero-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function copy(folder: string, ...without: string[]): Promise<void> {
    await cp(path.join(FOLDER, folder, TAG), root, { recursive: true });
    for (const name of without) await rm(path.join(root, name));
  }

  const SHARES = [0, 1].map((rank) => `bf16_zero_pp_rank_${rank}_mp_rank_00_optim_states.pt`);
  const [first = '', second = ''] = SHARES;

  it.each([[SHARES], [[first]], [[second]]])('the module of stage 2 is read as it is without %s', async (without) => {
    await copy('stage2', ...without);
    const checkpoint = await open(root, 'mp_rank_00_model_states.pt');
    expect(checkpoint.tensors.find(({ name }) => name === 'back.weight')?.dtype).toBe('bfloat16');
    const note = checkpoint.notes.find(({ code }) => code === 'zero-shares-missing');
    expect(note?.message).toContain(without[0]);
  });

  it.each([
    ['stage2', second, [first]],
    ['stage2', first, [second]],
    ['stage2', first, ['mp_rank_00_model_states.pt']],
    ['stage3', 'zero_pp_rank_0_mp_rank_00_model_states.pt', SHARES],
    ['stage3', 'zero_pp_rank_0_mp_rank_00_model_states.pt', [second]],
    ['stage3', first, ['zero_pp_rank_0_mp_rank_00_model_states.pt']],
    ['frozen3', first, ['zero_pp_rank_2_mp_rank_00_model_states.pt']],
  ])('%s/%s is refused without %s', async (folder, opened, without) => {
    await copy(folder, ...without);
    const { file, reason, remedy } = await formatError(open(root, opened));
    expect(path.basename(file)).toBe(opened);
    expect(reason).toContain(without[0]);
    expect(remedy).toContain('zero_to_fp32.py');
  });

  it('a share of an older one is not taken for its own', async () => {
    await copy('stage3', 'zero_pp_rank_0_mp_rank_00_model_states.pt');
    await cp(path.join(FOLDER, 'frozen3', TAG), root, { recursive: true, force: false });
    const old = await formatError(open(root, 'bf16_zero_pp_rank_2_mp_rank_00_optim_states.pt'));
    expect(old.reason).toContain('of 2 processes');
    const name = 'zero_pp_rank_2_mp_rank_00_model_states.pt';
    expect((await formatError(open(root, name))).reason).toContain('of another checkpoint');
  });

  it('files of other names are refused as before', async () => {
    await cp(path.join(FOLDER, 'stage3', TAG, first), path.join(root, 'part.pt'));
    await cp(
      path.join(FOLDER, 'stage3', TAG, 'zero_pp_rank_0_mp_rank_00_model_states.pt'),
      path.join(root, 'model.pt'),
    );
    const share = await formatError(open(root, 'part.pt'));
    expect(share.reason).toBe('holds the state of an optimiser, but no weights');
    expect(share.remedy).toContain('zero_to_fp32.py');
    expect((await formatError(open(root, 'model.pt'))).reason).toContain('ZeRO stage 3');
    await cp(path.join(FOLDER, 'stage2', TAG, first), path.join(root, 'part2.pt'));
    expect((await formatError(open(root, 'part2.pt'))).remedy).toContain('mp_rank_00_model_states.pt');
  });
});
