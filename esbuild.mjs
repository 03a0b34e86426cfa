// Builds everything that ships into dist/: `node esbuild.mjs [--development]`.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
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

/** The command line loads the MCP server only to serve: it is a bundle of its own beside it. */
const serverApart = {
  name: 'server-apart',
  /** @param {import('esbuild').PluginBuild} pluginBuild */
  setup(pluginBuild) {
    pluginBuild.onResolve({ filter: /\/mcp\/server$/ }, () => ({ path: './mcp.js', external: true }));
  },
};

/**
 * The SDK checks with Ajv what users answer to a server's questions (elicitation). Ours asks none, and gives the SDK a
 * validator of its own: without Ajv the bundle is half as large.
 */
const withoutAjv = {
  name: 'without-ajv',
  /** @param {import('esbuild').PluginBuild} pluginBuild */
  setup(pluginBuild) {
    const namespace = 'no-validator';
    pluginBuild.onResolve({ filter: /\/validation\/ajv-provider\.js$/ }, ({ path }) => ({ path, namespace }));
    pluginBuild.onLoad({ filter: /./, namespace }, () => ({ contents: 'export class AjvJsonSchemaValidator {}' }));
  },
};

/** TensorFlow.js would fetch models over the network, with libraries of 300 kB; ours come from files. */
const withoutFetch = {
  name: 'without-fetch',
  /** @param {import('esbuild').PluginBuild} pluginBuild */
  setup(pluginBuild) {
    const namespace = 'no-fetch';
    pluginBuild.onResolve({ filter: /^node-fetch$/ }, ({ path }) => ({ path, namespace }));
    pluginBuild.onLoad({ filter: /./, namespace }, () => ({ contents: 'module.exports = undefined;' }));
  },
};

/** The kernels of TensorFlow.js that need SIMD instructions, as every processor has that VS Code runs on. */
const KERNELS = 'tfjs-backend-wasm-simd.wasm';

/**
 * No chart has a colour scheme of d3 (all colours are the theme's), but vega registers them all: without them the webview is
 * smaller by 17 KB.
 */
const withoutColorSchemes = {
  name: 'without-color-schemes',
  /** @param {import('esbuild').PluginBuild} pluginBuild */
  setup(pluginBuild) {
    const namespace = 'no-color-schemes';
    const names = [
      'Accent',
      'Category10',
      'Dark2',
      'Observable10',
      'Paired',
      'Pastel1',
      'Pastel2',
      'Set1',
      'Set2',
      'Set3',
    ];
    pluginBuild.onResolve({ filter: /^d3-scale-chromatic$/ }, ({ path }) => ({ path, namespace }));
    pluginBuild.onLoad({ filter: /./, namespace }, () => ({
      contents: names.map((name) => `export const scheme${name} = [];`).join('\n'),
    }));
  },
};

/** esbuild leaves templates as they are; their indentation means nothing in HTML and CSS, and is 24 KB of the webview. */
const withoutIndentation = {
  name: 'without-indentation',
  /** @param {import('esbuild').PluginBuild} pluginBuild */
  setup(pluginBuild) {
    pluginBuild.onLoad({ filter: /[\\/]webview-ui[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/\n[ \t]+/g, '\n'),
      loader: 'ts',
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
    plugins: [serverApart],
  }),
  build({ ...node, entryPoints: ['src/mcp/server.ts'], outfile: 'dist/mcp.js', plugins: [withoutAjv] }),
  build({
    ...node,
    entryPoints: ['src/measurer/main.ts'],
    outfile: 'dist/measurer.js',
    plugins: [withoutFetch],
    // The gradients are modules of their own: with the CommonJS file of the core there would be two cores.
    mainFields: ['module', 'main'],
    // Packages of TensorFlow.js register their kernels when they are imported, and say that importing them does nothing.
    ignoreAnnotations: true,
  }),
  build({
    ...common,
    entryPoints: ['webview-ui/main.ts'],
    outfile: 'dist/webview.js',
    platform: 'browser',
    format: 'iife',
    target: 'chrome132',
    plugins: [generated, withoutColorSchemes, ...(development ? [] : [withoutIndentation])],
  }),
]);
await copyFile(
  join(root, 'src', 'data', 'prunability-json.schema.json'),
  join(root, 'dist', 'prunability-json.schema.json'),
);
await copyFile(
  join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'wasm-out', KERNELS),
  join(root, 'dist', KERNELS),
);
await writeFile(
  join(root, 'out', 'bundles.json'),
  JSON.stringify(Object.assign({}, ...results.map(({ metafile }) => metafile.outputs)), null, 1),
);
