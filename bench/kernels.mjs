// Nanoseconds per element of the sketch kernels, data in memory, one thread: `node bench/kernels.mjs`.
/* global WebAssembly */
import { compileKernel } from '../src/sketch/assembly/compile.mjs';

const INPUT_BYTES = 1 << 20;
const TABLE = { offset: INPUT_BYTES, bytes: 1 << 19 };
const BLOCK = 65_536;
const ROUNDS = 15;
const REPEATS = 30;

const { exports: kernel } = new WebAssembly.Instance(new WebAssembly.Module(await compileKernel()));
const input = new Uint8Array(kernel.memory.buffer, 0, INPUT_BYTES);
const table = new Uint8Array(kernel.memory.buffer, TABLE.offset, TABLE.bytes);

function laplace() {
  const u = Math.random() - 0.5;
  return -0.02 * Math.sign(u) * Math.log(1 - 2 * Math.abs(u));
}

const floats = Float32Array.from({ length: INPUT_BYTES / 4 }, laplace);
const bfloats = Uint16Array.from({ length: INPUT_BYTES / 2 }, () => {
  return new Uint32Array(Float32Array.of(laplace()).buffer)[0] >>> 16;
});
const bytes = Uint8Array.from({ length: INPUT_BYTES }, () => 128 + 3000 * laplace());

/** Least time of many rounds: what the machine can do when nothing else runs. */
function measure(name, data, elements, run) {
  for (const [kind, source] of [
    ['Laplace', new Uint8Array(data.buffer)],
    ['constant', new Uint8Array(INPUT_BYTES).fill(0x3d)],
  ]) {
    input.set(source);
    let least = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      table.fill(0);
      const start = process.hrtime.bigint();
      for (let i = 0; i < REPEATS; i++) run();
      least = Math.min(least, Number(process.hrtime.bigint() - start) / REPEATS / elements);
    }
    console.log(`${name.padEnd(28)} ${kind.padEnd(10)} ${least.toFixed(3)} ns/element`);
  }
}

function eachBlock(visit) {
  for (let first = 0; first < floats.length; first += BLOCK) visit(4 * first, BLOCK);
}

measure('float32 bins and moments', floats, floats.length, () => {
  eachBlock((offset, count) => {
    kernel.binFloat32(offset, count);
    kernel.powerSums(offset, count, 0);
  });
});
measure('float32 bins', floats, floats.length, () => eachBlock(kernel.binFloat32));
measure('float32 moments', floats, floats.length, () => {
  eachBlock((offset, count) => kernel.powerSums(offset, count, 0));
});
measure('16-bit codes', bfloats, bfloats.length, () => kernel.countCodes16(0, bfloats.length));
measure('8-bit codes', bytes, bytes.length, () => kernel.countCodes8(0, bytes.length));
