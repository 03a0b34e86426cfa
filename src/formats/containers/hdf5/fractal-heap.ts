import * as l10n from '@vscode/l10n';
import { bytesFor, btree2Records } from './btree2';
import type { Fields } from './fields';
import type { Metadata } from './metadata';
import { Unsupported } from './unsupported';

/** Objects that are too large for the heap's blocks, e.g. attributes of 64 KiB and more. */
const MAX_HUGE_OBJECTS = 100_000;

interface HeapShape {
  readonly address: number;
  readonly idBytes: number;
  readonly checksums: boolean;
  readonly filtered: boolean;
  readonly hugeTree: number | undefined;
  readonly width: number;
  readonly firstBlock: number;
  readonly largestDirect: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly root: number | undefined;
  readonly rootRows: number;
}

/** A fractal heap (HDF5 file format, III.G), in which newer files keep the links and attributes of an object that has many. */
export class FractalHeap {
  private readonly indirect = new Map<number, Fields>();
  private huge: Map<number, { address: number; length: number }> | undefined;

  private constructor(
    private readonly metadata: Metadata,
    private readonly shape: HeapShape,
  ) {}

  /** @throws {FormatError} */
  static async open(metadata: Metadata, address: number): Promise<FractalHeap> {
    const { sizes } = metadata;
    const fields = await metadata.once(address, 22 + 12 * sizes.length + 3 * sizes.address);
    fields.signature('FRHP').skip(1);
    const idBytes = fields.u16();
    const filterBytes = fields.u16();
    const flags = fields.u8();
    const largestManaged = fields.u32();
    fields.skip(sizes.length);
    const hugeTree = fields.address();
    fields.skip(sizes.length + sizes.address + 8 * sizes.length);
    const width = fields.u16();
    const firstBlock = fields.size();
    const largestDirect = fields.size();
    const heapBits = fields.u16();
    fields.skip(2);
    const root = fields.address();
    const rootRows = fields.u16();
    const sound =
      width > 0 && firstBlock > 0 && largestDirect >= firstBlock && heapBits > 0 && heapBits <= 64 && idBytes > 1;
    if (!sound) throw fields.fault(l10n.t('has a heap whose sizes are impossible'));
    return new FractalHeap(metadata, {
      address,
      idBytes,
      checksums: (flags & 2) !== 0,
      filtered: filterBytes > 0,
      hugeTree,
      width,
      firstBlock,
      largestDirect,
      offsetBytes: Math.ceil(heapBits / 8),
      lengthBytes: Math.min(bytesFor(largestDirect), bytesFor(largestManaged)),
      root,
      rootRows,
    });
  }

  /** The object with an ID, which is read from `id`. @throws {FormatError} */
  async object(id: Fields): Promise<Fields> {
    const { idBytes, offsetBytes, lengthBytes, filtered } = this.shape;
    const fields = id.part(idBytes);
    const kind = (fields.u8() >> 4) & 3;
    if (filtered)
      throw new Unsupported(fields, l10n.t('keeps its description in a compressed heap, which is not read'));
    switch (kind) {
      case 0: {
        const offset = fields.size(offsetBytes);
        return await this.managed(offset, fields.size(lengthBytes));
      }
      case 1:
        return await this.hugeObject(fields);
      case 2: {
        // IDs of more than 18 bytes have a length of two.
        const length = idBytes > 18 ? ((id.bytes[0] ?? 0) & 0xf) * 256 + fields.u8() + 1 : tinyLength(fields);
        return fields.part(length);
      }
      default:
        throw fields.fault(l10n.t('has a heap whose sizes are impossible'));
    }
  }

