import { basename, join, resolve } from 'node:path';
import type { MeasurementEvent } from '../protocol/measurement';
import { DisconnectedError } from '../protocol/rpc';
import type { Measurement } from '../report/measurement';
import { measurementToJson } from '../report/measurement-json';
import { measurementToMarkdown } from '../report/measurement-markdown';
import type { MeasureArguments } from './arguments';
import { cacheFolder } from './cache-folder';
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

const WRITERS: Readonly<Record<MeasureArguments['format'], (measurement: Measurement) => string>> = {
  text: measurementToText,
  json: measurementToJson,
  markdown: measurementToMarkdown,
};

/**
 * Measures a network on data; resolves to what there is to write.
 * @throws {FormatError} if the model or the data cannot be read, or do not fit
 * @throws CancelledError
 */
export async function measureFile(
  { model, data, backend, nativePackages, resume, format }: MeasureArguments,
  signal: AbortSignal,
): Promise<string> {
  const line = new StageLine(process.stderr, basename(model));
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(path));
  const given = { ...data, data: absolute(data.data), test: absolute(data.test), labels: absolute(data.labels) };
  const keep = { folder: join(cacheFolder(), 'measurements'), earlier: resume ? 'continue' : 'forget' } as const;
  const told = new Set<MeasurementEvent['type']>();
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
          keep,
        },
        {
          signal,
          onProgress: (event) => {
            if (event.type === 'stage') line.update(event.stage);
            told.add(event.type);
          },
        },
      ),
    );
    return WRITERS[format](measurement);
  } catch (error) {
    line.clear();
    if (error instanceof DisconnectedError) {
      process.stderr.write(
        'If the memory was not enough: set a smaller "batch" in .prunability.json beside the model.\n',
      );
    }
    if (told.has('measurement'))
      process.stderr.write('What was measured is kept: the same command with --resume goes on from there.\n');
    throw error;
  } finally {
    line.clear();
  }
}
