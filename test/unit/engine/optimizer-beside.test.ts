import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LimitScope, ModelReport, TensorReport } from '../../../src/report/report';
import { dict, float, int, list, proto, raw, tensor, torchZip, tuple } from '../formats/pytorch-bytes';
import { analysis, fixture, workerPool } from './analysis';

const pool = workerPool(1);

const TRAINER = fixture('pytorch/trainer');

interface Moments {
  /** Names of the parameters by the numbers that the file has for them. */
  readonly order: readonly string[];
  readonly moments: Readonly<
    Record<string, { shape: number[]; sum: number; squares: number; min: number; max: number }>
  >;
}

/** Written by make_trainer.py from the optimisers as they were in memory. */
const REFERENCE = JSON.parse(readFileSync(fixture('pytorch/trainer.json'), 'utf8')) as Moments & {
  readonly limit: Readonly<Record<LimitScope, number>>;
  readonly eightBit: Moments;
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Copies files of the Trainer under other names. @returns the folder */
async function copies(names: Readonly<Record<string, string>>): Promise<string> {
  for (const [to, from] of Object.entries(names)) await copyFile(join(TRAINER, from), join(folder, to));
  return folder;
}

async function reportOf(path: string): Promise<ModelReport> {
  return (await analysis(pool, path)).report;
}

function limits({ limits: all }: ModelReport): [LimitScope, number][] {
  return all
    .filter(({ method }) => method === 'optimizer-curvature')
    .map(({ scope, prunedFraction }) => [scope, prunedFraction]);
}

function expectReference(report: ModelReport, references: Readonly<Record<LimitScope, number>>): void {
  const found = limits(report);
  expect(found.map(([scope]) => scope)).toEqual(['parameters', 'weights']);
  for (const [scope, fraction] of found) expect(Math.abs(fraction - references[scope])).toBeLessThan(1e-5);
}

function expectMoments(tensors: readonly TensorReport[], slot: string, { order, moments }: Moments): void {
  const found = new Map(tensors.map((each) => [each.name, each]));
  expect(tensors.filter(({ name }) => name.endsWith(`.${slot}`))).toHaveLength(order.length);
  order.forEach((parameter, number) => {
    const tensorOfMoments = found.get(`optimizer.state.${number}.${slot}`)!;
    const { shape, sum, squares, min, max } = moments[parameter]!;
    expect(tensorOfMoments).toMatchObject({ shape, min, max, role: 'optimizer', prunable: false });
    expect(Math.abs(tensorOfMoments.l1Norm / sum - 1)).toBeLessThan(1e-6);
    expect(Math.abs(tensorOfMoments.l2Norm ** 2 / squares - 1)).toBeLessThan(1e-6);
  });
}

/** Why no limit was estimated; undefined if nothing is said. */
function notUsed({ warnings }: ModelReport): string | undefined {
  return warnings.find(({ code }) => code === 'optimizer-state-not-used')?.message;
}

describe('optimiser state beside the weights', () => {
  it('gives the limit that float64 over the values in memory does', async () => {
    const report = await reportOf(TRAINER);
    expectReference(report, REFERENCE.limit);
    expect(notUsed(report)).toBeUndefined();
    const [estimate] = report.limits.filter(({ method }) => method === 'optimizer-curvature');
    expect(estimate?.inputFile).toBe('optimizer.pt');
    expect(estimate?.assumptions[2]).toMatch(/^The second moments are those of optimizer\.pt, .*clipped/);
  });

  it('has the moments of each parameter under its number', async () => {
    const { tensors } = await reportOf(TRAINER);
    expectMoments(tensors, 'exp_avg_sq', REFERENCE);
    expect(tensors.some(({ name }) => name.endsWith('.exp_avg'))).toBe(false);
  });

  it('may be of bitsandbytes, in bytes: as its own code decodes them', async () => {
    await copies({ 'model.safetensors': 'model.safetensors', 'optimizer.pt': 'optimizer_8bit.pt' });
    const report = await reportOf(folder);
    expectMoments(report.tensors, '__bnb_optimizer_quant_state__.state2', REFERENCE.eightBit);
    const stored = report.tensors.filter(({ storedDtype }) => storedDtype === 'uint8 (bitsandbytes, blocks of 256)');
    expect(stored).toHaveLength(7);
    expect(limits(report).map(([scope]) => scope)).toEqual(['parameters', 'weights']);
    expect(notUsed(report)).toBeUndefined();
  });

  it('counts neither as values of the model nor as its bytes', async () => {
    const alone = await reportOf(join(await copies({ 'model.safetensors': 'model.safetensors' }), 'model.safetensors'));
    const { model, file, tensors } = await reportOf(TRAINER);
    expect(model).toEqual(alone.model);
    expect(file).toEqual({ ...alone.file, path: TRAINER });
    expect(tensors.filter(({ role }) => role !== 'optimizer')).toEqual(alone.tensors);
    expect(limits(alone)).toEqual([]);
    expect(notUsed(alone)).toBeUndefined();
  });

  it('is found beside weights as PyTorch saves them, where tied ones are there twice', async () => {
    await copies({ 'pytorch_model.bin': 'pytorch_model.bin', 'optimizer.bin': 'optimizer.pt' });
    expectReference(await reportOf(folder), REFERENCE.limit);
  });

  it('is found beside shards', async () => {
    await copies({ 'model-00001-of-00001.safetensors': 'model.safetensors', 'optimizer.pt': 'optimizer.pt' });
    const names = (await reportOf(TRAINER)).tensors.filter(({ role }) => role !== 'optimizer');
    const shards = Object.fromEntries(names.map(({ name }) => [name, 'model-00001-of-00001.safetensors']));
    const index = join(folder, 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ metadata: {}, weight_map: shards }));
    expectReference(await reportOf(index), REFERENCE.limit);
  });

  it('is found beside the only model of a folder, and not used where there are others', async () => {
    await copies({ 'gpt.pt': 'pytorch_model.bin', 'optim.pt': 'optimizer.pt' });
    expectReference(await reportOf(join(folder, 'gpt.pt')), REFERENCE.limit);
    expectReference(await reportOf(folder), REFERENCE.limit);
    await copies({ 'best.pt': 'pytorch_model.bin' });
    const report = await reportOf(join(folder, 'gpt.pt'));
    expect(limits(report)).toEqual([]);
    expect(notUsed(report)).toContain('in optim.pt: it may be of one of the other models in the folder: best.pt.');
  });

  it('is not looked for where the checkpoint has its own', async () => {
    await copyFile(fixture('pytorch/digits_adam.pt'), join(folder, 'digits.pt'));
    await writeFile(join(folder, 'optimizer.pt'), 'nothing');
    const report = await reportOf(join(folder, 'digits.pt'));
    expect(limits(report)).toHaveLength(2);
    expect(notUsed(report)).toBeUndefined();
  });
});

