// The files that are measured: safetensors with Laplace-distributed weights, made once in the system's temporary folder.
import { open, mkdir, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the files are kept between runs. */
export const FOLDER = process.env['PRUNABILITY_BENCH_DIR'] ?? join(tmpdir(), 'prunability-bench');

/** Values made afresh; longer tensors repeat them. */
const FRESH_VALUES = 25_000_000;

/**
 * Makes a file of `tensors` equal tensors, unless it is there. Returns its path and where the first tensor begins.
 *
 * @param {{ name: string, dtype: 'F32' | 'BF16', tensors: number, valuesPerTensor: number }} model
 * @returns {Promise<{ path: string, dataOffset: number, bytes: number, values: number }>}
 */
export async function modelFile({ name, dtype, tensors, valuesPerTensor }) {
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, `${name}.safetensors`);
  const width = dtype === 'F32' ? 4 : 2;
  const tensorBytes = valuesPerTensor * width;
  const columns = 1000;
  /** @type {Record<string, unknown>} */
  const header = {};
  for (let i = 0; i < tensors; i++) {
    header[`layers.${i}.weight`] = {
      dtype,
      shape: [valuesPerTensor / columns, columns],
      data_offsets: [i * tensorBytes, (i + 1) * tensorBytes],
    };
  }
  const json = Buffer.from(JSON.stringify(header));
  const dataOffset = 8 + json.length;
  const bytes = dataOffset + tensors * tensorBytes;
  const facts = { path, dataOffset, bytes, values: tensors * valuesPerTensor };
  if (
    await stat(path).then(
      (entry) => entry.size === bytes,
      () => false,
    )
  )
    return facts;
  const fresh = laplace(Math.min(FRESH_VALUES, tensors * valuesPerTensor), dtype);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(`${path}.part`, 'w');
  await file.writeFile(Buffer.concat([length, json]));
  for (let left = tensors * tensorBytes; left > 0;) {
    const chunk = fresh.subarray(0, Math.min(left, fresh.length));
    await file.write(chunk);
    left -= chunk.length;
  }
  await file.sync();
  await file.close();
  await rename(`${path}.part`, path);
  return facts;
}

/** Seeded Laplace draws of scale 0.02. @param {number} count @param {'F32' | 'BF16'} dtype @returns {Buffer} */
function laplace(count, dtype) {
  const values = new Float32Array(count);
  let state = 12345;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const u = ((t ^ (t >>> 14)) >>> 0) / 4294967296 - 0.5;
    values[i] = -0.02 * Math.sign(u) * Math.log(1 - 2 * Math.abs(u) + 1e-12);
  }
  if (dtype === 'F32') return Buffer.from(values.buffer);
  const bits = new Uint32Array(values.buffer);
  const codes = new Uint16Array(count);
  for (let i = 0; i < count; i++) codes[i] = ((bits[i] ?? 0) + 0x7fff + (((bits[i] ?? 0) >>> 16) & 1)) >>> 16;
  return Buffer.from(codes.buffer);
}
