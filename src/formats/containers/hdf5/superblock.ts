import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';
import type { RandomAccessSource } from '../../source';
import { Fields, DAMAGED } from './fields';
import { Metadata } from './metadata';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Places are 0, 512 and its doubles; programs that put something of their own before it take a few KiB. */
const MAX_USER_BLOCK = 1 << 30;

/** The longest is of version 1 with 8-byte addresses: 100 bytes. */
const SUPERBLOCK_BYTES = 128;

/** Where in a file the HDF5 file is: all of it, or an entry of an archive. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Where the superblock of an HDF5 file starts in its first bytes, if it does. */
export function findSuperblock(head: Uint8Array): number | undefined {
  for (let start = 0; start + SIGNATURE.length <= head.length; start = start === 0 ? 512 : 2 * start) {
    if (SIGNATURE.every((byte, i) => head[start + i] === byte)) return start;
  }
  return undefined;
}

/**
 * Reads the superblock (HDF5 file format 3.0, II.A). Addresses are relative to where it stands, whatever its own base
 * says: a user block may have been put before the file later.
 * @returns the file's structures, and the address of the object header of its root group
 * @throws {FormatError}
 */
export async function readSuperblock(
  source: RandomAccessSource,
  range: FileRange,
  signal: AbortSignal | undefined,
): Promise<{ metadata: Metadata; root: number; version: number }> {
  const start = await locate(source, range, signal);
  const bytes = await source.read(start, Math.min(SUPERBLOCK_BYTES, range.end - start), signal);
  const unsized = new Fields(bytes, start, { address: 8, length: 8 }, source.path).skip(SIGNATURE.length);
  const version = unsized.u8();
  if (version > 3) {
    throw new FormatError({
      file: source.path,
      offset: start + 8,
      reason: l10n.t('is of version {0} of HDF5, which is not read', version),
      remedy: l10n.t("Save it again with a library version of at most 'v114' (h5py: libver)."),
    });
  }
  if (version < 2) unsized.skip(4);
  const sizes = { address: unsized.u8(), length: unsized.u8() };
  if (![2, 4, 8].includes(sizes.address) || ![2, 4, 8].includes(sizes.length)) {
    throw unsized.fault(l10n.t('has addresses of {0} bytes', sizes.address));
  }
  const fields = new Fields(bytes, start, sizes, source.path).skip(unsized.position);
  if (version < 2) {
    // Sizes of tree nodes are found in the nodes; then flags, in version 1 one more size; four addresses and a name.
    fields.skip(version === 1 ? 13 : 9).skip(4 * sizes.address + sizes.address);
  } else {
    fields.skip(1).skip(3 * sizes.address);
  }
  return { metadata: new Metadata(source, start, range.end, sizes, signal), root: fields.place(), version };
}

async function locate(source: RandomAccessSource, range: FileRange, signal: AbortSignal | undefined): Promise<number> {
  for (let block = 0; block <= MAX_USER_BLOCK; block = block === 0 ? 512 : 2 * block) {
    const start = range.start + block;
    if (start + SIGNATURE.length > range.end) break;
    const head = await source.read(start, SIGNATURE.length, signal);
    if (findSuperblock(head) === 0) return start;
  }
  throw new FormatError({
    file: source.path,
    offset: range.start,
    reason: l10n.t('does not have the signature of HDF5'),
    remedy: DAMAGED,
  });
}
