import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { Checkpoint, FormatReader, TensorEntry } from '../../../src/formats/checkpoint';
import { BYTES_PER_ELEMENT, type DType } from '../../../src/formats/dtype';
import { SiblingFiles } from '../../../src/formats/sibling';
import { FileSource } from '../../../src/formats/source';

/** An oracle for readers: follows a tensor's storage in the plainest way, with whole files in memory. */

export const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');

/** Opens a file with a given reader, whatever the registry would say. */
export async function openWith(reader: FormatReader, file: string): Promise<Checkpoint> {
  const source = await FileSource.open(file);
  const siblings = new SiblingFiles(file);
  try {
    return await reader.open({ source, openSibling: (name) => siblings.open(name) });
  } finally {
    await source.close();
    await siblings.close();
  }
}

/** Stored bytes of a tensor in C order and little-endian. */
export function storedBytes(checkpoint: Checkpoint, tensor: TensorEntry): Buffer {
  const { storage, count, shape } = tensor;
  const width = BYTES_PER_ELEMENT[storage.dtype];
  let bytes: Buffer = Buffer.concat(
    storage.extents.map(({ file, offset, length }) => {
      const whole = readFileSync(checkpoint.files[file]!.path);
      if (offset + length > whole.length) throw new Error(`${tensor.name}: extent outside its file`);
      return whole.subarray(offset, offset + length);
    }),
  );
  if (storage.deflate !== undefined) {
    const inflated = inflateRawSync(bytes);
    if (inflated.length !== storage.deflate.inflatedBytes) throw new Error(`${tensor.name}: wrong inflated size`);
    bytes = inflated.subarray(storage.deflate.skip, storage.deflate.skip + count * width);
  }
  if (storage.strides !== undefined) {
    const gathered = Buffer.alloc(count * width);
    for (let index = 0; index < count; index++) {
      let rest = index;
      let at = 0;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += (rest % shape[axis]!) * storage.strides[axis]!;
        rest = Math.floor(rest / shape[axis]!);
      }
      bytes.copy(gathered, index * width, at * width, (at + 1) * width);
    }
    bytes = gathered;
  }
  if (bytes.length !== count * width) throw new Error(`${tensor.name}: ${bytes.length} bytes, not ${count * width}`);
  if (storage.bigEndian) {
    const swapped = Buffer.from(bytes);
    if (width === 2) swapped.swap16();
    if (width === 4) swapped.swap32();
    if (width === 8) swapped.swap64();
    bytes = swapped;
  }
  return bytes;
}

/** A tensor's values as float32 in C order. */
export function storedValues(checkpoint: Checkpoint, tensor: TensorEntry): Float32Array<ArrayBuffer> {
  const bytes = storedBytes(checkpoint, tensor);
  const { dtype, quantization } = tensor.storage;
  const width = BYTES_PER_ELEMENT[dtype];
  const values = new Float32Array(tensor.count);
  for (let index = 0; index < tensor.count; index++) {
    let value = decode(bytes, index * width, dtype);
    if (quantization !== undefined) {
      value = value * quantization.scale + quantization.min;
      if (quantization.toInteger === true) value = Math.round(value);
    }
    values[index] = value;
  }
  return values;
}

/** SHA-256 of a tensor's values as little-endian float32 in C order; every NaN as 0x7fc00000. */
export function valuesSha256(checkpoint: Checkpoint, tensor: TensorEntry): string {
  const values = storedValues(checkpoint, tensor);
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    if (Number.isNaN(value)) out.writeUInt32LE(0x7fc00000, 4 * index);
    else out.writeFloatLE(value, 4 * index);
  });
  return createHash('sha256').update(out).digest('hex');
}

function decode(bytes: Buffer, at: number, dtype: DType): number {
  switch (dtype) {
    case 'float64':
      return bytes.readDoubleLE(at);
    case 'float32':
      return bytes.readFloatLE(at);
    case 'float16':
      return smallFloat(bytes.readUInt16LE(at), 5, 10, 15, 'ieee');
    case 'bfloat16':
      return smallFloat(bytes.readUInt16LE(at), 8, 7, 127, 'ieee');
    case 'float8_e4m3fn':
      return smallFloat(bytes.readUInt8(at), 4, 3, 7, 'fn');
    case 'float8_e4m3fnuz':
      return smallFloat(bytes.readUInt8(at), 4, 3, 8, 'fnuz');
    case 'float8_e5m2':
      return smallFloat(bytes.readUInt8(at), 5, 2, 15, 'ieee');
    case 'float8_e5m2fnuz':
      return smallFloat(bytes.readUInt8(at), 5, 2, 16, 'fnuz');
    case 'float8_e8m0fnu': {
      const code = bytes.readUInt8(at);
      return code === 255 ? NaN : 2 ** (code - 127);
    }
    case 'int64':
      return Math.fround(Number(bytes.readBigInt64LE(at)));
    case 'uint64':
      return Math.fround(Number(bytes.readBigUInt64LE(at)));
    case 'int32':
      return bytes.readInt32LE(at);
    case 'uint32':
      return bytes.readUInt32LE(at);
    case 'int16':
      return bytes.readInt16LE(at);
    case 'uint16':
      return bytes.readUInt16LE(at);
    case 'int8':
      return bytes.readInt8(at);
    case 'uint8':
      return bytes.readUInt8(at);
    case 'bool':
      return bytes.readUInt8(at) === 0 ? 0 : 1;
    default:
      throw new Error(`no real value for ${dtype}`);
  }
}

/** 'ieee': all-ones exponent is Inf and NaN; 'fn': only the all-ones code is NaN; 'fnuz': only negative zero is NaN. */
function smallFloat(
  code: number,
  exponentBits: number,
  fractionBits: number,
  bias: number,
  kind: 'ieee' | 'fn' | 'fnuz',
): number {
  const fractionSize = 2 ** fractionBits;
  const magnitude = code % 2 ** (exponentBits + fractionBits);
  const negative = code !== magnitude;
  const exponent = Math.floor(magnitude / fractionSize);
  const fraction = magnitude % fractionSize;
  const sign = negative ? -1 : 1;
  if (kind === 'fnuz' && negative && magnitude === 0) return NaN;
  if (kind === 'fn' && magnitude === 2 ** (exponentBits + fractionBits) - 1) return NaN;
  if (kind === 'ieee' && exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / fractionSize) * 2 ** (exponent - bias);
}
