/**
 * Typed arrays of a message, moved into one buffer. VS Code counts the buffers of a message to a webview in one byte and
 * loses all of them where there are more than 255 (a model of a hundred layers has that many), so a message may have one.
 */

type PackableArray = Float32Array | Float64Array;

/** Stands for an array: its type, and where in the buffer it is. */
interface ArrayReference {
  readonly $array: 'float32' | 'float64';
  readonly offset: number;
  readonly length: number;
}

/** A message whose arrays are in `buffer`. */
export interface PackedMessage {
  readonly packed: unknown;
  readonly buffer: ArrayBuffer;
}

/** Arrays begin at multiples of this: float64 must. */
const ALIGNMENT = 8;

/** A copy of a message of plain data in which references stand for the arrays. */
export function packArrays(message: unknown): PackedMessage {
  const arrays: { readonly array: PackableArray; readonly offset: number }[] = [];
  let size = 0;
  const pack = (value: unknown): unknown => {
    if (value instanceof Float32Array || value instanceof Float64Array) {
      const offset = size;
      arrays.push({ array: value, offset });
      size += Math.ceil(value.byteLength / ALIGNMENT) * ALIGNMENT;
      const type = value instanceof Float32Array ? 'float32' : 'float64';
      return { $array: type, offset, length: value.length } satisfies ArrayReference;
    }
    if (Array.isArray(value)) return value.map(pack);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, pack(entry)]));
  };
  const packed = pack(message);
  const bytes = new Uint8Array(size);
  for (const { array, offset } of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
  }
  return { packed, buffer: bytes.buffer };
}

/** The message that {@link packArrays} was given; its arrays are views of the one buffer. */
export function unpackArrays({ packed, buffer }: PackedMessage): unknown {
  const unpack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpack);
    if (typeof value !== 'object' || value === null) return value;
    if ('$array' in value) {
      const { $array, offset, length } = value as ArrayReference;
      return $array === 'float32' ? new Float32Array(buffer, offset, length) : new Float64Array(buffer, offset, length);
    }
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unpack(entry)]));
  };
  return unpack(packed);
}
