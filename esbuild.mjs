// Builds everything that ships into dist/: `node esbuild.mjs [--development]`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { compileKernel } from './src/sketch/assembly/compile.mjs';
import { compileCharts } from './webview-ui/compile-charts.mjs';

const root = import.meta.dirname;
const development = process.argv.includes('--development');

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  minify: !development,
  sourcemap: development,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

/** @type {import('esbuild').BuildOptions} */
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20' };

await mkdir(join(root, 'dist'), { recursive: true });
await mkdir(join(root, 'out'), { recursive: true });
const charts = join(root, 'out', 'charts.json');
const [kernel] = await Promise.all([compileKernel(), compileCharts(charts)]);

/** Serves what is generated under names of its own, so that no source names a build folder. */
const generated = {
  name: 'generated',
  /** @param {import('esbuild').PluginBuild} pluginBuild */
  setup(pluginBuild) {
    pluginBuild.onResolve({ filter: /^generated:charts$/ }, () => ({ path: charts }));
    pluginBuild.onResolve({ filter: /^generated:kernel$/ }, ({ path }) => ({ path, namespace: 'generated' }));
    pluginBuild.onLoad({ filter: /^generated:kernel$/, namespace: 'generated' }, () => ({
      contents: kernel,
      loader: 'binary',
    }));
  },
};

const results = await Promise.all([
  build({ ...node, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', external: ['vscode'] }),
  build({ ...node, entryPoints: ['src/engine/main.ts'], outfile: 'dist/engine.js' }),
  build({
    ...node,
    entryPoints: ['src/engine/worker.ts'],
    outfile: 'dist/worker.js',
    plugins: [generated],
  }),
  build({
    ...node,
    entryPoints: ['src/cli.ts'],
    outfile: 'dist/cli.js',
    banner: { js: '#!/usr/bin/env node' },
  }),
  build({
    ...common,
    entryPoints: ['webview-ui/main.ts'],
    outfile: 'dist/webview.js',
    platform: 'browser',
    format: 'iife',
    target: 'chrome132',
    plugins: [generated],
  }),
]);
await writeFile(
  join(root, 'out', 'bundles.json'),
  JSON.stringify(Object.assign({}, ...results.map(({ metafile }) => metafile.outputs)), null, 1),
);
