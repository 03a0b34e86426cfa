/**
 * Compiles the panel's vega-lite specifications to vega, so that the webview ships vega's runtime alone and needs no
 * `unsafe-eval`: `compileCharts('out/charts.json')`.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { compile } from 'vega-lite';

/**
 * @param {string} outFile where the JSON goes: an object of vega specifications by chart name
 * @returns {Promise<void>}
 */
export async function compileCharts(outFile) {
  // the specifications are TypeScript without dependencies: bundled, they can be imported as they are
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'charts', 'specs', 'all.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'warning',
  });
  const source = outputFiles[0]?.text ?? '';
  /** @type {{ CHART_SPECS: Record<string, import('vega-lite').TopLevelSpec> }} */
  const { CHART_SPECS } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const warnings = [];
  const note = (...args) => {
    warnings.push(args.join(' '));
    return logger;
  };
  const logger = { level: () => logger, error: note, warn: note, info: () => logger, debug: () => logger };
  const charts = Object.fromEntries(
    // each chart has a label and a table of its own: descriptions of single marks would only cost time
    Object.entries(CHART_SPECS).map(([name, spec]) => [name, compile(spec, { logger, config: { aria: false } }).spec]),
  );
  if (warnings.length > 0)
    throw new Error(`vega-lite complains about the chart specifications:\n${warnings.join('\n')}`);
  await mkdir(dirname(outFile), { recursive: true });
  await writeFile(outFile, JSON.stringify(charts));
}
