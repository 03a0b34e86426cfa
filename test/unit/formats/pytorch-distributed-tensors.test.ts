import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { PickleCall, PickleGlobal, type PickleValue } from '../../../src/formats/containers/pickle-values';
import { rebuildTensor } from '../../../src/formats/pytorch/pytorch-rebuild';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'pytorch');
type Expected = Record<string, Record<string, [shape: number[], sha256: string]>>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'distributed_tensors.json'), 'utf8')) as Expected;

async function open(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

describe('tensors that are distributed over processes', () => {
  it.each(Object.entries(EXPECTED))('%s has the part of one process', async (file, expected) => {
    const checkpoint = await open(file);
    const found: Record<string, unknown> = {};
    for (const tensor of checkpoint.tensors) {
      found[tensor.name] = [tensor.shape, await engineSha256(checkpoint, tensor)];
    }
    expect(found).toEqual(expected);
  });

  it('says which are parts, and of what', async () => {
    const note = (await open('dtensor.pt')).notes.find(({ code }) => code === 'tensors-in-part')!;
    expect(note.tensors).toEqual(['rows', 'columns']);
    expect(note.message).toContain('rows ([6, 4]), columns ([5, 4])');
    expect(note.message).toContain('full_state_dict');
  });

  it('names those with several parts', async () => {
    const { notes } = await open('sharded_tensor.pt');
    expect(notes).toContainEqual(expect.objectContaining({ code: 'tensors-not-read', tensors: ['two'] }));
    expect(notes).toContainEqual(expect.objectContaining({ code: 'tensors-in-part', tensors: ['one'] }));
  });

  const dtensor = new PickleGlobal('torch.distributed.tensor', 'DTensor');
  const sharded = new PickleGlobal('torch.distributed._shard.sharded_tensor.api', 'ShardedTensor');
  const shard = (state: PickleValue): PickleCall => Object.assign(new PickleCall(null, []), { state });
  it.each<[string, PickleGlobal, PickleValue]>([
    ['no state', dtensor, null],
    ['a state without it', dtensor, [null, new Map()]],
    ['a number as its part', dtensor, new Map([['_local_tensor', 5]])],
    ['a part that is no tensor', dtensor, new Map([['_local_tensor', new PickleCall(null, [])]])],
    ['no shards', sharded, [[]]],
    ['a list as its shards', sharded, []],
    ['a number as its shard', sharded, [[5]]],
    ['a shard without a tensor', sharded, [[shard([null, new Map()])]]],
  ])('is named with %s', (_, type, state) => {
    const maker = new PickleGlobal('torch._utils', '_rebuild_wrapper_subclass');
    const call = new PickleCall(new PickleGlobal('torch._tensor', '_rebuild_from_type_v2'), [maker, type, [], state]);
    expect(rebuildTensor(call)).toMatchObject({ kind: 'unreadable' });
  });

  it('is malformed as a part of itself', () => {
    const maker = new PickleGlobal('torch._utils', '_rebuild_wrapper_subclass');
    const state: PickleValue = new Map();
    const call = new PickleCall(new PickleGlobal('torch._tensor', '_rebuild_from_type_v2'), [
      maker,
      dtensor,
      [],
      state,
    ]);
    state.set('_local_tensor', call);
    expect(rebuildTensor(call)).toMatchObject({ kind: 'malformed' });
  });
});
