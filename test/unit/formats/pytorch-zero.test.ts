import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'pytorch', 'zero');

interface Expected {
  readonly ranks: number;
  readonly stage: number;
  readonly tensors: Readonly<Record<string, [shape: number[], sha256: string]>>;
}
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function open(...segments: string[]): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, ...segments));
  await opened.close();
  return opened.checkpoint;
}

describe('a checkpoint that ZeRO has cut up', () => {
  it.each(Object.entries(EXPECTED))(
    '%s has the values that DeepSpeed itself puts together',
    async (folder, expected) => {
      const main = expected.stage < 3 ? 'mp_rank_00_model_states.pt' : 'zero_pp_rank_0_mp_rank_00_model_states.pt';
      const checkpoint = await open(folder, 'global_step2', main);
      const found: Record<string, unknown> = {};
      for (const tensor of checkpoint.tensors)
        found[tensor.name] = [tensor.shape, await engineSha256(checkpoint, tensor)];
      expect(found).toEqual(expected.tensors);
    },
  );
});
