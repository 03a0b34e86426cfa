import { lossLandscapeLimit } from '../../src/limits/loss-landscape';
import { radiusAt } from '../../src/limits/radius-curve';
import type { MeasurementState } from '../../src/protocol/panel';
import {
  MEASUREMENT_SCHEMA,
  PRUNING_CRITERIA,
  type CriterionSweep,
  type Measurement,
  type ParameterSensitivity,
  type PruningCriterion,
  type RadiusCurve,
  type SpectrumNode,
  type SweepPoint,
} from '../../src/report/measurement';

/**
 * A measurement made of formulas: weights of Laplace distributions, a spectrum that is uniform in log λ with some
 * negative curvature, and a loss that grows with the norm of what is pruned as that spectrum has it.
 */
interface Course {
  /** The weights are of two Laplace distributions: their scales b, and the share of the second. */
  readonly scales: readonly [number, number];
  readonly large: number;
  /** Largest eigenvalue. */
  readonly sharpness: number;
  readonly epsilon: number;
  readonly denseLoss: number;
  /** By how many ε the loss has grown where the prediction is: 1 if it holds. */
  readonly growthAtPrediction: number;
  /** Share of the parameters that carry the log-uniform part of the spectrum. */
  readonly bulk: number;
}

const AGREES: Course = {
  scales: [1.5e-4, 0.03],
  large: 0.05,
  sharpness: 2.71,
  epsilon: 0.0225,
  denseLoss: 0.0187,
  growthAtPrediction: 1.15,
  bulk: 0.2,
};

/** As of a network that was trained without L1: many weights of a middling size. */
const DISAGREES: Course = {
  scales: [0.03, 0.03],
  large: 0,
  sharpness: 0.46,
  epsilon: 0.002,
  denseLoss: 0.0009,
  growthAtPrediction: 60,
  bulk: 0.9,
};

const PARAMETERS: readonly (readonly [name: string, count: number, fragility: number])[] = [
  ['dense/kernel', 235_200, 0.9],
  ['dense_1/kernel', 30_000, 0.5],
  ['dense_2/kernel', 1000, 60],
];
const PRUNABLE = 266_200;
const COUNT = 266_610;
const STEPS = 128;
const CLASSES = 10;
/** Points of the sweep: coarse where little happens. */
const FRACTIONS = [
  ...Array.from({ length: 17 }, (_, i) => i / 20),
  ...Array.from({ length: 28 }, (_, i) => 0.85 + i / 200),
  0.99,
  0.995,
  0.998,
  1,
];
const LAYER_FRACTIONS = [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 1];

/** Loss against the one of pruning by magnitude: how much worse (or better) the other orders are. */
const HARM: Readonly<Record<PruningCriterion, number>> = {
  magnitude: 1,
  'magnitude-layerwise': 2.2,
  random: 1,
  taylor: 3,
  snip: 2.4,
  grasp: 40,
  wanda: 1.6,
  fisher: 0.8,
};

/** Points of R(s), which has no closed form for two distributions but is one of the threshold. */
const THRESHOLDS = 600;

/**
 * Fractions and norms under rising thresholds t of |w|: of a Laplace distribution with scale b the share 1 − e⁻ˣ is under
 * it, x = t ∕ b, with the mean square b² (2 − e⁻ˣ (x² + 2x + 2)).
 */
function radiiOf({ scales, large }: Course, n: number): RadiusCurve {
  const prunedFractions = new Float64Array(THRESHOLDS);
  const radii = new Float64Array(THRESHOLDS);
  for (let i = 1; i < THRESHOLDS; i++) {
    const threshold = i === THRESHOLDS - 1 ? Infinity : 1e-6 * 10 ** ((6 * i) / THRESHOLDS);
    const sum = (of: (x: number, scale: number) => number): number =>
      scales.reduce((total, scale, at) => {
        const x = Math.min(700, threshold / scale);
        return total + (at === 0 ? 1 - large : large) * of(x, scale);
      }, 0);
    prunedFractions[i] = i === THRESHOLDS - 1 ? 1 : sum((x) => -Math.expm1(-x));
    radii[i] = Math.sqrt(n * sum((x, scale) => scale ** 2 * (2 - Math.exp(-x) * (x * x + 2 * x + 2))));
  }
  return { prunedFractions, radii };
}

/** A bulk at almost zero, some negative nodes, and a tail that is uniform in log λ up to the largest. */
function spectrum({ sharpness, bulk }: Course, nodes: number): readonly SpectrumNode[] {
  const tailNodes = nodes - 12;
  const tail = Array.from({ length: tailNodes }, (_, i): SpectrumNode => {
    const share = (i + 1) / tailNodes;
    return { eigenvalue: sharpness * 10 ** (-5.5 * (1 - share)), weight: bulk * 10 ** (-3.2 * share) };
  });
  const negative = Array.from({ length: 11 }, (_, i) => ({
    eigenvalue: -sharpness * 3e-3 * 10 ** (-0.35 * i),
    weight: bulk * 0.25 * 10 ** (-0.3 * (10 - i)),
  }));
  const sum = [...tail, ...negative].reduce((total, { weight }) => total + weight, 0);
  const scale = Math.min(1, (0.5 * (1 + bulk)) / sum);
  const scaled = [...tail, ...negative].map(({ eigenvalue, weight }) => ({ eigenvalue, weight: weight * scale }));
  const rest = 1 - scaled.reduce((total, { weight }) => total + weight, 0);
  return [...scaled, { eigenvalue: -sharpness * 1e-6, weight: rest }].sort((a, b) => a.eigenvalue - b.eigenvalue);
}

