import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { crc32c } from '../../src/formats/containers/crc32c';
import { parseZarrV2, parseZarrV3, UnreadableZarrError } from '../../src/formats/containers/zarr-metadata';
import { decodeZstd } from '../../src/formats/containers/zstd';
import { orbaxReader } from '../../src/formats/orbax/orbax';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';
import { MemoryModel, refusedOrReadable } from './readable';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/orbax');

function filesOf(folder: string): Map<string, Buffer> {
  const root = path.join(FOLDER, folder);
  const names = readdirSync(root, { recursive: true, withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(root, file).split(path.sep).join('/'), readFileSync(file)];
      }),
  );
}

/** The same manifest or node with a damaged body, but a right length and checksum, so that the damage is looked at. */
function reframe(bytes: Buffer, change: (body: Buffer) => Buffer): Buffer {
  const body = change(Buffer.from(decodeZstd(bytes.subarray(14, -4), 1_000_000)));
  const framed = Buffer.concat([bytes.subarray(0, 14), body, Buffer.alloc(4)]);
  framed[13] = 0;
  framed.writeBigUInt64LE(BigInt(framed.length), 4);
  framed.writeUInt32LE(crc32c(framed.subarray(0, -4)), framed.length - 4);
  return framed;
}

/** The place of a node in a data file. */
function nodeAt(bytes: Buffer, random: () => number): { start: number; end: number } | undefined {
  const starts: number[] = [];
  for (let at = bytes.indexOf('0cdb20de', 0, 'hex'); at >= 0; at = bytes.indexOf('0cdb20de', at + 1, 'hex'))
    starts.push(at);
  const start = starts[Math.floor(random() * starts.length)];
  return start === undefined ? undefined : { start, end: start + bytes.readUInt32LE(start + 4) };
}

it.each([
  ['ocdbt', '_METADATA', 100],
  ['ocdbt_zarr3', '_METADATA', 100],
  ['levels', 'manifest.ocdbt', 150],
] as const)('only FormatError comes out of a damaged %s', async (folder, main, mutations) => {
  const sound = filesOf(folder);
  const names = [...sound.keys()].filter((name) => /_METADATA$|manifest\.ocdbt$|(^|\/)d\//.test(name));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const random = randomFrom(seed);
    const files = new Map<string, Buffer>(sound);
    const name = names[Math.floor(random() * names.length)]!;
    const bytes = sound.get(name)!;
    const damage = (body: Buffer): Buffer => mutate(body, random, body.length);
    const node = name.includes('d/') && random() < 0.8 ? nodeAt(bytes, random) : undefined;
    if (name.endsWith('manifest.ocdbt')) files.set(name, reframe(bytes, damage));
    else if (node !== undefined) {
      // A node that has become longer or shorter is not found; nearly all that are as long are.
      const changed = reframe(bytes.subarray(node.start, node.end), (body) => {
        const damaged = damage(body);
        return damaged.length > body.length ? damaged.subarray(0, body.length) : damaged;
      });
      files.set(name, Buffer.concat([bytes.subarray(0, node.start), changed, bytes.subarray(node.end)]));
      // So that its parent finds it, whatever its length: the manifest of a root that is in a file by itself.
      const manifest = sound.get('manifest.ocdbt')!;
      if (node.start === 0 && node.end === bytes.length) {
        files.set('manifest.ocdbt', relinked(manifest, bytes.length, changed.length));
      }
    } else files.set(name, damage(bytes));
    const label = `${folder} ${name} seed ${seed}`;
    if (await refusedOrReadable(new MemoryModel(main, files), (context) => orbaxReader.open(context), label)) refused++;
  }
  expect(refused).toBeGreaterThan(0.1 * mutations * FUZZ_FACTOR);
});

/** A manifest with another length of its root. */
function relinked(manifest: Buffer, from: number, to: number): Buffer {
  const varint = (value: number): Buffer => {
    const out: number[] = [];
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      out.push(rest < 128 ? rest : (rest % 128) + 128);
      if (rest < 128) return Buffer.from(out);
    }
  };
  return reframe(manifest, (body) => {
    const at = body.indexOf(varint(from));
    if (at < 0) return body;
    return Buffer.concat([body.subarray(0, at), varint(to), body.subarray(at + varint(from).length)]);
  });
}

it('only UnreadableZarrError comes out of damaged metadata', () => {
  const v2 = readFileSync(path.join(FOLDER, 'v2.zarr/shuffled/.zarray'));
  const v3 = readFileSync(path.join(FOLDER, 'v3.zarr/sharded/zarr.json'));
  for (let seed = 0; seed < 3000 * FUZZ_FACTOR; seed++) {
    const random = randomFrom(seed);
    const parse = seed % 2 === 0 ? parseZarrV2 : parseZarrV3;
    try {
      parse(mutate(seed % 2 === 0 ? v2 : v3, random, 2000));
    } catch (error) {
      if (!(error instanceof UnreadableZarrError)) throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
});
