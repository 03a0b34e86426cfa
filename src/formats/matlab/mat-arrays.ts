import * as l10n from '@vscode/l10n';
import type { DType } from '../dtype';
import { FormatError } from '../errors';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';
import type { MatInput } from './mat-input';

/** Structures in structures: those of MatConvNet nest 5 deep. */
const MAX_DEPTH = 32;

/** Arrays of all kinds in a file: structures of a network have some ten small fields for each array of weights. */
const MAX_ARRAYS = 4 * MAX_TENSORS;

/** Names of the fields of a structure: MATLAB's own limit is 63 characters, networks have under 100 fields. */
const MAX_FIELD_BYTES = 1_000_000;

/** Types of data elements ("MAT-File Data Types"). */
export const MATRIX = 14;
export const COMPRESSED = 15;

const INT8 = 1;
const INT32 = 5;
const UINT32 = 6;

/** Types whose elements are numbers. */
const NUMBERS: ReadonlyMap<number, DType> = new Map<number, DType>([
  [INT8, 'int8'],
  [2, 'uint8'],
  [3, 'int16'],
  [4, 'uint16'],
  [INT32, 'int32'],
  [UINT32, 'uint32'],
  [7, 'float32'],
  [9, 'float64'],
  [12, 'int64'],
  [13, 'uint64'],
]);

/** Classes of arrays ("MATLAB Array Types (Classes)"). */
const CELL = 1;
const STRUCT = 2;
const OBJECT = 3;
const CHARACTERS = 4;
const SPARSE = 5;
const CLASSES: readonly DType[] = [
  'float64',
  'float32',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
];
const FIRST_NUMERIC_CLASS = 6;

/** A numeric array: where its numbers are. */
export interface MatArray {
  readonly name: string;
  /** Type of the array, and the type that its numbers are stored as, which MATLAB chooses as small as it can. */
  readonly dtype: DType;
  readonly storedDtype: DType;
  readonly shape: readonly number[];
  readonly count: number;
  /** Place of the numbers in the input; the first dimension varies fastest. */
  readonly position: number;
  readonly length: number;
}

/** What was found, and what was left out. */
export interface MatContents {
  readonly arrays: MatArray[];
  /** Names by reason. */
  readonly skipped: Map<'text' | 'sparse' | 'complex' | 'other', string[]>;
  count: number;
}

interface Tag {
  readonly type: number;
  readonly length: number;
  /** Bytes after the data, up to the next element. */
  readonly padding: number;
}

/** Reads the arrays of one variable (MAT-File Format, chapter "MAT-File Level 5"). */
export class MatReader {
  constructor(
    private readonly input: MatInput,
    private readonly littleEndian: boolean,
    private readonly file: string,
    private readonly contents: MatContents,
  ) {}

  /** The type and length of the next element. */
  async tag(): Promise<Tag> {
    const view = viewOf(await this.input.take(8));
    const first = view.getUint32(0, this.littleEndian);
    if (first >>> 16 === 0) {
      const length = view.getUint32(4, this.littleEndian);
      return { type: first, length, padding: (8 - (length % 8)) % 8 };
    }
    // Up to four bytes stand in the tag itself; they are read again.
    const length = first >>> 16;
    if (length > 4) throw this.error(l10n.t('has a small data element of {0} bytes', length));
    this.pending = new Uint8Array(view.buffer, view.byteOffset + 4, 4).slice();
    return { type: first & 0xffff, length, padding: 4 - length };
  }

  /** Data of a small element, which was read with its tag. */
  private pending: Uint8Array | undefined;

