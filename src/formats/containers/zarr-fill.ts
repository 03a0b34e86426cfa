import { BYTES_PER_ELEMENT, type DType } from '../dtype';

/**
 * Bytes of the element that stands where there is no chunk: a number, its name (`NaN`, `Infinity`, `-Infinity`), its
 * pattern (`0x7fc00000`, version 3), a boolean, or nothing. Undefined if it cannot be told.
 */
export function fillBytes(value: unknown, dtype: DType, bigEndian: boolean): number[] | undefined {
  const width = BYTES_PER_ELEMENT[dtype];
  if (value === null || value === undefined || value === 0 || value === false || value === '') return zeros(width);
  if (Array.isArray(value)) return value.every((part) => part === 0) ? zeros(width) : undefined;
  const bytes = new Uint8Array(width);
  if (typeof value === 'string' && /^0x[\da-f]+$/i.test(value)) {
    if (value.length !== 2 + 2 * width) return undefined;
    for (let i = 0; i < width; i++) bytes[width - 1 - i] = parseInt(value.slice(2 + 2 * i, 4 + 2 * i), 16);
  } else if (!writeNumber(new DataView(bytes.buffer), typeof value === 'string' ? named(value) : value, dtype)) {
    return undefined;
  }
  return bigEndian ? [...bytes].reverse() : [...bytes];
}

function named(value: string): number | undefined {
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  return value === '-Infinity' ? -Infinity : undefined;
}

/** Little-endian. @returns false if the type has no such value here */
function writeNumber(view: DataView, value: unknown, dtype: DType): boolean {
  if (dtype === 'bool') {
    view.setUint8(0, 1);
    return value === true;
  }
  if (typeof value !== 'number') return false;
  switch (dtype) {
    case 'float64':
      view.setFloat64(0, value, true);
      return true;
    case 'float32':
      view.setFloat32(0, value, true);
      return true;
    case 'bfloat16': {
      const wide = new DataView(new ArrayBuffer(4));
      wide.setFloat32(0, value);
      view.setUint16(0, wide.getUint16(0), true);
      // Others would have to be rounded, which no writer leaves to its readers.
      return wide.getUint16(2) === 0;
    }
    default:
      if (!Number.isSafeInteger(value) || dtype.startsWith('float') || dtype.startsWith('complex')) return false;
      for (let i = 0, rest = BigInt(value); i < view.byteLength; i++, rest >>= 8n)
        view.setUint8(i, Number(rest & 255n));
      return true;
  }
}

function zeros(width: number): number[] {
  return new Array<number>(width).fill(0);
}
