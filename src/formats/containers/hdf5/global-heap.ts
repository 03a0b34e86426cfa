import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';
import { decodeText } from './fields';
import type { Metadata } from './metadata';

/** Where an object of a collection is: how far from its start, and how long. */
type Places = ReadonlyMap<number, { readonly start: number; readonly length: number }>;

/** All texts of one file: the configuration of the largest networks has some MB. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Text of varying length is kept apart from the objects that have it (HDF5 file format, III.E). */
export class GlobalHeap {
  /** The collection that was used last: the strings of one attribute are mostly in the same. */
  private last: { readonly address: number; readonly fields: Fields; readonly places: Places } | undefined;

  private textBytes = 0;

  constructor(private readonly metadata: Metadata) {}

  /** @throws {FormatError} if the collection has no such object, or it is shorter */
  async text(address: number, index: number, length: number): Promise<string> {
    const { fields, places } = this.last?.address === address ? this.last : await this.open(address);
    const place = places.get(index);
    this.textBytes += length;
    if (this.textBytes > MAX_TEXT_BYTES) {
      throw fields.fault(l10n.t('has texts of more than {0} bytes', MAX_TEXT_BYTES), 0);
    }
    if (place === undefined || place.length < length) {
      throw fields.fault(l10n.t('lacks a text that one of its objects has'), 0);
    }
    return decodeText(fields.bytes.subarray(place.start, place.start + length));
  }

  private async open(address: number): Promise<NonNullable<GlobalHeap['last']>> {
    const { sizes } = this.metadata;
    const head = (await this.metadata.at(address, 8 + sizes.length)).signature('GCOL').skip(4);
    const fields = await this.metadata.at(address, head.size());
    const places = new Map<number, { start: number; length: number }>();
    const headBytes = 8 + sizes.length;
    if (fields.left >= headBytes) fields.skip(headBytes);
    while (fields.left >= headBytes) {
      const index = fields.u16();
      fields.skip(6);
      const length = fields.size();
      // Object 0 is the free space at the end.
      if (index === 0) break;
      places.set(index, { start: fields.position, length: Math.min(length, fields.left) });
      fields.skip(Math.min(fields.left, Math.ceil(length / 8) * 8));
    }
    return (this.last = { address, fields, places });
  }
}