describe('a file of the optimiser that is of no use leaves the analysis as it is, and is named', () => {
  /** The numbers of the state, as `torch.save` would write them but for what a test is about. */
  const state = (entries: readonly (readonly [number, Uint8Array])[]): Buffer =>
    Buffer.concat([raw(0x7d, 0x28), ...entries.flatMap(([key, value]) => [int(key), value]), raw(0x75)]);
  const slots = (shape: readonly number[], stride = 0): Buffer =>
    dict({ step: int(3), exp_avg_sq: tensor({ shape, strides: shape.map(() => stride) }) });
  /** Of bitsandbytes: four codes, none of whose parts belong together. */
  const codes = (parts: Readonly<Record<string, Buffer>>): Buffer => {
    const bytes = tensor({ type: 'ByteStorage', shape: [4], strides: [1] });
    const absmax2 = tensor({ shape: [1], strides: [1] });
    return dict({ step: int(3), state1: bytes, state2: bytes, absmax2, qmap2: bytes, ...parts });
  };
  const saved = (entries: readonly (readonly [number, Uint8Array])[], numbers: readonly number[]): Buffer => {
    const group = dict({ betas: tuple(float(0.9), float(0.999)), params: list(...numbers.map(int)) });
    return torchZip(proto(dict({ state: state(entries), param_groups: list(group) })));
  };

  it.each<[string, () => Buffer | string | Promise<Buffer>, RegExp]>([
    ['empty', () => '', /the file is empty\.$/],
    ['text', () => 'momentum', /the file is not a PyTorch file/],
    [
      'a pointer of Git LFS',
      () => 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
      /is a pointer of Git LFS/,
    ],
    ['cut off', async () => (await readFile(join(TRAINER, 'optimizer.pt'))).subarray(0, 30_000), /the file /],
    ['weights', () => readFile(join(TRAINER, 'pytorch_model.bin')), /it has no second moments of Adam/],
    ['of numbers in no group', () => saved([[99, slots([4])]], [0]), /it has no second moments of Adam/],
    ['without state', () => saved([], [0, 1]), /it has no second moments of Adam/],
    ['of another network', () => saved([[0, slots([4])]], [0]), /some belong to no tensor of the model/],
    ['of a part of it', () => saved([[0, slots([12])]], [0]), /there are none of /],
    [
      'longer in its words than in its bytes',
      () => saved([[0, slots([2 ** 40], 1)]], [0]),
      /its tensor "optimizer\.state\.0\.exp_avg_sq": reaches/,
    ],
    [
      'in codes of too few blocks',
      () => saved([[0, codes({ absmax2: tensor({ key: '1', shape: [3], strides: [1] }) })]], [0]),
      /its tensor .*: is quantised in a way that is not read\.$/,
    ],
    [
      'in codes without a table for all of them',
      () => saved([[0, codes({ qmap2: tensor({ shape: [4], strides: [1] }) })]], [0]),
      /its tensor .*: is quantised in a way that is not read\.$/,
    ],
    [
      'of more elements than can be counted',
      () => saved([[0, slots([2 ** 40, 2 ** 40])]], [0]),
      /its tensor .*: has a malformed shape/,
    ],
  ])('%s', async (_, content, message) => {
    await copies({ 'model.safetensors': 'model.safetensors' });
    const alone = await reportOf(folder);
    await writeFile(join(folder, 'optimizer.pt'), await content());
    const report = await reportOf(folder);
    expect(notUsed(report)).toMatch(/^No limit was estimated from the optimiser’s second moments in optimizer\.pt: /);
    expect(notUsed(report)).toMatch(message);
    expect(report.tensors).toEqual(alone.tensors);
    expect(report.limits).toEqual(alone.limits);
  });

  it('a folder, or a link out of the folder', async () => {
    await copies({ 'model.safetensors': 'model.safetensors' });
    await mkdir(join(folder, 'optimizer.pt'));
    const asFolder = await reportOf(folder);
    await rm(join(folder, 'optimizer.pt'), { recursive: true });
    await symlink(join(TRAINER, 'optimizer.pt'), join(folder, 'optimizer.pt'));
    const asLink = await reportOf(folder);
    for (const report of [asFolder, asLink]) {
      expect(report.complete).toBe(true);
      expect(limits(report)).toEqual([]);
      expect(notUsed(report)).toMatch(/it is a link that leads out of the folder of the model, or no file\.$/);
    }
  });

  it('moments that are no means of squares', async () => {
    await copies({ 'model.safetensors': 'model.safetensors', 'optimizer.pt': 'optimizer.pt' });
    const bytes = await readFile(join(folder, 'optimizer.pt'));
    // The number of steps of one parameter, 12 as float32, becomes NaN.
    bytes.writeFloatLE(NaN, bytes.indexOf(Buffer.from(Float32Array.of(12).buffer)));
    await writeFile(join(folder, 'optimizer.pt'), bytes);
    const report = await reportOf(folder);
    expect(limits(report)).toEqual([]);
    expect(notUsed(report)).toContain('in optimizer.pt: some are negative, not finite, of no steps, or not read.');
  });
});
