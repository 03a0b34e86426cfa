import * as l10n from '@vscode/l10n';
import type { Checkpoint, TensorEntry, TensorRole } from '../../src/formats/checkpoint';
import { cellsPerLayer, modelUpdate } from '../../src/engine/model-update';
import type { AnalysisEvent, LayerResult } from '../../src/protocol/analysis';
import type { AnalysisStatus, PanelSnapshot } from '../../src/protocol/panel';
import type { FileFacts } from '../../src/report/report';
import { ReportBuilder } from '../../src/report/report-builder';
import type { TensorSketch } from '../../src/sketch/tensor-sketch';
import { MEASUREMENTS } from './made-up-measurement';
import { drawSketch, randomNumbers, type Mixture } from './weights';

/** A made-up tensor. */
interface TensorPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: TensorRole;
  readonly mixture: Mixture;
  readonly aliasOf?: string;
}

/** A panel in a state: what the host answers to `ready`, and what comes afterwards. */
export interface Scenario {
  readonly snapshot: PanelSnapshot;
  /** Events that the host sends by and by; then `end`. */
  readonly later: readonly AnalysisEvent[];
  readonly end?: AnalysisStatus;
}

const COMPLETE: AnalysisStatus = { state: 'complete', seconds: 0.21 };

/** Shares of Laplace and Gaussian and the standard deviation, by layer: a ResNet-18 with one thin and one flat layer. */
const RESNET: readonly (readonly [string, readonly number[], number, number, number])[] = [
  ['conv1', [64, 3, 7, 7], 0.44, 0.56, 0.0194],
  ['layer1.0.conv1', [64, 64, 3, 3], 0.41, 0.59, 0.01232],
  ['layer1.0.conv2', [64, 64, 3, 3], 0.44, 0.56, 0.00425],
  ['layer1.1.conv1', [64, 64, 3, 3], 0.59, 0.41, 0.01277],
  ['layer1.1.conv2', [64, 64, 3, 3], 0.3, 0.7, 0.01224],
  ['layer2.0.conv1', [128, 64, 3, 3], 0.21, 0.79, 0.01408],
  ['layer2.0.conv2', [128, 128, 3, 3], 0.47, 0.53, 0.01222],
  ['layer2.0.downsample.0', [128, 64, 1, 1], 0, 0, 0.0172],
  ['layer2.1.conv1', [128, 128, 3, 3], 0.69, 0.31, 0.01132],
  ['layer2.1.conv2', [128, 128, 3, 3], 0.45, 0.55, 0.01059],
  ['layer3.0.conv1', [256, 128, 3, 3], 0.3, 0.7, 0.01224],
  ['layer3.0.conv2', [256, 256, 3, 3], 0.97, 0.03, 0.00971],
  ['layer3.0.downsample.0', [256, 128, 1, 1], 0.16, 0.84, 0.01371],
  ['layer3.1.conv1', [256, 256, 3, 3], 0.97, 0.03, 0.00879],
  ['layer3.1.conv2', [256, 256, 3, 3], 0.78, 0.22, 0.00926],
  ['layer4.0.conv1', [512, 256, 3, 3], 0.72, 0.28, 0.00982],
  ['layer4.0.conv2', [512, 512, 3, 3], 0.9, 0.1, 0.00972],
  ['layer4.0.downsample.0', [512, 256, 1, 1], 0.14, 0.86, 0.01092],
  ['layer4.1.conv1', [512, 512, 3, 3], 0.97, 0.03, 0.0083],
  ['layer4.1.conv2', [512, 512, 3, 3], 0.96, 0.04, 0.00608],
  ['fc', [1000, 512], 0.23, 0.77, 0.01359],
];

