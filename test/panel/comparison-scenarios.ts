import type {
  ComparedLayer,
  ComparisonEvent,
  ComparisonSnapshot,
  RunEvent,
  RunSnapshot,
} from '../../src/protocol/comparison';
import type { AnalysisStatus } from '../../src/protocol/panel';
import type { ComparisonReport, RunReport } from '../../src/report/comparison';
import {
  compareMadeUp,
  madeUpModel,
  madeUpTensor,
  mapValues,
  prunedModel,
  tuned,
  type MadeUpComparison,
  type MadeUpTensor,
} from './made-up-models';
import { runReport, type RunCourse } from './run-scenarios';

/** A page in a state: what the host answers to `ready`, and what comes afterwards. */
export interface ComparisonScenario {
  readonly snapshot: ComparisonSnapshot | RunSnapshot;
  readonly later: readonly (ComparisonEvent | RunEvent)[];
  /** What ends it after `later`. */
  readonly end?: { readonly status: AnalysisStatus; readonly report: ComparisonReport | RunReport };
}

const FOLDER = '/home/dev/models/fashion';

/** Layer, shape, shares of Laplace and Gaussian, standard deviation. */
const LAYERS: readonly (readonly [string, readonly number[], number, number])[] = [
  ['conv1', [32, 3, 5, 5], 0.44, 0.06],
  ['layer1.0.conv1', [32, 32, 3, 3], 0.41, 0.042],
  ['layer1.0.conv2', [32, 32, 3, 3], 0.9, 0.012],
  ['layer2.0.conv1', [64, 32, 3, 3], 0.3, 0.034],
  ['layer2.0.conv2', [64, 64, 3, 3], 0.7, 0.03],
  ['layer2.0.downsample', [64, 32, 1, 1], 0.1, 0.08],
  ['layer3.0.conv1', [96, 64, 3, 3], 0.6, 0.026],
  ['fc1', [128, 96], 0.95, 0.02],
  ['fc2', [10, 128], 0.2, 0.09],
];

function network(seed: number): readonly MadeUpTensor[] {
  return LAYERS.flatMap(([layer, shape, laplace, std], index): readonly MadeUpTensor[] => {
    const out = [shape[0] ?? 1];
    const at = seed + 100 * index;
    const weight = madeUpTensor(`${layer}.weight`, shape, 'weight', { laplace, gaussian: 1 - laplace, std }, at);
    const bias = madeUpTensor(`${layer}.bias`, out, 'bias', { gaussian: 1, std: 0.05 }, at + 1);
    if (layer.startsWith('fc')) return [weight, bias];
    const norm = madeUpTensor(`${layer}.norm.weight`, out, 'norm', { gaussian: 1, std: 0.2, mean: 0.9 }, at + 2);
    const buffer = madeUpTensor(`${layer}.norm.running_mean`, out, 'buffer', { gaussian: 1, std: 0.3 }, at + 3);
    return [weight, norm, bias, buffer];
  });
}

const HOSTILE_NAMES = [
  '<img src=x onerror="document.title=1">.weight',
  '"><script>alert(1)</script>',
  'שכבה.ראשונה.משקל',
  `deep.${'encoder.block.'.repeat(30)}attention.output.dense.weight`,
  'a\u202Egnp.thgiew',
  '${7*7}{{7*7}}',
  ' ',
  'constructor',
];

type Pair = readonly [before: readonly MadeUpTensor[], after: readonly MadeUpTensor[]];

