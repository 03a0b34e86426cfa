import { analysisSummary } from '../../src/engine/analysis-summary';
import type { AnalysisEvent } from '../../src/protocol/analysis';
import type { AnalysisSummary, ModelDescription } from '../../src/protocol/description';
import type { SummaryState } from '../../src/protocol/summary';
import { makeScenario } from './scenarios';

type Shown = Extract<SummaryState, { state: 'model' }>;

const HOUR_MS = 3_600_000;

/** What the engine says of the model of one of the panel's scenarios. */
function describe(scenario: string): ModelDescription {
  const { snapshot } = makeScenario(scenario);
  const opened = snapshot.events.find((event) => event.type === 'opened');
  if (opened === undefined) throw new Error(`Scenario ${scenario} has not been opened`);
  const prunable = opened.tensors.filter((tensor) => tensor.prunable);
  const count = opened.tensors.reduce((sum, tensor) => sum + tensor.count, 0);
  return {
    state: 'readable',
    file: opened.file,
    mainFile: opened.file.path,
    tensorCount: opened.tensors.length,
    count,
    prunableCount: prunable.reduce((sum, tensor) => sum + tensor.count, 0),
    dtypes: [{ dtype: 'float32', count }],
    analysis: summaryOf(snapshot.events),
  };
}

/** The engine's own summary of the events. */
function summaryOf(events: readonly AnalysisEvent[]): AnalysisSummary {
  const model = events.findLast((event) => event.type === 'model');
  const opened = events.find((event) => event.type === 'opened');
  if (model === undefined || opened === undefined) throw new Error('The analysis is complete');
  const results = new Map(
    events.flatMap((event) =>
      event.type === 'layers' ? event.layers.map((layer) => [layer.index, layer] as const) : [],
    ),
  );
  const tensors = opened.tensors.flatMap((facts, index) => {
    const statistics = results.get(index)?.statistics;
    return statistics === undefined ? [] : [{ ...facts, ...statistics, survivingFraction: null }];
  });
  const report = {
    schema: 'prunability-report/1' as const,
    complete: true,
    file: opened.file,
    tensors,
    model: model.update.model,
    limits: model.update.limits,
    warnings: model.update.warnings,
    seconds: 0.2,
  };
  return analysisSummary(report, events, Date.now() - 3 * HOUR_MS);
}

function shown(scenario: string, change: Partial<Shown> = {}, analyzed = true): Shown {
  const description = describe(scenario);
  const path = description.file.path;
  return {
    state: 'model',
    path,
    name: path.split('/').at(-1) ?? '',
    description: analyzed ? description : { ...description, analysis: null },
    progress: null,
    ...change,
  };
}

const UNREADABLE: Shown = {
  state: 'model',
  path: '/home/dev/models/cut-off.pt',
  name: 'cut-off.pt',
  description: {
    state: 'unreadable',
    recognised: true,
    path: '/home/dev/models/cut-off.pt',
    reason: 'The archive was cut off: its directory is missing.',
    offset: 29_360_128,
    tensor: 'layer4.0.conv2.weight',
    remedy: 'Copy or download it again.',
  },
  progress: null,
};

const SCENARIOS: Readonly<Record<string, () => SummaryState>> = {
  none: () => ({ state: 'none' }),
  analyzed: () => shown('complete'),
  untrained: () => shown('initial'),
  warnings: () => shown('mixed'),
  fresh: () => shown('complete', {}, false),
  mixedTypes: () => {
    const fresh = shown('complete', {}, false);
    if (fresh.description?.state !== 'readable') throw new Error('It is readable');
    return {
      ...fresh,
      description: {
        ...fresh.description,
        file: { ...fresh.description.file, formatLabel: 'safetensors', files: 4, bytes: 26e9 },
        count: 13_015_864_320,
        dtypes: [
          { dtype: 'bfloat16', count: 0.97 * 13_015_864_320 },
          { dtype: 'float32', count: 0.01 * 13_015_864_320 },
          { dtype: 'float8_e4m3', count: 0.01 * 13_015_864_320 },
          { dtype: 'float16', count: 0.01 * 13_015_864_320 },
          { dtype: 'int64', count: 12 },
        ],
      },
    };
  },
  reading: () => shown('complete', { description: null }),
  running: () => shown('complete', { progress: 0.42 }, false),
  unreadable: () => UNREADABLE,
  nothing: () => shown('buffersOnly', {}, false),
  hostile: () => shown('hostile', { name: `<img src=x>${'long-name-'.repeat(12)}\u202Etp.exe` }),
};

/** What the side bar shows in a scenario. */
export function makeSummary(name: string): SummaryState {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`No scenario ${name}`);
  return scenario();
}
