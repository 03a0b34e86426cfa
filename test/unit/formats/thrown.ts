import { expect } from 'vitest';
import type { Checkpoint, FormatReader } from '../../../src/formats/checkpoint';
import { FormatError, type FormatErrorDetail } from '../../../src/formats/errors';
import { BufferSource } from '../../../src/formats/source';

/** What `work` rejects with, which must be a {@link FormatError} that names the file and a remedy. */
export async function formatError(work: Promise<unknown>): Promise<FormatErrorDetail> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(FormatError);
  const { detail } = thrown as FormatError;
  expect(detail.file).not.toBe('');
  expect(detail.reason).not.toBe('');
  expect(detail.remedy).not.toBe('');
  return detail;
}

/** Reads a file that is only in memory, with siblings that are too. */
export async function readBytes(
  reader: FormatReader,
  bytes: Uint8Array,
  path: string,
  siblings: Readonly<Record<string, Uint8Array>> = {},
): Promise<Checkpoint> {
  return await reader.open({
    source: new BufferSource(path, bytes),
    openSibling: (name) => {
      const sibling = Object.hasOwn(siblings, name) ? siblings[name] : undefined;
      if (sibling !== undefined) return Promise.resolve(new BufferSource(name, sibling));
      return Promise.reject(new FormatError({ file: path, reason: `names ${name}`, remedy: 'None.' }));
    },
  });
}

/** Longer, and the reader hangs as far as a person is concerned. How fast it is, busy machines cannot tell: the benchmarks do. */
export const HANG_MS = 10_000;
