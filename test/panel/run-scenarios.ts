import type { RunReport, RunStep } from '../../src/report/comparison';
import { compareMadeUp, madeUpModel, madeUpTensor, tuned, type MadeUpModel, type MadeUpTensor } from './made-up-models';

/** A made-up training run. */
export interface RunCourse {
  readonly checkpoints: number;
  readonly layers?: number;
  /** How many steps the host has told of when the page asks; all if absent. */
  readonly told?: number;
  /** The others follow. */
  readonly streams?: boolean;
  readonly allUnreadable?: boolean;
}

const FOLDER = '/home/dev/models/fashion/checkpoints';
const SIZES: readonly (readonly number[])[] = [
  [16, 3, 5, 5],
  [32, 16, 3, 3],
  [32, 32, 3, 3],
  [64, 32, 3, 3],
  [128, 64],
  [10, 128],
];
/** Of the steps of a long enough run, this one could not be read. */
const BROKEN_STEP = 8;

/** A run from a uniform initialisation through ever smaller steps, by the extension's own code. */
export function runReport({ checkpoints, layers = SIZES.length, allUnreadable = false }: RunCourse): RunReport {
  let tensors: readonly MadeUpTensor[] = SIZES.slice(0, layers).map((shape, index) =>
    madeUpTensor(
      index < 4 ? `features.${String(index)}.weight` : `classifier.${String(index - 4)}.weight`,
      shape,
      'weight',
      { std: Math.sqrt(1 / 3 / shape.slice(1).reduce((product, size) => product * size, 1)) },
      300 + index,
    ),
  );
  let first: MadeUpModel | undefined;
  let previous: MadeUpModel | undefined;
  const steps: RunStep[] = [];
  for (let step = 1; step <= checkpoints; step++) {
    const path = `${FOLDER}/epoch${String(step)}.pt`;
    if (step > 1) tensors = tuned(tensors, 0.9 / (step + 1), 1000 * step);
    if (allUnreadable || (step === BROKEN_STEP && checkpoints > BROKEN_STEP)) {
      steps.push(unreadableStep(path, step));
      continue;
    }
    const model = madeUpModel(path, tensors);
    steps.push(readStep(path, step, model, previous, first));
    first ??= model;
    previous = model;
  }
  return { schema: 'prunability-run/1', steps, seconds: 1.9 };
}

function readStep(
  path: string,
  step: number,
  model: MadeUpModel,
  previous: MadeUpModel | undefined,
  first: MadeUpModel | undefined,
): RunStep {
  const toPrevious = previous === undefined ? undefined : compareMadeUp(previous, model).report;
  const toFirst = first === undefined ? undefined : compareMadeUp(first, model).report;
  const { after } = toFirst ?? compareMadeUp(model, model).report;
  return {
    step,
    ...after,
    file: { ...after.file, path },
    toPrevious: toPrevious?.pair ?? null,
    toFirst: toFirst?.pair ?? null,
    layers: model.analyzed.report.tensors.map(({ name, kurtosis, limit, zeroCount, count }, index) => ({
      name,
      kurtosis,
      limit,
      zeroFraction: zeroCount / count,
      cosineToPrevious: toPrevious?.tensors[index]?.pair?.cosineSimilarity ?? null,
      cosineToFirst: toFirst?.tensors[index]?.pair?.cosineSimilarity ?? null,
    })),
  };
}

function unreadableStep(path: string, step: number): RunStep {
  return {
    step,
    file: { path, format: '', formatLabel: '', bytes: 0, files: 0 },
    model: {
      initialisation: 'unknown',
      count: 0,
      prunableCount: 0,
      weightCount: 0,
      kurtosis: null,
      kurtosisWeights: null,
      kurtosisOfKurtoses: null,
      kurtosisOfDefinedKurtoses: null,
    },
    limit: null,
    zeroFraction: 0,
    toPrevious: null,
    toFirst: null,
    layers: [],
    unreadable: 'The archive was cut off: its directory is missing.',
  };
}
