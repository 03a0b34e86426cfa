import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';
import { checkBytes } from './fixed-array';
import type { Metadata } from './metadata';

const CHECKSUM_BYTES = 4;

interface ArrayShape {
  readonly header: Fields;
  readonly elementBytes: number;
  readonly bits: number;
  /** Elements in the index block itself, and those of the smallest data block. */
  readonly indexElements: number;
  readonly blockElements: number;
  /** Least number of data blocks that a secondary block refers to. */
  readonly secondaryBlocks: number;
  readonly pageElements: number;
}

/**
 * Elements of an extensible array (HDF5 file format, VII.D), undefined for those whose block was never written. The first
 * few are in the index block; then come data blocks that double in size, of which the index block lists the first and
 * secondary blocks the rest.
 * @param wanted Their positions
 * @throws {FormatError}
 */
export async function extensibleArrayElements(
  metadata: Metadata,
  address: number,
  wanted: readonly number[],
): Promise<(Fields | undefined)[]> {
  const { sizes } = metadata;
  const header = (await metadata.once(address, 12 + 6 * sizes.length + sizes.address)).signature('EAHD').skip(2);
  const shape: ArrayShape = {
    header,
    elementBytes: header.u8(),
    bits: header.u8(),
    indexElements: header.u8(),
    blockElements: header.u8(),
    secondaryBlocks: header.u8(),
    pageElements: 2 ** header.u8(),
  };
  const block = header.skip(6 * sizes.length).address();
  const sound =
    shape.elementBytes >= sizes.address && shape.bits <= 64 && shape.blockElements > 0 && shape.secondaryBlocks > 0;
  if (!sound) throw header.fault(l10n.t('has a size or count that is impossible'));
  if (block === undefined) return wanted.map(() => undefined);
  const array = new ExtensibleArray(metadata, shape, block);
  const found: (Fields | undefined)[] = [];
  for (const index of wanted) found.push(await array.element(index));
  return found;
}

/** A run of data blocks of the same size. */
interface BlockRun {
  /** Position of its first element after those in the index block. */
  readonly start: number;
  readonly blocks: number;
  readonly elements: number;
  /** Number of data blocks before it. */
  readonly before: number;
}

class ExtensibleArray {
  private readonly runs: readonly BlockRun[];
  /** Runs of which the index block lists the data blocks. */
  private readonly directRuns: number;
  private readonly directBlocks: number;
  private index: Fields | undefined;
  private readonly secondary = new Map<number, { readonly bitmap: Uint8Array; readonly addresses: Fields }>();
  /** By address: what data blocks and their pages hold. */
  private readonly read = new Map<number, Fields>();

  constructor(
    private readonly metadata: Metadata,
    private readonly shape: ArrayShape,
    private readonly block: number,
  ) {
    const { bits, blockElements, secondaryBlocks } = shape;
    const runs: BlockRun[] = [];
    let start = 0;
    let before = 0;
    for (let run = 0; run < 1 + bits - Math.floor(Math.log2(blockElements)); run++) {
      const blocks = 2 ** Math.floor(run / 2);
      const elements = 2 ** Math.floor((run + 1) / 2) * blockElements;
      runs.push({ start, blocks, elements, before });
      start += blocks * elements;
      before += blocks;
    }
    this.runs = runs;
    this.directRuns = 2 * Math.floor(Math.log2(secondaryBlocks));
    this.directBlocks = 2 * (secondaryBlocks - 1);
  }