function resnet(): readonly TensorPlan[] {
  return RESNET.flatMap(([layer, shape, laplace, gaussian, std]): readonly TensorPlan[] => {
    const out = shape[0] ?? 1;
    const weight: TensorPlan = { name: `${layer}.weight`, shape, role: 'weight', mixture: { laplace, gaussian, std } };
    if (layer === 'fc') {
      return [weight, { name: 'fc.bias', shape: [out], role: 'bias', mixture: { gaussian: 1, std: 0.02 } }];
    }
    const norm = layer.includes('downsample')
      ? layer.replace(/\.0$/, '.1')
      : layer.replace(/conv(\d)$/, (_match: string, number: string) => `bn${number}`);
    return [
      weight,
      { name: `${norm}.weight`, shape: [out], role: 'norm', mixture: { gaussian: 1, std: 0.12, mean: 0.34 } },
      { name: `${norm}.bias`, shape: [out], role: 'norm', mixture: { gaussian: 1, std: 0.15, mean: -0.1 } },
      { name: `${norm}.running_mean`, shape: [out], role: 'buffer', mixture: { gaussian: 1, std: 0.3 } },
      { name: `${norm}.running_var`, shape: [out], role: 'buffer', mixture: { gaussian: 1, std: 0.05, mean: 0.8 } },
    ];
  });
}

/** Many small layers: what is tried with them is the panel, not the sketches. */
function transformer(layers: number, width: number): readonly TensorPlan[] {
  const random = randomNumbers(layers);
  return Array.from({ length: layers }, (_, i): TensorPlan => {
    const block = Math.floor(i / 4);
    const part = ['attn.q_proj', 'attn.o_proj', 'mlp.up_proj', 'mlp.down_proj'][i % 4] ?? '';
    const laplace = random();
    return {
      name: `model.layers.${String(block)}.${part}.weight`,
      shape: [width, width],
      role: 'weight',
      mixture: { laplace, gaussian: 1 - laplace, std: 0.01 * (0.5 + random()) },
    };
  });
}

const HOSTILE: readonly TensorPlan[] = [
  '<img src=x onerror="document.title=1">.weight',
  '"><script>alert(1)</script>',
  'שכבה.ראשונה.משקל',
  `deep.${'encoder.block.'.repeat(30)}attention.output.dense.weight`,
  'a\u202Egnp.thgiew',
  '${7*7}{{7*7}}',
  ' ',
  'constructor',
].map((name, i) => ({
  name,
  shape: [32, 32, 1 + i],
  role: 'weight' as const,
  mixture: { laplace: 0.5, gaussian: 0.5, std: 0.02 },
}));

const PLANS: Readonly<Record<string, () => readonly TensorPlan[]>> = {
  resnet,
  thousand: () => transformer(1000, 64),
  tenThousand: () => transformer(10_000, 16),
  initial: () =>
    resnet().map((plan) => ({
      ...plan,
      mixture:
        plan.role === 'weight'
          ? { std: Math.sqrt(1 / 3 / plan.shape.slice(1).reduce((product, size) => product * size, 1)) }
          : { std: 0, mean: plan.name.endsWith('.weight') ? 1 : 0 },
    })),
  hostile: () => HOSTILE,
  perceptron,
  broken: () =>
    resnet()
      .slice(0, 6)
      .map((plan) => ({ ...plan, mixture: { std: 1, nan: 1 } })),
  buffersOnly: () => resnet().filter(({ role }) => role === 'buffer'),
  mixed: () => [
    ...resnet().slice(0, 21),
    { name: 'pruned.weight', shape: [128, 128], role: 'weight', mixture: { laplace: 1, std: 0.01, zeros: 0.7 } },
    { name: 'constant.weight', shape: [16, 16], role: 'weight', mixture: { std: 0, mean: 0.5 } },
    { name: 'diverged.weight', shape: [64, 64], role: 'weight', mixture: { gaussian: 1, std: 0.01, nan: 0.02 } },
    { name: 'tied.weight', shape: [64, 3, 7, 7], role: 'weight', mixture: { std: 1 }, aliasOf: 'conv1.weight' },
    { name: 'optimizer.exp_avg.conv1', shape: [64, 3, 7, 7], role: 'optimizer', mixture: { gaussian: 1, std: 1e-5 } },
  ],
};