const PAIRS: Readonly<Record<string, () => Pair>> = {
  tuned: () => [network(1), tuned(network(1), 0.12, 5000)],
  pruned: () => [network(1), prunedModel(network(1), 0.62, 'global')],
  prunedLayerwise: () => [network(1), prunedModel(network(1), 0.62, 'layerwise')],
  prunedTuned: () => [network(1), prunedModel(tuned(network(1), 0.25, 7000), 0.62, 'global')],
  identical: () => [network(1), network(1)],
  unrelated: () => [network(1), network(90_000)],
  nothing: () => [
    network(1),
    network(3).map((tensor) => ({ ...tensor, name: `encoder.${tensor.name.replaceAll('conv', 'block')}` })),
  ],
  changedHead: () => [
    network(1),
    [
      ...tuned(network(1), 0.04, 5000).filter(
        ({ name }) => name !== 'fc2.weight' && name !== 'layer2.0.downsample.bias',
      ),
      madeUpTensor('fc2.weight', [100, 128], 'weight', { gaussian: 1, std: 0.05 }, 17),
      madeUpTensor('adapter.down.weight', [16, 96], 'weight', { gaussian: 1, std: 0.02 }, 18),
      madeUpTensor('adapter.up.weight', [96, 16], 'weight', { std: 0 }, 19),
    ],
  ],
  broken: () => [
    network(1),
    mapValues(tuned(network(1), 0.1, 1), ({ values }, index) =>
      index === 4 ? values.map((value, i) => (i % 50 === 0 ? NaN : value)) : values,
    ),
  ],
  hostile: () => {
    const tensors = HOSTILE_NAMES.map((name, index) =>
      madeUpTensor(name, [32, 32], 'weight', { laplace: 0.5, gaussian: 0.5, std: 0.02 }, index),
    );
    return [tensors, tuned(tensors, 0.1, 11)];
  },
};

const LABELS: Readonly<Record<string, readonly [string, string]>> = {
  pruned: ['dense.pt', 'pruned.pt'],
  prunedLayerwise: ['dense.pt', 'pruned.pt'],
  prunedTuned: ['dense.pt', 'pruned-tuned.pt'],
  identical: ['epoch3.pt', 'epoch3.safetensors'],
  hostile: ['<b>before</b>.pt', 'a\u202Egnp.tp'],
};

/** How far a comparison has come, and how it stands. */
interface Course {
  readonly pair: string;
  /** Share of the tensors that have been compared when the page asks; negative: not even the headers. */
  readonly read?: number;
  readonly status?: AnalysisStatus;
  /** The rest follows, in so many steps. */
  readonly steps?: number;
}

const FAILED: AnalysisStatus = {
  state: 'failed',
  message: 'The file ends before byte 1,204,224 that its header promises; it has 917,504 bytes.',
  where: `${FOLDER}/epoch2.pt, tensor layer3.0.conv1.weight, byte 917,504`,
  remedy: 'The file is incomplete: copy or download it again.',
};

const COURSES: Readonly<Record<string, Course>> = {
  ...Object.fromEntries(Object.keys(PAIRS).map((pair) => [pair, { pair }])),
  tenThousand: { pair: 'tenThousand' },
  opening: { pair: 'tuned', read: -1, status: { state: 'running' } },
  running: { pair: 'tuned', read: 0.5, status: { state: 'running' } },
  streaming: { pair: 'tuned', read: -1, status: { state: 'running' }, steps: 8 },
  cancelled: { pair: 'tuned', read: 0.5, status: { state: 'cancelled' } },
  failed: { pair: 'tuned', read: 0.5, status: FAILED },
  refused: {
    pair: 'tuned',
    read: -1,
    status: {
      state: 'failed',
      message: 'This is no model file that Prunability can read.',
      where: `${FOLDER}/epoch2.pt, byte 0`,
      remedy: 'Supported are safetensors, PyTorch, NumPy and TensorFlow.js files.',
    },
  },
};

const RUNS: Readonly<Record<string, RunCourse>> = {
  run: { checkpoints: 12 },
  runShort: { checkpoints: 2 },
  runLong: { checkpoints: 160, layers: 4 },
  runRunning: { checkpoints: 12, told: 5 },
  runStreaming: { checkpoints: 12, told: 0, streams: true },
  runUnreadable: { checkpoints: 3, allUnreadable: true },
};