  async element(position: number): Promise<Fields | undefined> {
    const { indexElements, elementBytes } = this.shape;
    const index = await this.indexBlock();
    if (position < indexElements) return elementOf(index, position, elementBytes);
    const rest = position - indexElements;
    const number = this.runs.findIndex(({ start, blocks, elements }) => rest < start + blocks * elements);
    const run = this.runs[number];
    if (run === undefined) throw this.shape.header.fault(l10n.t('lists fewer chunks than the dataset has'));
    const block = Math.floor((rest - run.start) / run.elements);
    const within = rest - run.start - block * run.elements;
    if (number < this.directRuns) {
      index.position = indexElements * elementBytes + (run.before + block) * this.metadata.sizes.address;
      const address = index.address();
      return address === undefined ? undefined : await this.inBlock(address, run, within, undefined, block);
    }
    index.position =
      indexElements * elementBytes + (this.directBlocks + number - this.directRuns) * this.metadata.sizes.address;
    const secondaryAddress = index.address();
    if (secondaryAddress === undefined) return undefined;
    const { bitmap, addresses } = await this.secondaryBlock(secondaryAddress, run);
    addresses.position = block * this.metadata.sizes.address;
    const address = addresses.address();
    return address === undefined ? undefined : await this.inBlock(address, run, within, bitmap, block);
  }

  private async indexBlock(): Promise<Fields> {
    if (this.index !== undefined) return this.index;
    const { sizes } = this.metadata;
    const { indexElements, elementBytes } = this.shape;
    const secondaries = Math.max(0, this.runs.length - this.directRuns);
    const bytes = indexElements * elementBytes + (this.directBlocks + secondaries) * sizes.address;
    const headBytes = 6 + sizes.address;
    const fields = (await this.metadata.once(this.block, headBytes + bytes)).signature('EAIB');
    return (this.index = fields.skip(headBytes - 4).part(bytes));
  }

  private async secondaryBlock(
    address: number,
    run: BlockRun,
  ): Promise<{ readonly bitmap: Uint8Array; readonly addresses: Fields }> {
    const known = this.secondary.get(address);
    if (known !== undefined) return known;
    const { sizes } = this.metadata;
    const headBytes = 6 + sizes.address + Math.ceil(this.shape.bits / 8);
    const bitmapBytes = this.isPaged(run) ? run.blocks * this.bitmapBytes(run) : 0;
    checkBytes(bitmapBytes + run.blocks * sizes.address, this.shape.header);
    const fields = await this.metadata.once(address, headBytes + bitmapBytes + run.blocks * sizes.address);
    fields.signature('EASB').skip(headBytes - 4);
    const block = { bitmap: fields.take(bitmapBytes), addresses: fields.part(run.blocks * sizes.address) };
    this.secondary.set(address, block);
    return block;
  }

  /** @param bitmap Which pages of the blocks have been written. */
  private async inBlock(
    address: number,
    run: BlockRun,
    within: number,
    bitmap: Uint8Array | undefined,
    block: number,
  ): Promise<Fields | undefined> {
    const { sizes } = this.metadata;
    const { elementBytes, pageElements, bits } = this.shape;
    const headBytes = 6 + sizes.address + Math.ceil(bits / 8);
    if (!this.isPaged(run)) {
      return elementOf(await this.elements(address, headBytes, run.elements, true), within, elementBytes);
    }
    const page = Math.floor(within / pageElements);
    const bits8 = bitmap?.[block * this.bitmapBytes(run) + (page >> 3)] ?? 0xff;
    if ((bits8 & (0x80 >> (page & 7))) === 0) return undefined;
    const start = address + headBytes + CHECKSUM_BYTES + page * (pageElements * elementBytes + CHECKSUM_BYTES);
    return elementOf(await this.elements(start, 0, pageElements, false), within % pageElements, elementBytes);
  }

  private async elements(address: number, skip: number, count: number, signed: boolean): Promise<Fields> {
    const known = this.read.get(address);
    if (known !== undefined) return known;
    const bytes = count * this.shape.elementBytes;
    checkBytes(bytes, this.shape.header);
    const fields = await this.metadata.once(address, skip + bytes);
    if (signed) fields.signature('EADB').skip(skip - 4);
    const part = fields.part(bytes);
    this.read.set(address, part);
    return part;
  }

  private isPaged(run: BlockRun): boolean {
    return run.elements > this.shape.pageElements;
  }

  private bitmapBytes(run: BlockRun): number {
    return Math.ceil(run.elements / this.shape.pageElements / 8);
  }
}

function elementOf(fields: Fields, index: number, bytes: number): Fields {
  fields.position = index * bytes;
  return fields.part(bytes);
}
