import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { reportToCsv } from '../../../src/report/csv';
import { reportToJson } from '../../../src/report/json';
import { reportToMarkdown } from '../../../src/report/markdown';
import { measuredReport } from '../../../src/report/measured-report';
import type { Measurement } from '../../../src/report/measurement';
import { measurementToJson } from '../../../src/report/measurement-json';
import type { ModelReport } from '../../../src/report/report';
import { MEASUREMENTS } from '../../panel/made-up-measurement';
import { madeUpTensor } from './made-up-tensor';

const EPSILON = 0.02;

/**
 * One curvature of 4ε over all dimensions and R² = s: the limit is where s = 2ε ∕ (4ε·s + 2ε), so 2s² + s = 1 and s = 1/2.
 */
const measurement: Measurement = {
  schema: 'prunability-measurement/1',
  complete: true,
  model: '/models/net.onnx',
  data: { path: '/data/<digits>.npz', count: 1400 },
  test: { path: '/data/test.npz', count: 397 },
  backend: { name: 'wasm', reason: 'started, its second derivatives are right', selfTestError: 1e-7 },
  loss: 'softmax-cross-entropy',
  parameterCount: 1010,
  prunableCount: 1000,
  dense: { loss: 0.1, accuracy: 0.97, epsilon: EPSILON, batchSize: 128 },
  radii: { prunedFractions: Float64Array.of(0, 1), radii: Float64Array.of(0, 1) },
  smallFraction: 0.9,
  spectrum: {
    nodes: [{ eigenvalue: 4 * EPSILON, weight: 1 }],
    steps: 2,
    probes: 1,
    samples: 1400,
    halfNodes: [{ eigenvalue: 4 * EPSILON, weight: 1 }],
  },
  directTest: [
    { prunedFraction: 0, linear: 0, quadratic: 0 },
    { prunedFraction: 0.4, linear: 0.005, quadratic: 0.01 },
    { prunedFraction: 0.6, linear: 0.005, quadratic: 0.05 },
  ],
  sweeps: [
    {
      criterion: 'magnitude',
      points: [
        { prunedFraction: 0, loss: 0.1, accuracy: 0.97 },
        { prunedFraction: 0.3, loss: 0.1, accuracy: 0.975 },
        { prunedFraction: 0.5, loss: 0.115, accuracy: 0.968 },
        { prunedFraction: 0.7, loss: 0.13, accuracy: 0.961 },
        { prunedFraction: 1, loss: Number.NaN, accuracy: 0.1 },
      ],
    },
  ],
  sensitivity: [
    {
      name: 'fc.weight',
      count: 1000,
      points: [
        { prunedFraction: 0, loss: 0.1 },
        { prunedFraction: 0.5, loss: 0.11 },
        { prunedFraction: 0.9, loss: 0.2 },
      ],
    },
  ],
  notes: ['Dropout is left | away.'],
  seconds: 12.34,
};

const tensor = madeUpTensor({
  name: 'fc.weight',
  shape: [10, 100],
  layer: 'fc',
  mean: 0,
  std: 0.5,
  kurtosis: 3,
  meanAbsoluteDeviation: 0.4,
  l1Norm: 7,
  limit: 0.83,
  survivingFraction: 0.25,
});

const report: ModelReport = {
  schema: 'prunability-report/1',
  complete: true,
  file: { path: '/models/net.onnx', format: 'onnx', formatLabel: 'ONNX', bytes: 1536, files: 1 },
  tensors: [tensor, { ...tensor, name: 'fc.bias', shape: [10], role: 'bias' }],
  model: {
    initialisation: 'trained',
    count: 1010,
    prunableCount: 1010,
    weightCount: 1000,
    kurtosis: 3.5,
    kurtosisWeights: 3.25,
    kurtosisOfKurtoses: null,
    kurtosisOfDefinedKurtoses: 2,
  },
  limits: [],
  warnings: [],
  seconds: 0.1,
};

