import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { tfjsReader } from './tfjs';
import { BufferSource } from '../source';

/** Enough to tell a manifest by its start. */
const HEAD_BYTES = 4096;

/**
 * The TensorFlow.js manifest that lies beside a binary shard (`group1-shard1of2.bin` beside `model.json`, `face.bin`
 * beside `face.json` or `face-weights_manifest.json`): the file to open instead.
 */
export async function manifestBeside(shard: string): Promise<string | undefined> {
  const folder = path.dirname(shard);
  const stem = path.basename(shard).replace(/\.bin$/i, '');
  for (const name of [`${stem}.json`, `${stem}-weights_manifest.json`, 'model.json']) {
    const candidate = path.join(folder, name);
    const head = await readHead(candidate);
    if (head !== undefined && tfjsReader.matches(head, new BufferSource(candidate, head))) return candidate;
  }
  return undefined;
}

async function readHead(file: string): Promise<Uint8Array | undefined> {
  try {
    // Opening a named pipe would block.
    if (!(await stat(file)).isFile()) return undefined;
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    // Not there, or not readable: then it is no help to the user either.
    return undefined;
  }
}
