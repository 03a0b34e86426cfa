import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';

/**
 * A well-formed safetensors file of `gigabytes` GB that takes no room on disk (its values are a hole, read as zeros):
 * long enough to be interrupted.
 */
export async function largeFile(gigabytes: number): Promise<{ uri: vscode.Uri; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'prunability-'));
  const path = join(folder, 'large.safetensors');
  const tensorBytes = 2 ** 28;
  const tensors = gigabytes * 4;
  const entries = Array.from({ length: tensors }, (_, i) => [
    `layers.${i}.weight`,
    { dtype: 'F32', shape: [2 ** 13, 2 ** 13], data_offsets: [i * tensorBytes, (i + 1) * tensorBytes] },
  ]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  await file.writeFile(Buffer.concat([length, header]));
  await file.truncate(8 + header.length + tensors * tensorBytes);
  await file.close();
  return { uri: vscode.Uri.file(path), remove: () => rm(folder, { recursive: true }) };
}
