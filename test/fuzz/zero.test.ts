import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { ZipArchive } from '../../src/formats/containers/zip';
import { BufferSource } from '../../src/formats/source';
import { zip, type ZipPart } from '../unit/formats/pytorch-bytes';
import { openIn } from '../unit/formats/zero-folder';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/pytorch/zero');

/** The files of a checkpoint, by name. */
function read(folder: string): Map<string, Buffer> {
  const root = path.join(FOLDER, folder, 'global_step2');
  return new Map(readdirSync(root).map((name) => [name, readFileSync(path.join(root, name))]));
}

async function unpack(bytes: Uint8Array): Promise<ZipPart[]> {
  const archive = await ZipArchive.open(new BufferSource('/fuzz.pt', bytes));
  return await Promise.all(
    archive.entries.map(async (entry) => ({ name: entry.name, data: await archive.read(entry, 1e6) })),
  );
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}

describe('only FormatError comes out of', () => {
  it.each(['stage1', 'stage2', 'stage3', 'frozen3', 'groups3'])(
    'a checkpoint of ZeRO with damaged files: %s',
    async (folder) => {
      const whole = read(folder);
      const names = [...whole.keys()];
      const parts = new Map<string, ZipPart[]>();
      for (const [name, bytes] of whole) parts.set(name, await unpack(bytes));
      let refused = 0;
      const mutations = 150 * FUZZ_FACTOR;
      for (let seed = 0; seed < mutations; seed++) {
        const random = randomFrom(seed);
        const files = new Map<string, Uint8Array>(whole);
        const victim = pick(names, random);
        const kind = random();
        if (kind < 0.7) {
          // In its pickle, the archive around which is sound.
          const damaged = (parts.get(victim) ?? []).map((part) =>
            part.name.endsWith('/data.pkl') ? { ...part, data: mutate(part.data, random, part.data.length) } : part,
          );
          files.set(victim, zip(...damaged));
        } else if (kind < 0.85) files.set(victim, mutate(whole.get(victim)!, random, 4096));
        // Another file of the same checkpoint, or none.
        else if (kind < 0.92) files.set(victim, whole.get(pick(names, random))!);
        else files.delete(victim);
        const opened = pick([...files.keys()], random);
        const open = (): Promise<Checkpoint> => openIn(files, opened);
        if (await refusedOrSound(open, `${folder} seed ${seed}, ${opened}`)) refused++;
      }
      expect(refused).toBeGreaterThan(0.3 * mutations);
      expect(refused).toBeLessThan(mutations);
    },
  );
});
