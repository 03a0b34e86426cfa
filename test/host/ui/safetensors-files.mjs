/** Well-formed safetensors files, made by hand. */

import { open } from 'node:fs/promises';

/** @typedef {{ dtype: string, shape: number[], data_offsets: [number, number] }} Entry */

/**
 * @param {Record<string, Entry>} entries by name
 * @returns {Buffer} what stands before the values
 */
function header(entries) {
  const text = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

/**
 * @param {Record<string, Entry>} entries
 * @param {Uint8Array} values
 * @returns {Buffer}
 */
export function safetensors(entries, values) {
  return Buffer.concat([header(entries), values]);
}

/**
 * @param {readonly string[]} names
 * @returns {Buffer} a file with a small tensor of each name
 */
export function tensorsNamed(names) {
  const values = Float32Array.from({ length: 16 * names.length }, (_, i) => 0.1 * Math.sin(1 + 7 * i));
  /** @type {[string, Entry][]} */
  const entries = names.map((name, i) => [name, { dtype: 'F32', shape: [4, 4], data_offsets: [64 * i, 64 * (i + 1)] }]);
  return safetensors(Object.fromEntries(entries), new Uint8Array(values.buffer));
}

const TENSOR_BYTES = 2 ** 28;
/** Values at the start of each tensor that are not zero: enough for a distribution to look at. */
const WRITTEN_VALUES = 1024;

/**
 * Writes a well-formed safetensors file with a tensor of 256 MiB for each quarter of a gigabyte. All but the first values
 * of a tensor are a hole in the file, read as zeros.
 * @param {string} path
 * @param {number} gigabytes
 * @returns {Promise<void>}
 */
export async function writeLongFile(path, gigabytes) {
  const tensors = (gigabytes * 2 ** 30) / TENSOR_BYTES;
  /** @type {[string, Entry][]} */
  const entries = Array.from({ length: tensors }, (_, i) => [
    `layers.${i}.weight`,
    { dtype: 'F32', shape: [2 ** 13, 2 ** 13], data_offsets: [i * TENSOR_BYTES, (i + 1) * TENSOR_BYTES] },
  ]);
  const start = header(Object.fromEntries(entries));
  const values = Float32Array.from({ length: WRITTEN_VALUES }, (_, i) => 0.02 * Math.sin(1 + 7 * i));
  const file = await open(path, 'w');
  try {
    await file.write(start);
    for (let i = 0; i < tensors; i++) {
      await file.write(new Uint8Array(values.buffer), 0, values.byteLength, start.length + i * TENSOR_BYTES);
    }
    await file.truncate(start.length + tensors * TENSOR_BYTES);
  } finally {
    await file.close();
  }
}
