type Numbers = Float32Array | Float64Array;

/** Stands in the text for what JSON lacks. An array is written once, however often it is in the message. */
type Stand = { readonly $array: number } | { readonly $number: string } | { readonly $undefined: true };

interface Parts {
  readonly message: unknown;
  readonly arrays: readonly { readonly type: 'float32' | 'float64'; readonly base64: string }[];
}

/** A message of the host as text, for {@link messageFrom}, which gives the same message. */
export function messageText(message: unknown): string {
  const arrays = new Map<Numbers, number>();
  const standFor = (_: string, value: unknown): unknown => {
    if (value === undefined) return { $undefined: true } satisfies Stand;
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
      return { $number: Object.is(value, -0) ? '-0' : String(value) } satisfies Stand;
    }
    if (value instanceof Float32Array || value instanceof Float64Array) {
      const index = arrays.get(value) ?? arrays.size;
      arrays.set(value, index);
      return { $array: index } satisfies Stand;
    }
    return value;
  };
  const text = JSON.stringify(message, standFor);
  const written = Array.from(arrays.keys(), (array): Parts['arrays'][number] => ({
    type: array instanceof Float32Array ? 'float32' : 'float64',
    base64: base64(array),
  }));
  return `{"message":${text},"arrays":${JSON.stringify(written)}}`;
}

/** The message of a text of {@link messageText}. */
export function messageFrom(text: string): unknown {
  const parts = JSON.parse(text) as Parts;
  const arrays = parts.arrays.map(({ type, base64: characters }) =>
    type === 'float32' ? new Float32Array(bytes(characters)) : new Float64Array(bytes(characters)),
  );
  const restored = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(restored);
    if (typeof value !== 'object' || value === null) return value;
    const { $array, $number } = value as { readonly $array?: number; readonly $number?: string };
    if ($array !== undefined) return arrays[$array];
    if ($number !== undefined) return Number($number);
    if ('$undefined' in value) return undefined;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, restored(entry)]));
  };
  return restored(parts.message);
}

/** Bytes that become characters at a time: all at once are too many arguments. */
const CHUNK = 8192;

function base64({ buffer, byteOffset, byteLength }: Numbers): string {
  let characters = '';
  for (let at = 0; at < byteLength; at += CHUNK) {
    const chunk = new Uint8Array(buffer, byteOffset + at, Math.min(CHUNK, byteLength - at));
    characters += String.fromCharCode(...chunk);
  }
  return btoa(characters);
}

function bytes(text: string): ArrayBuffer {
  const characters = atob(text);
  const array = new Uint8Array(characters.length);
  for (let i = 0; i < array.length; i++) array[i] = characters.charCodeAt(i);
  return array.buffer;
}