/** Loss and accuracy of a network whose loss has grown by this much in the quadratic model. */
function point(prunedFraction: number, growth: number, { denseLoss }: Course): SweepPoint {
  const worst = Math.log(CLASSES) * 1.02 - denseLoss;
  const loss = denseLoss + growth / (1 + growth / worst);
  const accuracy = 1 / CLASSES + (0.9815 - 1 / CLASSES) / (1 + (growth / 0.55) ** 1.3);
  return { prunedFraction, loss, accuracy: Math.round(accuracy * 10_000) / 10_000 };
}

function makeMeasurement(course: Course): Measurement {
  const { scales, large, epsilon, growthAtPrediction } = course;
  const nodes = spectrum(course, STEPS);
  const radii = radiiOf(course, PRUNABLE);
  const norm = radiusAt(radii, 1);
  const limit = lossLandscapeLimit(nodes, radii, epsilon);
  if (limit === undefined) throw new Error('The made-up spectrum has a limit');
  // quadratic near 0, and steeper than that further out
  const growth = (radius: number): number => {
    const share = radius / limit.radius;
    return growthAtPrediction * epsilon * share ** 2 * ((1 + share) / 2);
  };
  const sweeps = PRUNING_CRITERIA.map((criterion): CriterionSweep => ({
    criterion,
    points: FRACTIONS.map((fraction) => {
      const radius = criterion === 'random' ? norm * Math.sqrt(fraction) : radiusAt(radii, fraction);
      return point(fraction, HARM[criterion] * growth(radius), course);
    }),
  }));
  const sensitivity = PARAMETERS.map(([name, count, fragility]): ParameterSensitivity => {
    const own = radiiOf(course, count);
    return {
      name,
      count,
      points: [0, ...LAYER_FRACTIONS].map((fraction) =>
        point(fraction, fragility * growth(radiusAt(own, fraction)), course),
      ),
    };
  });
  return {
    schema: MEASUREMENT_SCHEMA,
    complete: true,
    model: '/home/dev/models/lenet/model.json',
    data: { path: '/home/dev/data/mnist/train-images-idx3-ubyte', count: 60_000 },
    test: { path: '/home/dev/data/mnist/t10k-images-idx3-ubyte', count: 10_000 },
    backend: {
      name: 'wasm',
      reason: 'wasm: started, its second derivatives are right to 1.2e-7',
      selfTestError: 3.1e-7,
    },
    loss: 'softmax-cross-entropy',
    parameterCount: COUNT,
    prunableCount: PRUNABLE,
    dense: { loss: course.denseLoss, accuracy: 0.9815, epsilon, batchSize: 128 },
    radii,
    smallFraction: 1 - (1 - large) * Math.exp(-1e-3 / scales[0]) - large * Math.exp(-1e-3 / scales[1]),
    spectrum: { nodes, steps: STEPS, probes: 1, samples: 5000, halfNodes: spectrum(course, STEPS / 2) },
    directTest: FRACTIONS.map((prunedFraction) => {
      const radius = radiusAt(radii, prunedFraction);
      const quadratic = 0.6 * growth(radius);
      return { prunedFraction, linear: 0.25 * quadratic, quadratic };
    }),
    sweeps,
    sensitivity,
    notes: ['Batch normalisation acts as in inference, with the statistics that it has stored.'],
    seconds: 147,
  };
}

/** What is there after the spectrum and half of the sweep by magnitude. */
function partly(measurement: Measurement): Measurement {
  const [magnitude] = measurement.sweeps;
  return {
    ...measurement,
    complete: false,
    sweeps: magnitude === undefined ? [] : [{ ...magnitude, points: magnitude.points.slice(0, 24) }],
    sensitivity: [],
    directTest: [],
    seconds: 61,
  };
}

/** The states of a measurement in which the panel is tried. */
export const MEASUREMENTS: Readonly<Record<string, () => MeasurementState>> = {
  measured: () => ({ measurement: makeMeasurement(AGREES), status: { state: 'complete' } }),
  measuredDisagrees: () => ({ measurement: makeMeasurement(DISAGREES), status: { state: 'complete' } }),
  measuring: () => ({
    measurement: partly(makeMeasurement(AGREES)),
    status: { state: 'running', stage: 'Measuring the loss by pruned fraction', done: 24, total: 49 },
  }),
  measuringFirst: () => ({
    measurement: undefined,
    status: { state: 'running', stage: 'Loading the network', done: 0, total: 0 },
  }),
  measurementCancelled: () => ({ measurement: partly(makeMeasurement(AGREES)), status: { state: 'cancelled' } }),
  measurementFailed: () => ({
    measurement: undefined,
    status: {
      state: 'failed',
      message: 'The samples have 784 values each, the network takes 3,072.',
      where: '/home/dev/data/mnist/train-images-idx3-ubyte',
      remedy: 'Choose a data set of this network, or write its shape into .prunability.json.',
    },
  }),
};