  private async managed(offset: number, length: number): Promise<Fields> {
    const { root, rootRows, firstBlock } = this.shape;
    if (root === undefined) throw this.metadata.fault(this.shape.address, l10n.t('has a heap without a block'));
    if (rootRows === 0) return await this.inBlock(root, firstBlock, offset, length);
    let node = root;
    let rows = rootRows;
    let start = 0;
    // An indirect block below another one has fewer rows.
    for (;;) {
      const place = this.childAt(offset - start, rows);
      if (place === undefined) throw this.metadata.fault(node, l10n.t('has a heap whose sizes are impossible'));
      const child = await this.child(node, rows, place.index);
      start += place.start;
      if (place.direct) return await this.inBlock(child, place.bytes, offset - start, length);
      rows = place.rows;
      node = child;
    }
  }

  /** Which child of an indirect block holds the byte at an offset. Rows 0 and 1 have blocks of the same size, then they double. */
  private childAt(
    offset: number,
    rows: number,
  ): { index: number; start: number; bytes: number; direct: boolean; rows: number } | undefined {
    const { width, firstBlock, largestDirect } = this.shape;
    let rowStart = 0;
    for (let row = 0; row < rows; row++) {
      const bytes = firstBlock * 2 ** Math.max(0, row - 1);
      if (offset < rowStart + bytes * width) {
        const column = Math.floor((offset - rowStart) / bytes);
        const direct = bytes <= largestDirect;
        const below = Math.floor(Math.log2(bytes) - Math.log2(firstBlock * width)) + 1;
        if (!direct && (below < 1 || below >= rows)) return undefined;
        return { index: row * width + column, start: rowStart + column * bytes, bytes, direct, rows: below };
      }
      rowStart += bytes * width;
    }
    return undefined;
  }

  private async child(address: number, rows: number, index: number): Promise<number> {
    const { offsetBytes, width } = this.shape;
    let fields = this.indirect.get(address);
    if (fields === undefined) {
      const { sizes } = this.metadata;
      const headBytes = 5 + sizes.address + offsetBytes;
      const block = await this.metadata.once(address, headBytes + rows * width * sizes.address);
      fields = block
        .signature('FHIB')
        .skip(headBytes - 4)
        .part(rows * width * sizes.address);
      this.indirect.set(address, fields);
    }
    fields.position = index * this.metadata.sizes.address;
    return fields.place();
  }

  /** Offsets in a block count from its signature on. */
  private async inBlock(address: number, bytes: number, offset: number, length: number): Promise<Fields> {
    const { sizes } = this.metadata;
    const headBytes = 5 + sizes.address + this.shape.offsetBytes + (this.shape.checksums ? 4 : 0);
    if (offset < headBytes || offset + length > bytes) {
      throw this.metadata.fault(address, l10n.t('has a heap whose sizes are impossible'));
    }
    (await this.metadata.at(address, 4)).signature('FHDB');
    return await this.metadata.at(address + offset, length);
  }

  private async hugeObject(id: Fields): Promise<Fields> {
    const { sizes } = this.metadata;
    // An ID that has room for address and length holds them; else it is a key of the tree of such objects.
    if (this.shape.idBytes >= 1 + sizes.address + sizes.length) {
      const address = id.place();
      return await this.metadata.at(address, id.size());
    }
    const key = id.size(Math.min(sizes.length, id.left));
    this.huge ??= await this.hugeObjects();
    const found = this.huge.get(key);
    if (found === undefined) throw id.fault(l10n.t('lacks a part of its structure'));
    return await this.metadata.at(found.address, found.length);
  }

  private async hugeObjects(): Promise<Map<number, { address: number; length: number }>> {
    const objects = new Map<number, { address: number; length: number }>();
    if (this.shape.hugeTree === undefined) return objects;
    const { records } = await btree2Records(this.metadata, this.shape.hugeTree, [1], MAX_HUGE_OBJECTS);
    for (const record of records) {
      const address = record.place();
      const length = record.size();
      objects.set(record.size(), { address, length });
    }
    return objects;
  }
}

function tinyLength(fields: Fields): number {
  return ((fields.bytes[0] ?? 0) & 0xf) + 1;
}
