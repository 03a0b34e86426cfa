import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { FormatError } from '../errors';
import { LiteralError, parsePythonLiteral, type PythonLiteral } from './npy-literal';
import { elementCount } from '../shape';
import { NUMPY_TYPES } from '../containers/numpy-types';

/** First bytes of every npy file. */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Version 2 exists for structured types with so many fields that 64 KiB are not enough; those are refused anyway, and
 * NumPy itself reads no header over 10,000 characters unless told to.
 */
const MAX_NPY_HEADER_BYTES = 65_536;

/** No header can need more bytes than this from the start of a file. */
export const MAX_NPY_PREFIX_BYTES = 12 + MAX_NPY_HEADER_BYTES;

/** What the header of an npy file says. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly bigEndian: boolean;
  readonly shape: readonly number[];
  readonly count: number;
  /** First index varies fastest. */
  readonly fortranOrder: boolean;
  /** Bytes before the values. */
  readonly headerBytes: number;
  /** Bytes of the values. */
  readonly dataBytes: number;
  /** The values were written as bytes without a type, and bfloat16 is a guess. */
  readonly assumedBfloat16: boolean;
}

/** An array that is sound but cannot be analyzed; within an npz file the others still can. */
export class UnreadableArrayError extends FormatError {}

/** How many bytes of a file its npy header takes, if the first 12 bytes tell so; undefined if it is no npy file. */
export function npyPrefixBytes(start: Uint8Array): number | undefined {
  if (start.length < 10 || MAGIC.some((byte, index) => start[index] !== byte)) return undefined;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (start[6] === 1) return 10 + view.getUint16(8, true);
  return start.length < 12 ? undefined : 12 + view.getUint32(8, true);
}

/**
 * Reads the header of an npy file, versions 1 to 3
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 * @param prefix The first bytes of the file: {@link npyPrefixBytes} or more, or all there are.
 * @param file Path for messages; `tensor` the name of the array in it.
 * @throws {FormatError}; {@link UnreadableArrayError} if only the element type is to blame
 */
export function readNpyHeader(prefix: Uint8Array, file: string, tensor: string, base?: number): NpyHeader {
  const fail = (reason: string, at = 0): FormatError =>
    new FormatError({
      file,
      tensor,
      reason,
      offset: base === undefined ? undefined : base + at,
      remedy: l10n.t('The array is damaged or incomplete: copy the file again, or save it again with numpy.save.'),
    });
  const headerBytes = npyPrefixBytes(prefix);
  if (headerBytes === undefined) {
    throw fail(l10n.t('is not an npy array: it does not start with the magic bytes "\\x93NUMPY"'));
  }
  const version = prefix[6] ?? 0;
  if (version < 1 || version > 3) throw fail(l10n.t('has npy version {0}; versions 1 to 3 are read', version), 6);
  if (headerBytes > MAX_NPY_PREFIX_BYTES) {
    throw fail(l10n.t('has an npy header of {0} bytes; at most {1} are read', headerBytes, MAX_NPY_PREFIX_BYTES), 8);
  }
  if (prefix.length < headerBytes) throw fail(l10n.t('ends inside its npy header'), prefix.length);
  const start = version === 1 ? 10 : 12;
  const text = Buffer.from(prefix.buffer, prefix.byteOffset + start, headerBytes - start).toString(
    version === 3 ? 'utf8' : 'latin1',
  );
  const fields = parseFields(text, start, fail);
  const { dtype, bigEndian, assumedBfloat16 } = elementType(fields.descr, file, tensor);
  const { shape, fortranOrder } = fields;
  const count = elementCount(shape);
  const dataBytes = count === undefined ? undefined : count * BYTES_PER_ELEMENT[dtype];
  if (count === undefined || dataBytes === undefined || !Number.isSafeInteger(headerBytes + dataBytes)) {
    throw fail(l10n.t('has the impossible shape ({0})', shape.slice(0, 70).join(', ')), start);
  }
  return { dtype, bigEndian, shape, count, fortranOrder, headerBytes, dataBytes, assumedBfloat16 };
}

/** Element strides of an array in Fortran order; undefined where they are those of C order. */
export function fortranStrides(shape: readonly number[], count: number): number[] | undefined {
  // With at most one dimension above 1 both orders are the same.
  if (count === 0 || shape.filter((size) => size > 1).length < 2) return undefined;
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}

interface Fields {
  readonly descr: PythonLiteral;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
}

function parseFields(text: string, start: number, fail: (reason: string, at?: number) => FormatError): Fields {
  let header: PythonLiteral;
  try {
    header = parsePythonLiteral(text);
  } catch (error) {
    if (error instanceof LiteralError) {
      throw fail(l10n.t('has a malformed npy header: {0}', error.message), start + error.at);
    }
    throw error;
  }
  if (!(header instanceof Map)) throw fail(l10n.t('has an npy header that is not a dict'), start);
  const map: ReadonlyMap<string, PythonLiteral> = header;
  const descr = map.get('descr');
  const shape = map.get('shape');
  const fortranOrder = map.get('fortran_order');
  if (descr === undefined || map.size !== 3) {
    throw fail(
      l10n.t('has an npy header that should have the keys descr, fortran_order and shape, and no others'),
      start,
    );
  }
  if (typeof fortranOrder !== 'boolean') throw fail(l10n.t('has a "fortran_order" that is not True or False'), start);
  if (!Array.isArray(shape) || !shape.every((size): size is number => typeof size === 'number')) {
    throw fail(l10n.t('has a "shape" that is not a tuple of whole numbers'), start);
  }
  return { descr, shape, fortranOrder };
}

const TYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ...NUMPY_TYPES,
  // ml_dtypes registers bfloat16 as a void of two bytes, and that is what numpy.save writes for JAX's arrays. Two
  // raw bytes are hardly ever anything else; a note says that it is a guess.
  ['V2', 'bfloat16'],
]);

function elementType(
  descr: PythonLiteral,
  file: string,
  tensor: string,
): { dtype: DType; bigEndian: boolean; assumedBfloat16: boolean } {
  if (typeof descr !== 'string') {
    throw new UnreadableArrayError({
      file,
      tensor,
      reason: l10n.t('is a structured array (several named fields an element), which is not analyzed'),
      remedy: l10n.t('Save each field as an array of its own.'),
    });
  }
  const match = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descr);
  const kind = match?.[2] ?? '';
  if (kind === 'O') {
    throw new UnreadableArrayError({
      file,
      tensor,
      reason: l10n.t('is an array of Python objects: a pickle, which could run code and is not read'),
      remedy: l10n.t('Save plain numeric arrays, e.g. with numpy.savez(file, **weights).'),
    });
  }
  const dtype = TYPES.get(`${kind}${match?.[3] ?? ''}`);
  if (match === null || dtype === undefined) {
    throw new UnreadableArrayError({
      file,
      tensor,
      reason: l10n.t('has the element type "{0}", which is not analyzed', descr.slice(0, 40)),
      remedy:
        kind === 'V'
          ? l10n.t('NumPy wrote bytes without a type (8-bit floats come out so): save float32, or use safetensors.')
          : l10n.t('Save it as float32.'),
    });
  }
  return { dtype, bigEndian: match[1] === '>' && BYTES_PER_ELEMENT[dtype] > 1, assumedBfloat16: dtype === 'bfloat16' };
}
