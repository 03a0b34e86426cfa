import * as l10n from '@vscode/l10n';
import type { DType } from '../../dtype';
import type { Fields } from './fields';

/** What the elements of a dataset or an attribute are. `size`: bytes of one. */
export type Datatype =
  | { readonly kind: 'number'; readonly size: number; readonly dtype: DType; readonly bigEndian: boolean }
  | { readonly kind: 'string'; readonly size: number; readonly padding: number }
  /** Text of any length, in a global heap. */
  | { readonly kind: 'text'; readonly size: number }
  /** Bytes that only the writer understands; NumPy's additional types are written so. */
  | { readonly kind: 'opaque'; readonly size: number; readonly tag: string }
  /** `name`: what it is, for messages. */
  | { readonly kind: 'other'; readonly size: number; readonly name: string };

/** Types nest (arrays of enumerations of integers); more than a few levels are nobody's. */
const MAX_NESTING = 8;

/** Datatype message (HDF5 file format, IV.A.2.d). @throws {FormatError} if it is cut off */
export function readDatatype(fields: Fields, nesting = 0): Datatype {
  const head = fields.u8();
  const bits = fields.u8();
  const sign = fields.u8();
  fields.skip(1);
  const size = fields.u32();
  if (nesting > MAX_NESTING) throw fields.fault(l10n.t('has a data type that is nested too deep'));
  const other = (name: string): Datatype => ({ kind: 'other', size, name });
  switch (head & 0xf) {
    case 0:
      return integer(fields, bits, size) ?? other(l10n.t('integers of {0} bytes', size));
    case 1:
      return float(fields, bits, sign, size) ?? other(l10n.t('floating-point numbers of an unusual layout'));
    case 2:
      return other(l10n.t('times'));
    case 3:
      return { kind: 'string', size, padding: bits & 0xf };
    case 4:
      return other(l10n.t('bit fields'));
    case 5:
      return { kind: 'opaque', size, tag: fields.text(Math.min(bits, fields.left)) };
    case 6:
      return other(l10n.t('compound values'));
    case 7:
      return other(l10n.t('references'));
    case 8:
      return enumeration(fields, bits | (sign << 8), head >> 4, nesting) ?? other(l10n.t('enumerations'));
    case 9:
      return (bits & 0xf) === 1 ? { kind: 'text', size } : other(l10n.t('lists of varying length'));
    case 10:
      return other(l10n.t('arrays'));
    case 11:
      return other(l10n.t('complex numbers'));
    default:
      throw fields.fault(l10n.t('has a data type of the unknown class {0}', head & 0xf));
  }
}

function integer(fields: Fields, bits: number, size: number): Datatype | undefined {
  const offset = fields.u16();
  const precision = fields.u16();
  const known: Readonly<Record<number, readonly [unsigned: DType, signed: DType]>> = {
    1: ['uint8', 'int8'],
    2: ['uint16', 'int16'],
    4: ['uint32', 'int32'],
    8: ['uint64', 'int64'],
  };
  const dtype = known[size]?.[(bits >> 3) & 1];
  if (dtype === undefined || offset !== 0 || precision !== 8 * size) return undefined;
  return { kind: 'number', size, dtype, bigEndian: (bits & 1) !== 0 };
}

/** Layouts of floats by size, sign, exponent (location, size, bias) and fraction (location, size). */
const FLOATS: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['8 63 52 11 1023 0 52', 'float64'],
  ['4 31 23 8 127 0 23', 'float32'],
  ['2 15 10 5 15 0 10', 'float16'],
  ['2 15 7 8 127 0 7', 'bfloat16'],
  ['1 7 3 4 7 0 3', 'float8_e4m3fn'],
  ['1 7 2 5 15 0 2', 'float8_e5m2'],
]);

function float(fields: Fields, bits: number, sign: number, size: number): Datatype | undefined {
  const bitOffset = fields.u16();
  const precision = fields.u16();
  const [exponentAt, exponentBits, fractionAt, fractionBits] = [fields.u8(), fields.u8(), fields.u8(), fields.u8()];
  const bias = fields.u32();
  const key = [size, sign, exponentAt, exponentBits, bias, fractionAt, fractionBits].join(' ');
  const dtype = FLOATS.get(key);
  // Normalisation 2: the first bit of the fraction is implied. Bit 6 with bit 0: the byte order of the VAX.
  const usual = bitOffset === 0 && precision === 8 * size && ((bits >> 4) & 3) === 2 && (bits & 0x40) === 0;
  return dtype !== undefined && usual ? { kind: 'number', size, dtype, bigEndian: (bits & 1) !== 0 } : undefined;
}

/** h5py's Booleans: FALSE and TRUE. Other enumerations are named numbers. */
function enumeration(fields: Fields, members: number, version: number, nesting: number): Datatype | undefined {
  const base = readDatatype(fields, nesting + 1);
  if (base.kind !== 'number') return undefined;
  if (members !== 2 || base.size !== 1) return base;
  const names: string[] = [];
  for (let i = 0; i < members; i++) {
    const start = fields.position;
    names.push(fields.terminated(64));
    if (version < 3) fields.align(8, start);
  }
  const values = [fields.u8(), fields.u8()];
  const isBool = names[0] === 'FALSE' && names[1] === 'TRUE' && values[0] === 0 && values[1] === 1;
  return isBool ? { ...base, dtype: 'bool' } : base;
}