/** Perceptrons trained with an L1 penalty and Adam, whose second moments are in the file. */
function perceptron(): readonly TensorPlan[] {
  const layers: readonly (readonly [string, readonly number[], number])[] = [
    ['hidden1', [300, 784], 1e-8],
    ['hidden2', [100, 300], 3e-7],
    ['output', [10, 100], 1e-5],
  ];
  return layers.flatMap(([layer, shape, moment]): readonly TensorPlan[] => {
    const parts = [
      {
        name: `${layer}.weight`,
        shape,
        role: 'weight',
        mixture: { laplace: 1, std: 0.06 },
      },
      { name: `${layer}.bias`, shape: shape.slice(0, 1), role: 'bias', mixture: { gaussian: 1, std: 0.05 } },
    ] as const;
    const state = parts.map((part): TensorPlan => ({
      name: `optimizer.${part.name}.exp_avg_sq`,
      shape: part.shape,
      role: 'optimizer',
      mixture: { std: 0.5 * moment, mean: moment },
    }));
    return [...parts, ...state];
  });
}

/** How far a scenario's run has come, and how it ended. */
interface Course {
  readonly plan: string;
  /** Share of the tensors that has been read when the panel asks. */
  readonly read?: number;
  readonly status?: AnalysisStatus;
  /** The rest follows, in so many steps. */
  readonly steps?: number;
  /** The network can be executed; so can those that a measurement is made up for. */
  readonly measurable?: boolean;
}

const FAILED: AnalysisStatus = {
  state: 'failed',
  message: l10n.t(
    '{0} {1}.',
    'resnet18.pt',
    l10n.t('ends before byte {0} that its header promises; it has {1} bytes', '46,830,571', '29,360,128'),
  ),
  where: '/home/dev/models/resnet18.pt, tensor layer4.0.conv2.weight, byte 29,360,128',
  remedy: l10n.t('The file is incomplete: copy or download it again.'),
};

const COURSES: Readonly<Record<string, Course>> = {
  complete: { plan: 'resnet' },
  waiting: { plan: 'resnet', read: -1, status: { state: 'running' } },
  opened: { plan: 'resnet', read: 0, status: { state: 'running' } },
  running: { plan: 'resnet', read: 0.6, status: { state: 'running' } },
  streaming: { plan: 'resnet', read: -1, status: { state: 'running' }, steps: 12 },
  cancelled: { plan: 'resnet', read: 0.6, status: { state: 'cancelled' } },
  failed: { plan: 'resnet', read: 0.6, status: FAILED },
  refused: {
    plan: 'resnet',
    read: -1,
    status: {
      state: 'failed',
      message: 'This is no model file that Prunability can read.',
      where: '/home/dev/models/resnet18.pt, byte 0',
      remedy: 'Supported are safetensors, PyTorch, NumPy and TensorFlow.js files.',
    },
  },
  initial: { plan: 'initial' },
  optimizerState: { plan: 'perceptron' },
  hostile: { plan: 'hostile' },
  broken: { plan: 'broken' },
  buffersOnly: { plan: 'buffersOnly' },
  mixed: { plan: 'mixed' },
  thousand: { plan: 'thousand' },
  tenThousand: { plan: 'tenThousand' },
  measurable: { plan: 'resnet', measurable: true },
  ...Object.fromEntries(Object.keys(MEASUREMENTS).map((name) => [name, { plan: 'resnet' }])),
};

