import { codeValues } from '../code-values';

let table: Float32Array | undefined;

/** float32 value of every float16 pattern. Shared: do not write to it. */
export function halfValues(): Float32Array {
  table ??= Float32Array.from(codeValues('float16') ?? []);
  return table;
}

/** The 16-bit little-endian number at `at`. */
export function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

/** The 32-bit little-endian number at `at`, as a signed one. */
export function i32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