function validator(name?: string): ValidateFunction {
  const schema = (each: string): object =>
    JSON.parse(readFileSync(join(import.meta.dirname, '../../../src/report', `${each}.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false });
  if (name === undefined) return ajv.compile(schema('report'));
  ajv.addSchema(schema('report'));
  return ajv.compile(schema(name));
}

describe('a measurement in the report', () => {
  const measured = measuredReport(report, measurement);

  it('is where it was measured, with its limits among the others', () => {
    expect(measured.limits.map((limit) => [limit.method, limit.prunedCount, limit.interval])).toEqual([
      ['statistical-dimension', 500, undefined],
      ['direct-quadratic', 400, [0.4, 0.6]],
      ['measured-loss', 500, [0.5, 0.7]],
      ['measured-accuracy', 700, [0.7, 1]],
    ]);
    expect(measured.limits.every(({ inputs, scope }) => inputs === 'data' && scope === 'weights')).toBe(true);
    expect(measured.limits[2]!.verdict).toContain('with 50 % of the weights pruned, the loss over 1,400 samples');
    expect(measured.limits[3]!.verdict).toContain('397 samples');
  });

  it('has no limits that are not known yet, and none of accuracy where there is none', () => {
    const without = <Whole extends object, Key extends keyof Whole>(whole: Whole, key: Key): Omit<Whole, Key> =>
      Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key)) as Omit<Whole, Key>;
    const started = without(measurement, 'spectrum');
    const dense = without(measurement.dense, 'accuracy');
    const methods = (part: Measurement): string[] => measuredReport(report, part).limits.map(({ method }) => method);
    expect(methods({ ...started, directTest: [], sweeps: [] })).toEqual([]);
    expect(methods({ ...measurement, dense })).not.toContain('measured-accuracy');
    const [sweep] = measurement.sweeps;
    const begun = [{ ...sweep!, points: sweep!.points.slice(0, 3) }];
    expect(methods({ ...measurement, sweeps: begun })).not.toContain('measured-loss');
  });

  it('follows the schema of reports, with and without it', () => {
    const validate = validator();
    const check = (value: unknown): void => {
      expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    };
    check(JSON.parse(reportToJson(report)));
    const parsed = JSON.parse(reportToJson(measured)) as { measurement: Record<string, object> };
    check(parsed);
    for (const { measurement: other } of Object.values(MEASUREMENTS).map((state) => state())) {
      if (other !== undefined) check(JSON.parse(reportToJson(measuredReport(report, other))));
    }
    for (const wrong of [{ figures: {} }, { radii: { 0: 1 } }, { sweeps: [{ criterion: 'luck', points: [] }] }]) {
      expect(validate({ ...parsed, measurement: { ...parsed.measurement, ...wrong } })).toBe(false);
    }
    expect(validate({ ...parsed, measurement: {} })).toBe(false);
  });

  it('is the same on its own, and follows the schema of its own', () => {
    const validate = validator('measurement');
    const own = JSON.parse(measurementToJson(measurement)) as Record<string, unknown>;
    expect(validate(own), JSON.stringify(validate.errors)).toBe(true);
    expect(own).toEqual((JSON.parse(reportToJson(measured)) as ModelReport).measurement);
    expect(measurementToJson(measurement).split('\n')).toHaveLength(2);
    expect(own.radii).toEqual({ prunedFractions: [0, 1], radii: [0, 1] });
    expect(validate({ ...own, seconds: -1 })).toBe(false);
  });

  it('comes with the figures that follow from it', () => {
    const { figures, sweeps } = JSON.parse(measurementToJson(measurement)) as {
      figures: { prediction: { prunedFraction: number; radius: number; half: number } };
      sweeps: [{ points: { loss: number | null }[] }];
    };
    expect(figures.prediction.prunedFraction).toBeCloseTo(0.5, 12);
    expect(figures.prediction.half).toBeCloseTo(0.5, 12);
    expect(figures.prediction.radius).toBeCloseTo(Math.sqrt(0.5), 12);
    expect(figures).not.toHaveProperty('prediction.curves');
    expect(figures).toMatchObject({
      epsilon: EPSILON,
      lastBetter: { prunedFraction: 0.3, next: 0.5 },
      firstDrop: 0.5,
      sublevel: { prunedFraction: 0.5, next: 0.7 },
      onePoint: { prunedFraction: 0.7, next: 1 },
      direct: { prunedFraction: 0.4, next: 0.6 },
    });
    expect(sweeps[0].points.at(-1)!.loss).toBeNull();
  });

  it('stands in the Markdown with prediction, thresholds, doubts, backend and data', () => {
    const text = reportToMarkdown(measured);
    expect(reportToMarkdown(report)).not.toContain('Measured with data');
    for (const part of [
      '## Measured with data',
      'softmax-cross-entropy over 1,400 samples of &lt;digits>.npz, accuracy on 397 of test.npz · wasm · 12.3 s',
      'Unpruned: loss 0.1, accuracy 97.00 %. The loss may grow by ε = 0.02.',
      '| Predicted by the curvature of the loss | 50.00 % |',
      '| Measured (A3): loss at most ε higher | 50.00 % |',
      '| Measured (A4): accuracy at most 1 point lower | 70.00 % |',
      '| Measured (A2): accuracy first 0.1 points lower | 50.00 % |',
      '| Measured (A1): accuracy last above the unpruned one | 30.00 % |',
      '| `magnitude` | 50.00 % | 5 |',
      '| fc.weight | 1,000 | 50.00 % |',
      'λmax 0.08, λmin 0.08, trace 80.8',
      '- started, its second derivatives are right',
      '- Dropout is left \\| away.',
      '| `measured-loss` | 50.00 % |',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('Partial');
    const doubtful = { ...measurement, complete: false, smallFraction: 0.01 };
    expect(reportToMarkdown(measuredReport(report, doubtful))).toMatch(/Partial: the measurement[^]*Doubts[^]*L1/);
  });

  it('gives the table of tensors one column more', () => {
    const rows = (csv: string): string[][] => csv.split('\r\n').map((line) => line.split(','));
    const [plain, extended] = [rows(reportToCsv(report)), rows(reportToCsv(measured))];
    expect(extended.map((cells) => cells.at(-1))).toEqual(['measuredLimit', '0.5', '', '']);
    expect(extended.map((cells) => cells.slice(0, -1)).slice(0, 3)).toEqual(plain.slice(0, 3));
  });
});
