import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { NetworkShapes } from '../../../src/data/network-shapes';

export const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/data');

const folders: string[] = [];

// Here, when the file of tests is collected: inside of a test it would be too late to ask for it.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files, which goes away after the tests of the file; names may have folders. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'prunability-data-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

/** An IDX file of unsigned bytes. */
export function idxBytes(shape: readonly number[], values: Iterable<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([header, Buffer.from([...values])]);
}

/** An npy file, version 1, in C order. */
export function npyBytes(descr: string, shape: readonly number[], data: Uint8Array): Buffer {
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${size}), }`.padEnd(117) + '\n';
  const start = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1');
  start.writeUInt16LE(text.length, 8);
  return Buffer.concat([start, Buffer.from(text), data]);
}

/** A zip file with stored entries, as `numpy.savez` writes it. */
export function zipBytes(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(entries)) {
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(20, 6);
    record.writeUInt32LE(content.length, 20);
    record.writeUInt32LE(content.length, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt32LE(at, 42);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    record.copy(local, 4, 6, 32);
    parts.push(local, Buffer.from(name), Buffer.from(content));
    directory.push(record, Buffer.from(name));
    at += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  const list = Buffer.concat(directory);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

/** Bytes of a Float32Array or another one. */
export function bytesOf(values: Float32Array | Int32Array | BigInt64Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A network that tells classes of images or vectors apart. */
export function network(inputShape: readonly number[], outputs: number, channels?: 'last' | 'first'): NetworkShapes {
  const input = { name: 'x', shape: inputShape, channels: channels ?? 'none', whole: false } as const;
  return { inputs: [input], outputShape: [outputs], link: outputs === 1 ? 'none' : 'softmax' };
}
