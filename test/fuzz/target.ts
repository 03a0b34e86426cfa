import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import type { RandomAccessSource } from '../../src/formats/source';
import { complaint, decodeSome } from './sound';

/** What opening a file of a few kilobytes may read at most: readers that read again and again hang on large ones. */
const MAX_BYTES_READ = 200_000_000;

export { mutate, randomFrom } from './mutate';

/**
 * For the coverage-guided fuzzer (`npm run fuzz`): anything but a {@link FormatError}, an unsound checkpoint or endless reading
 * is a finding. The format is found by content, then by the name.
 */
export async function fuzz(data: Buffer, name: string): Promise<void> {
  let read = 0;
  const source: RandomAccessSource = {
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
      if (read > MAX_BYTES_READ) throw new Error(`Has read ${read} bytes of a file of ${data.length}`);
      return Promise.resolve(new Uint8Array(data.subarray(offset, offset + length)));
    },
    close: () => Promise.resolve(),
  };
  const openSibling = (): Promise<never> =>
    Promise.reject(new FormatError({ file: name, reason: 'has no siblings here', remedy: 'none' }));
  try {
    const checkpoint = await readCheckpoint({ source, openSibling });
    const found = complaint(checkpoint);
    if (found !== undefined) throw new Error(found);
    decodeSome(checkpoint, data);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
}