  /**
   * Reads the content of a matrix element of `length` bytes.
   * @param path how an array in a structure or cell is called; undefined for a variable, which has its own name
   */
  async matrix(length: number, path: string | undefined, depth: number): Promise<void> {
    if (length === 0) return;
    if (depth > MAX_DEPTH) throw this.error(l10n.t('nests structures deeper than {0} levels', MAX_DEPTH));
    if (++this.contents.count > MAX_ARRAYS) throw this.error(l10n.t('holds more than {0} arrays', MAX_ARRAYS));
    const end = this.input.position + length;
    const flags = viewOf(await this.data(UINT32, 8));
    if (flags.byteLength !== 8) throw this.error(l10n.t('has an array without its kind'));
    const word = flags.getUint32(0, this.littleEndian);
    const kind = word & 0xff;
    if (kind === 17) {
      // Objects of classes written in MATLAB have no dimensions; what they hold is known to MATLAB alone.
      this.skipped('other', path ?? l10n.t('an object'));
      await this.finish(end);
      return;
    }
    const shape = await this.dimensions();
    const own = Buffer.from(await this.data(INT8, MAX_NAME_LENGTH)).toString('latin1');
    const name = path ?? own;
    if (name.length > MAX_NAME_LENGTH) {
      throw this.error(l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH));
    }
    const count = elementCount(shape);
    if (count === undefined)
      throw this.error(l10n.t('has the impossible shape ({0})', shape.slice(0, 70).join(', ')), name);
    if (kind === CELL) {
      this.checkItems(count, end, name);
      for (let i = 1; i <= count; i++) await this.item(end, `${name}{${i}}`, depth);
    } else if (kind === STRUCT || kind === OBJECT) await this.structure(kind, count, end, name, depth);
    else if (name !== '') await this.numbers(kind, word, shape, count, name);
    await this.finish(end);
  }

  private async structure(kind: number, count: number, end: number, name: string, depth: number): Promise<void> {
    if (kind === OBJECT) await this.data(INT8, MAX_NAME_LENGTH);
    const lengths = viewOf(await this.data(INT32, 4));
    const nameLength = lengths.byteLength === 4 ? lengths.getInt32(0, this.littleEndian) : 0;
    const names = Buffer.from(await this.data(INT8, MAX_FIELD_BYTES));
    if (names.length > 0 && (nameLength < 1 || names.length % nameLength !== 0)) {
      throw this.error(l10n.t('has a structure whose field names are not understood'), name);
    }
    const fields: string[] = [];
    for (let at = 0; at < names.length; at += nameLength) {
      const field = names.toString('latin1', at, at + nameLength);
      fields.push(field.includes('\0') ? field.slice(0, field.indexOf('\0')) : field);
    }
    // Without fields the number of elements is bounded by nothing in the file.
    if (fields.length === 0) return;
    this.checkItems(count * fields.length, end, name);
    for (let i = 1; i <= count; i++) {
      const element = count === 1 ? name : `${name}(${i})`;
      for (const field of fields) await this.item(end, `${element}.${field}`, depth);
    }
  }

  /** An array in a cell or a field. */
  private async item(end: number, path: string, depth: number): Promise<void> {
    const { type, length } = await this.tag();
    if (type !== MATRIX || this.input.position + length > end) {
      throw this.error(l10n.t('has an element that reaches beyond what it is in'), path);
    }
    await this.matrix(length, path, depth + 1);
  }

  private async numbers(
    kind: number,
    flags: number,
    shape: readonly number[],
    count: number,
    name: string,
  ): Promise<void> {
    const type = CLASSES[kind - FIRST_NUMERIC_CLASS];
    const complex = (flags & 0x0800) !== 0;
    if (type === undefined || complex) {
      this.skipped(complex ? 'complex' : kind === CHARACTERS ? 'text' : kind === SPARSE ? 'sparse' : 'other', name);
      return;
    }
    const tag = await this.tag();
    const storedDtype = NUMBERS.get(tag.type);
    const small = this.pending !== undefined;
    this.pending = undefined;
    const width = storedDtype === undefined ? 0 : widthOf(storedDtype);
    if (storedDtype === undefined || tag.length !== count * width) {
      throw this.error(l10n.t('has {0} bytes, which its shape does not fit', tag.length), name);
    }
    if (this.contents.arrays.length >= MAX_TENSORS) throw this.error(l10n.t('holds more than {0} arrays', MAX_TENSORS));
    const logical = (flags & 0x0200) !== 0 && type === 'uint8';
    this.contents.arrays.push({
      name,
      dtype: logical ? 'bool' : type,
      storedDtype,
      shape,
      count,
      position: this.input.position - (small ? 4 : 0),
      length: tag.length,
    });
    if (!small) await this.input.skip(tag.length);
  }

  private async dimensions(): Promise<number[]> {
    const view = viewOf(await this.data(INT32, 4 * MAX_DIMENSIONS));
    const sizes: number[] = [];
    for (let at = 0; at + 4 <= view.byteLength; at += 4) sizes.push(view.getInt32(at, this.littleEndian));
    return sizes;
  }

  /** The bytes of an element that is small, and must be of a type. */
  private async data(type: number, maxBytes: number): Promise<Uint8Array> {
    const tag = await this.tag();
    if (tag.type !== type || tag.length > maxBytes) {
      throw this.error(l10n.t('has an element of type {0} and {1} bytes, where it has no place', tag.type, tag.length));
    }
    if (this.pending !== undefined) {
      const bytes = this.pending.subarray(0, tag.length);
      this.pending = undefined;
      return bytes;
    }
    return (await this.input.take(tag.length + tag.padding)).subarray(0, tag.length);
  }

  /** Each of them has a tag of eight bytes at least. */
  private checkItems(count: number, end: number, name: string): void {
    if (8 * count <= end - this.input.position) return;
    throw this.error(l10n.t('has {0} elements in {1} bytes', count, end - this.input.position), name);
  }

  private async finish(end: number): Promise<void> {
    this.pending = undefined;
    if (this.input.position > end) throw this.error(l10n.t('has an element that reaches beyond what it is in'));
    await this.input.skip(end - this.input.position);
  }

  private skipped(reason: 'text' | 'sparse' | 'complex' | 'other', name: string): void {
    const names = this.contents.skipped.get(reason);
    if (names === undefined) this.contents.skipped.set(reason, [name]);
    else names.push(name);
  }

  private error(reason: string, tensor?: string): FormatError {
    return new FormatError({
      file: this.file,
      tensor: tensor?.slice(0, 200),
      offset: this.input.position,
      reason,
      remedy: l10n.t('The file is damaged: copy it again, or save it again with -v7.'),
    });
  }
}

function widthOf(dtype: DType): number {
  return Number(/\d+/.exec(dtype)?.[0] ?? 8) / 8;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
