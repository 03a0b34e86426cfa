import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';
import { MAX_STRUCTURE_BYTES, type Metadata } from './metadata';

const CHECKSUM_BYTES = 4;

/**
 * Elements of a fixed array (HDF5 file format, VII.C), undefined for those on pages that were never written.
 * @param wanted Their positions
 * @throws {FormatError}
 */
export async function fixedArrayElements(
  metadata: Metadata,
  address: number,
  wanted: readonly number[],
): Promise<(Fields | undefined)[]> {
  const { sizes } = metadata;
  const header = (await metadata.once(address, 12 + sizes.length + sizes.address)).signature('FAHD').skip(2);
  const elementBytes = header.u8();
  const pageBits = header.u8();
  const count = header.size();
  const block = header.address();
  if (elementBytes < sizes.address || pageBits > 32)
    throw header.fault(l10n.t('has a size or count that is impossible'));
  if (block === undefined) return wanted.map(() => undefined);
  const pageElements = 2 ** pageBits;
  const headBytes = 6 + sizes.address;
  (await metadata.once(block, headBytes)).signature('FADB');
  const element = (fields: Fields, index: number): Fields => {
    fields.position = index * elementBytes;
    return fields.part(elementBytes);
  };
  checkPositions(wanted, count, header);
  if (count <= pageElements) {
    checkBytes(count * elementBytes, header);
    const all = await metadata.at(block + headBytes, count * elementBytes);
    return wanted.map((index) => element(all, index));
  }
  const pageCount = Math.ceil(count / pageElements);
  const bitmapBytes = Math.ceil(pageCount / 8);
  checkBytes(bitmapBytes, header);
  const bitmap = (await metadata.at(block + headBytes, bitmapBytes)).bytes;
  const pagesStart = block + headBytes + bitmapBytes + CHECKSUM_BYTES;
  const pages = new Map<number, Fields>();
  const found: (Fields | undefined)[] = [];
  for (const index of wanted) {
    const number = Math.floor(index / pageElements);
    // Bits are counted from the highest of each byte.
    if (((bitmap[number >> 3] ?? 0) & (0x80 >> (number & 7))) === 0) {
      found.push(undefined);
      continue;
    }
    let page = pages.get(number);
    if (page === undefined) {
      const elements = Math.min(pageElements, count - number * pageElements);
      checkBytes(elements * elementBytes, header);
      const start = pagesStart + number * (pageElements * elementBytes + CHECKSUM_BYTES);
      page = await metadata.at(start, elements * elementBytes);
      pages.set(number, page);
    }
    found.push(element(page, index - number * pageElements));
  }
  return found;
}

/** @throws {FormatError} if there are fewer elements than chunks */
export function checkPositions(wanted: readonly number[], count: number, fields: Fields): void {
  for (const index of wanted) {
    if (index >= count) throw fields.fault(l10n.t('lists fewer chunks than the dataset has'));
  }
}

export function checkBytes(bytes: number, fields: Fields): void {
  if (bytes > MAX_STRUCTURE_BYTES) throw fields.fault(l10n.t('has a size or count that is impossible'));
}