/** Makes the events of a scenario with the extension's own sketches, limits and comparisons. */
export function makeComparison(name: string): ComparisonScenario {
  const run = RUNS[name];
  if (run !== undefined) return runScenario(name, run);
  const course = COURSES[name];
  if (course === undefined) throw new Error(`No scenario ${name}`);
  const { pair, read = 1, status = { state: 'complete', seconds: 0.34 }, steps = 0 } = course;
  const labels = LABELS[pair] ?? ['epoch1.pt', 'epoch2.pt'];
  const [before, after] = [`${FOLDER}/${labels[0]}`, `${FOLDER}/${labels[1]}`];
  const made = pair === 'tenThousand' ? tenThousand(before, after) : comparison(pair, before, after);
  const first = Math.round(Math.max(0, read) * made.layers.length);
  const totalBytes = made.before.file.bytes + made.after.file.bytes;
  const progress = (done: number): ComparisonEvent => ({
    type: 'progress',
    bytesDone: totalBytes * (0.4 + (0.6 * done) / made.layers.length),
    totalBytes,
  });
  const models: ComparisonEvent = { type: 'models', before: made.before, after: made.after };
  const layers = (from: number, to: number): ComparisonEvent => ({
    type: 'layers',
    layers: made.layers.slice(from, to),
  });
  const events = read < 0 ? [] : [models, layers(0, first), progress(first)];
  const later: ComparisonEvent[] = steps > 0 && read < 0 ? [models] : [];
  for (let step = 0; step < steps; step++) {
    const [from, to] = [step, step + 1].map((at) => first + Math.round(((made.layers.length - first) * at) / steps));
    later.push(layers(from ?? 0, to ?? 0), progress(to ?? 0));
  }
  const report = read === 1 ? made.report : null;
  const snapshot: ComparisonSnapshot = {
    kind: 'comparison',
    subject: `opaque-${name}`,
    before,
    after,
    labels,
    fingerprint: `${name}-1`,
    status,
    events,
    report,
  };
  if (steps === 0) return { snapshot, later };
  return { snapshot, later, end: { status: { state: 'complete', seconds: 0.34 }, report: made.report } };
}

function comparison(name: string, before: string, after: string): MadeUpComparison {
  const pair = PAIRS[name]?.();
  if (pair === undefined) throw new Error(`No pair ${name}`);
  const label = after.endsWith('.safetensors') ? 'safetensors' : undefined;
  return compareMadeUp(madeUpModel(before, pair[0]), madeUpModel(after, pair[1], label));
}

/** The same few tensors over and over: what is tried with them is the table, not the statistics. */
function tenThousand(before: string, after: string): MadeUpComparison {
  const made = comparison('tuned', before, after);
  const weights = made.layers.filter(({ comparison: { after: side } }) => side?.role === 'weight');
  const layers = Array.from({ length: 10_000 }, (_, i): ComparedLayer => {
    const layer = weights[i % weights.length];
    if (layer === undefined) throw new Error('There are weights');
    const name = `model.layers.${String(Math.floor(i / 4))}.part${String(i % 4)}.weight`;
    const { before: left, after: right } = layer.comparison;
    return {
      ...layer,
      comparison: {
        ...layer.comparison,
        name,
        before: left === null ? null : { ...left, name },
        after: right === null ? null : { ...right, name },
      },
    };
  });
  return {
    ...made,
    layers,
    report: { ...made.report, tensors: layers.map(({ comparison: { ...tensor } }) => tensor) },
  };
}

function runScenario(name: string, course: RunCourse): ComparisonScenario {
  const report = runReport(course);
  const { told = report.steps.length, streams = false } = course;
  const totalBytes = 1e6 * report.steps.length;
  const events = (from: number, to: number): readonly RunEvent[] =>
    report.steps.slice(from, to).flatMap((step, i): readonly RunEvent[] => [
      { type: 'step', step },
      { type: 'progress', bytesDone: 1e6 * (from + i + 1), totalBytes },
    ]);
  const complete = told === report.steps.length;
  const snapshot: RunSnapshot = {
    kind: 'run',
    subject: `opaque-${name}`,
    folder: `${FOLDER}/checkpoints`,
    name: 'checkpoints',
    fingerprint: `${name}-1`,
    status: complete ? { state: 'complete', seconds: 1.9 } : { state: 'running' },
    events: events(0, told),
    report: complete ? report : null,
  };
  if (!streams) return { snapshot, later: [] };
  return {
    snapshot,
    later: events(told, report.steps.length),
    end: { status: { state: 'complete', seconds: 1.9 }, report },
  };
}
