import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a packed model begins with. */
const MAGIC = Buffer.from('packed model\n');

/** A model of several files as one: a name, a zero, the length, the bytes; for the fuzzer, which damages single files. */
export function packed(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const parts = files.map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from(`${path.relative(folder, file)}\0`), length, bytes]);
  });
  return Buffer.concat([MAGIC, ...parts]);
}

/** The files of a packed model, as far as damage has left them; undefined if it is none. */
export function unpacked(data: Buffer): Map<string, Buffer> | undefined {
  if (!data.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const files = new Map<string, Buffer>();
  let at = MAGIC.length;
  for (;;) {
    const zero = data.indexOf(0, at);
    if (zero < 0 || zero + 5 > data.length) return files;
    const end = Math.min(data.length, zero + 5 + data.readUInt32LE(zero + 1));
    files.set(data.toString('latin1', at, zero), data.subarray(zero + 5, end));
    at = end;
  }
}