/** Makes the events of a scenario with the extension's own sketches, limits and warnings. */
export function makeScenario(name: string): Scenario {
  const course = COURSES[name];
  const plan = course === undefined ? undefined : PLANS[course.plan]?.();
  if (course === undefined || plan === undefined) throw new Error(`No scenario ${name}`);
  const { read = 1, status = COMPLETE, steps = 0 } = course;
  const path = `/home/dev/models/${course.plan === 'resnet' ? 'resnet18' : course.plan}.pt`;
  const run = new Run(path, plan, course.measurable === true || MEASUREMENTS[name] !== undefined);
  const first = Math.round(Math.max(0, read) * plan.length);
  const events = read < 0 ? [] : [run.opened(), ...(first > 0 ? run.upTo(first, read === 1) : [])];
  const later: AnalysisEvent[] = [];
  if (steps > 0) {
    if (read < 0) later.push(run.opened());
    for (let step = 1; step <= steps; step++) {
      later.push(...run.upTo(Math.round(first + ((plan.length - first) * step) / steps), step === steps));
    }
  }
  const measurement = MEASUREMENTS[name]?.();
  const snapshot: PanelSnapshot = {
    path,
    fingerprint: `${name}-1`,
    status,
    events,
    ...(measurement === undefined ? {} : { measurement }),
  };
  return steps > 0 ? { snapshot, later, end: COMPLETE } : { snapshot, later };
}

/** One analysis, in the order in which the engine tells of it. */
class Run {
  private readonly builder: ReportBuilder;
  private readonly file: FileFacts;
  private readonly totalBytes: number;
  private readonly sketches = new Map<string, TensorSketch>();
  private readonly cells: number;
  private done = 0;
  private bytesDone = 0;

  constructor(
    path: string,
    private readonly plan: readonly TensorPlan[],
    runnable: boolean,
  ) {
    const tensors = plan.map(tensorEntry);
    this.totalBytes = tensors.reduce((sum, { count, aliasOf }) => sum + (aliasOf === undefined ? 4 * count : 0), 0);
    this.file = {
      path,
      format: runnable ? 'onnx' : 'pytorch',
      formatLabel: runnable ? 'ONNX' : l10n.t('PyTorch zip'),
      bytes: this.totalBytes + 41_235,
      files: 1,
    };
    const secondMoments = tensors
      .filter(({ name }) => name.endsWith('.exp_avg_sq'))
      .map(({ name }) => ({ tensor: name, decay: 0.999, step: 5640 }));
    const checkpoint: Checkpoint = {
      format: this.file.format,
      formatLabel: this.file.formatLabel,
      files: [{ path, size: this.file.bytes }],
      tensors,
      ...(secondMoments.length === 0 ? {} : { secondMoments, optimizerFile: '/home/dev/models/optimizer.pt' }),
      notes: [],
    };
    this.builder = new ReportBuilder(this.file, checkpoint);
    this.cells = cellsPerLayer(plan.length);
  }

  opened(): AnalysisEvent {
    return { type: 'opened', file: this.file, tensors: this.builder.facts, totalBytes: this.totalBytes };
  }

  /** Reads on until `count` tensors have been read. */
  upTo(count: number, last: boolean): readonly AnalysisEvent[] {
    const layers: LayerResult[] = [];
    for (; this.done < count; this.done++) layers.push(this.read(this.done));
    if (last) this.bytesDone = this.totalBytes;
    const update = modelUpdate(this.builder.summary(last));
    return [
      { type: 'layers', layers, bytesDone: this.bytesDone },
      { type: 'model', update, bytesDone: this.bytesDone },
    ];
  }

  private read(index: number): LayerResult {
    const plan = this.plan[index];
    if (plan === undefined) throw new RangeError(`No tensor ${String(index)}`);
    const count = elements(plan.shape);
    const original = plan.aliasOf === undefined ? undefined : this.sketches.get(plan.aliasOf);
    const sketch = original ?? drawSketch(plan.mixture, count, 1000 + 77 * index);
    if (original === undefined) {
      this.sketches.set(plan.name, sketch);
      this.bytesDone += 4 * count;
    }
    return { index, statistics: this.builder.add(index, sketch), cells: sketch.valueCells(this.cells) };
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function tensorEntry({ name, shape, role, aliasOf }: TensorPlan): TensorEntry {
  return {
    name,
    dtype: 'float32',
    shape,
    count: elements(shape),
    role,
    storage: { dtype: 'float32', extents: [] },
    ...(aliasOf === undefined ? {} : { aliasOf }),
  };
}
