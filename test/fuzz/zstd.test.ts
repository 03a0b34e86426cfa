import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { decodeZstd } from '../../src/formats/containers/zstd';
import { ZstdError } from '../../src/formats/containers/zstd-tables';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';
import { MAX_MILLISECONDS } from './readable';

const FRAMES = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../fixtures/orbax/zstd.json'), 'utf8'),
) as Record<string, { data: string; size: number }>;

it.each(Object.entries(FRAMES))('only ZstdError comes out of a damaged %s', (name, { data, size }) => {
  const bytes = Buffer.from(data, 'base64');
  const rounds = Math.ceil((40_000_000 / (size + 20_000)) * 0.08) * FUZZ_FACTOR;
  for (let seed = 0; seed < rounds; seed++) {
    const start = performance.now();
    try {
      expect(decodeZstd(mutate(bytes, randomFrom(seed), bytes.length), size).length).toBeLessThanOrEqual(size);
    } catch (error) {
      if (!(error instanceof ZstdError)) throw new Error(`${name} seed ${seed}: ${String(error)}`, { cause: error });
    }
    if (performance.now() - start > MAX_MILLISECONDS) throw new Error(`${name} seed ${seed}: took too long`);
  }
});
