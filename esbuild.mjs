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
