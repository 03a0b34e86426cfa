// Nanoseconds per weight of decoding the block types of GGUF, data in memory, one thread: `node bench/blocks.mjs [type …]`.
import { build } from 'esbuild';

const ROUNDS = 25;
const VALUES = 1 << 20;

const { outputFiles } = await build({
  stdin: {
    contents: "export * from './src/values/blocks';",
    resolveDir: new URL('..', import.meta.url).pathname,
    loader: 'ts',
  },
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const [{ text = '' } = {}] = outputFiles;
const { blockScheme, blockSource } = await import(
  `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
);

const TYPES = [
  ...['Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'Q8_K', 'TQ1_0', 'TQ2_0'],
  ...['MXFP4', 'NVFP4', 'IQ1_S', 'IQ1_M', 'IQ2_XXS', 'IQ2_XS', 'IQ2_S', 'IQ3_XXS', 'IQ3_S', 'IQ4_NL', 'IQ4_XS'],
  ...['Q1_0', 'Q2_0', 'Q4_K/big'],
];
const wanted = process.argv.slice(2);

for (const name of wanted.length > 0 ? wanted : TYPES) {
  const { blockBytes, blockValues } = blockScheme(name);
  const data = new Uint8Array((VALUES / blockValues) * blockBytes);
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    data[i] = seed >>> 24;
  }
  const reader = {
    read(_extents, offset, target) {
      target.set(data.subarray(offset, offset + target.length));
    },
  };
  const source = blockSource({ kind: 'blocks', scheme: name }, [], reader);
  const target = new Uint8Array(4 * VALUES);
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    source.read(0, target);
    least = Math.min(least, Number(process.hrtime.bigint() - start) / VALUES);
  }
  console.log(`${name.padEnd(10)} ${least.toFixed(2)} ns/weight`);
}
