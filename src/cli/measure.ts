import { basename, join, resolve } from 'node:path';
import { measurementToJson } from '../report/measurement-json';
import type { MeasureArguments } from './arguments';
import { measurementToText } from './measurement-text';
import { withMeasurer } from './measurer-process';
import { StageLine } from './stage-line';

/** What the caller names, and what is installed beside the program: both are the caller's own. */
function nativePlaces(given: string | undefined): { readonly folder: string; readonly trusted: boolean }[] {
  return [...(given === undefined ? [] : [resolve(given)]), join(__dirname, '..')].map((folder) => ({
    folder,
    trusted: true,
  }));
}

/**
 * Measures a network on data; resolves to what there is to write.
 * @throws {FormatError} if the model or the data cannot be read, or do not fit
 * @throws CancelledError
 */
export async function measureFile(
  { model, data, backend, nativePackages, format }: MeasureArguments,
  signal: AbortSignal,
): Promise<string> {
  const line = new StageLine(process.stderr, basename(model));
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(path));
  const given = { ...data, data: absolute(data.data), test: absolute(data.test), labels: absolute(data.labels) };
  try {
    const measurement = await withMeasurer(join(__dirname, 'measurer.js'), (measurer) =>
      measurer.call(
        'measure',
        {
          model: resolve(model),
          data: JSON.parse(JSON.stringify(given)) as typeof data,
          backend,
          places: nativePlaces(nativePackages),
          remember: false,
        },
        {
          signal,
          onProgress: (event) => {
            if (event.type === 'stage') line.update(event.stage);
          },
        },
      ),
    );
    return format === 'json' ? measurementToJson(measurement) : measurementToText(measurement);
  } finally {
    line.clear();
  }
}
