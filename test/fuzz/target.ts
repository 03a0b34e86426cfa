import path from 'node:path';
import type { Checkpoint, TensorEntry } from '../../src/formats/checkpoint';
import { crc32c } from '../../src/formats/containers/crc32c';
import { readZarrArrays } from '../../src/formats/containers/zarr-arrays';
import { decodeZstd } from '../../src/formats/containers/zstd';
import { ZstdError } from '../../src/formats/containers/zstd-tables';
import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import type { RandomAccessSource } from '../../src/formats/source';
import { bloscDecompressed } from '../../src/values/blosc';
import { DecodingError } from '../../src/values/reading';
import { unpacked } from './packed';
import { complaint, decodeSome } from './sound';

/** What opening a file of a few kilobytes may read at most: readers that read again and again hang on large ones. */
const MAX_BYTES_READ = 200_000_000;

/** What damaged chunks may claim to hold. */
const MAX_CHUNK_BYTES = 1 << 20;

export { mutate, randomFrom } from './mutate';
export { packed } from './packed';

/**
 * For the coverage-guided fuzzer (`npm run fuzz`): anything but a {@link FormatError}, an unsound checkpoint or endless reading
 * is a finding. The format is found by content, then by the name; that of `.blosc` and `.zst` is compressed bytes alone.
 */
export async function fuzz(data: Buffer, name: string): Promise<void> {
  if (name.endsWith('.blosc')) {
    decompress(() => bloscDecompressed(data, MAX_CHUNK_BYTES), DecodingError);
    return;
  }
  if (name.endsWith('.zst')) {
    decompress(() => decodeZstd(data, MAX_CHUNK_BYTES), ZstdError);
    return;
  }
  const files = unpacked(data) ?? new Map([[name, data]]);
  try {
    if (name.endsWith('.zarr')) {
      check(await zarrOf(files), files);
      return;
    }
    const main = files.has(name)
      ? name
      : ([...files.keys()].find((file) => path.extname(file) === path.extname(name)) ?? name);
    if (files.size > 1) for (const [file, bytes] of files) files.set(file, withChecksums(bytes));
    const opened = counted(files);
    const checkpoint = await readCheckpoint({
      source: opened(main) ?? missing(main),
      openSibling: (sibling) => Promise.resolve(opened(sibling) ?? missing(sibling)),
    });
    check(checkpoint, files);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
}

function decompress(run: () => Uint8Array, refusal: new (message: string) => Error): void {
  try {
    const { length } = run();
    if (length > MAX_CHUNK_BYTES) throw new Error(`Gave ${length} bytes`);
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

function check(checkpoint: Checkpoint, files: ReadonlyMap<string, Buffer>): void {
  const found = complaint(checkpoint);
  if (found !== undefined) throw new Error(found);
  const contents = checkpoint.files.map(({ path }) => files.get(path.replace('/fuzz/', '')) ?? Buffer.alloc(0));
  decodeSome(checkpoint, contents);
}

/** Opens files from memory; reading outside of one is refused, and what is read in all has an end. */
function counted(files: ReadonlyMap<string, Buffer>): (name: string) => RandomAccessSource | undefined {
  let read = 0;
  return (name) => {
    const data = files.get(name);
    if (data === undefined) return undefined;
    return {
      path: `/fuzz/${name}`,
      size: data.length,
      read(offset, length) {
        if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
          throw new Error(`Asked for ${length} bytes at ${offset}`);
        }
        if (offset + length > data.length) {
          return Promise.reject(new FormatError({ file: name, offset, reason: 'ends early', remedy: 'none' }));
        }
        read += length;
        if (read > MAX_BYTES_READ) throw new Error(`Has read ${read} bytes`);
        return Promise.resolve(new Uint8Array(data.subarray(offset, offset + length)));
      },
      close: () => Promise.resolve(),
    };
  };
}

function missing(name: string): never {
  throw new FormatError({ file: name, reason: 'is not here', remedy: 'none' });
}

/** A zarr hierarchy of which the files are the keys. */
async function zarrOf(files: ReadonlyMap<string, Buffer>): Promise<Checkpoint> {
  const all = [...files.values()];
  const values = new Map([...files].map(([key, { length }], file) => [key, { file, offset: 0, length }] as const));
  const { arrays, notes } = await readZarrArrays({
    path: '/fuzz/model.zarr',
    values,
    read: (value, offset, length) =>
      Promise.resolve(
        value instanceof Uint8Array
          ? value.subarray(offset, offset + length)
          : all[value.file]!.subarray(value.offset + offset, value.offset + offset + length),
      ),
  });
  return {
    format: 'zarr',
    formatLabel: 'zarr folder',
    files: [...files].map(([name, { length }]) => ({ path: `/fuzz/${name}`, size: length })),
    tensors: [...arrays].map(([name, array]): TensorEntry => ({ name, role: 'weight', ...array })),
    notes,
  };
}

/** What begins a manifest and a node of OCDBT: magic, length of all, and at the end a checksum of all before it. */
const OCDBT = [Buffer.from('0cdb3a2a', 'hex'), Buffer.from('0cdb20de', 'hex')];

/** Damage is to be looked at, not found by its checksum. */
function withChecksums(bytes: Buffer): Buffer {
  const result = Buffer.from(bytes);
  for (const magic of OCDBT) {
    for (let at = result.indexOf(magic); at >= 0; at = result.indexOf(magic, at + 1)) {
      if (at + 18 > result.length) break;
      const end = at + Math.min(Number(result.readBigUInt64LE(at + 4)), result.length - at);
      if (end - 4 < at + 14) continue;
      result.writeUInt32LE(crc32c(result.subarray(at, end - 4)), end - 4);
    }
  }
  return result;
}
