import { describe, expect, it } from 'vitest';
import { CosineCurve } from '../../../src/limits/cosine-curve';
import { cosineLevel } from '../../../src/limits/cosine-level';
import { cosineUtopia, cosineUtopiaOnGrid } from '../../../src/limits/cosine-utopia';
import './matchers';
import { densityCells, generalisedNormal, LOGISTIC, TRIANGULAR, UNIFORM, type Distribution } from './distributions';

/**
 * Closed forms: uniform C = sqrt(1 − p³); generalised normal of shape b with x = P⁻¹(1/b, p): C = sqrt(Q(3/b, x));
 * triangular with t = 1 − sqrt(1 − p): C = sqrt(1 − 4t³ + 3t⁴); evaluated to 8 digits outside this project.
 * Columns: continuous p*, C(p*), distance; grid p, C, distance; p at C = 0.99, 0.95, 0.90.
 */
const OPTIMA: readonly [string, Distribution, ...number[]][] = [
  ['uniform', UNIFORM, 0.74513714, 0.76568792, 0.34620403, 0.75, 0.76034532, 0.34631542, 0.270989, 0.460258, 0.57489],
  [
    'GG 4',
    generalisedNormal(4),
    0.77197396,
    0.78074796,
    0.31633421,
    0.77,
    0.78279155,
    0.31635346,
    0.290598,
    0.492559,
    0.613157,
  ],
  [
    'triangular',
    TRIANGULAR,
    0.78253047,
    0.79711022,
    0.29741765,
    0.78,
    0.79980424,
    0.29745309,
    0.326159,
    0.534131,
    0.650995,
  ],
  [
    'Gaussian',
    generalisedNormal(2),
    0.80078364,
    0.80531425,
    0.27854927,
    0.8,
    0.80611434,
    0.27855278,
    0.332205,
    0.551078,
    0.673779,
  ],
  [
    'GG 1.5',
    generalisedNormal(1.5),
    0.81688543,
    0.82034177,
    0.25653075,
    0.82,
    0.8171349,
    0.25659237,
    0.36467,
    0.590826,
    0.711544,
  ],
  [
    'logistic',
    LOGISTIC,
    0.82119474,
    0.82074708,
    0.25318556,
    0.82,
    0.82193423,
    0.25319443,
    0.359623,
    0.589663,
    0.713674,
  ],
  [
    'Laplace',
    generalisedNormal(1),
    0.84353334,
    0.84609456,
    0.21947369,
    0.84,
    0.84963605,
    0.2195662,
    0.432271,
    0.663652,
    0.775842,
  ],
  [
    'GG .75',
    generalisedNormal(0.75),
    0.86481641,
    0.86705313,
    0.18960346,
    0.86,
    0.87183726,
    0.18980434,
    0.498329,
    0.725513,
    0.826239,
  ],
  [
    'GG .5',
    generalisedNormal(0.5),
    0.89688107,
    0.89886164,
    0.1444385,
    0.9,
    0.8956116,
    0.14455773,
    0.616954,
    0.819336,
    0.895756,
  ],
  [
    'GG 1/3',
    generalisedNormal(1 / 3),
    0.92899178,
    0.93071594,
    0.09920912,
    0.93,
    0.9296713,
    0.09922765,
    0.754416,
    0.905364,
    0.95166,
  ],
];

/** C at p for uniform, Gaussian, Laplace and random (all magnitudes equal). */
const CURVES: readonly (readonly [number, number, number, number, number])[] = [
  [0.1, 0.99949987, 0.99973734, 0.99990992, 0.9486833],
  [0.25, 0.99215674, 0.99581779, 0.99839718, 0.8660254],
  [0.3, 0.98640762, 0.99269564, 0.99709499, 0.83666003],
  [0.5, 0.93541435, 0.96367737, 0.98320234, 0.70710678],
  [0.7, 0.81055537, 0.88504637, 0.93734968, 0.54772256],
  [0.75, 0.76034532, 0.8506509, 0.91476778, 0.5],
  [0.8, 0.69856997, 0.80611434, 0.88369487, 0.4472136],
  [0.9, 0.5205766, 0.66278659, 0.77159148, 0.31622777],
  [0.95, 0.37765725, 0.5282996, 0.65126562, 0.2236068],
  [0.99, 0.17233978, 0.29067449, 0.40260361, 0.1],
];

const TOTAL = 1e9;
const VARIANTS = [
  // The slope jumps between atoms, which moves the optimum by a part of an atom (2⁻¹¹ wide); the distance hardly.
  ['cells of float32 upper 16 bits', 128, false, 5e-6],
  ['fine atoms', 2048, true, 2e-4],
] as const;

describe.each(VARIANTS)('closed forms, %s', (_, perOctave, atoms, width) => {
  const curveOf = (distribution: Distribution): CosineCurve =>
    new CosineCurve(densityCells(distribution, perOctave, TOTAL, atoms));

  it.each(OPTIMA)('%s: optima and levels', (_name, distribution, p, c, d, gridP, gridC, gridD, p99, p95, p90) => {
    const curve = curveOf(distribution);
    const exact = cosineUtopia(curve);
    expect(exact?.prunedFraction).toBeWithin(width, p);
    expect(exact?.cosineSimilarity).toBeWithin(width, c);
    expect(exact?.distance).toBeWithin(1e-6, d);
    const grid = cosineUtopiaOnGrid(curve);
    expect(grid?.prunedFraction).toBe(gridP);
    expect(grid?.cosineSimilarity).toBeWithin(1e-6, gridC);
    expect(grid?.distance).toBeWithin(1e-6, gridD);
    for (const [level, fraction] of [
      [0.99, p99],
      [0.95, p95],
      [0.9, p90],
    ] as const) {
      const point = cosineLevel(curve, level);
      // dp = dC / |C′|, and |C′| > 0.1 at these levels; the table has six digits.
      expect(point?.prunedFraction).toBeWithin(5e-6, fraction);
      expect(point?.cosineSimilarity).toBeWithin(1e-8, level);
      expect(point?.interval[0]).toBeLessThanOrEqual(point?.prunedFraction ?? -1);
      expect(point?.interval[1]).toBeGreaterThanOrEqual(point?.prunedFraction ?? 2);
    }
  });

  it('uniform, Gaussian and Laplace: C(p)', () => {
    const curves = [UNIFORM, generalisedNormal(2), generalisedNormal(1)].map(curveOf);
    for (const [p, ...expected] of CURVES) {
      curves.forEach((curve, i) => {
        expect(curve.cosine(p * curve.count)).toBeWithin(1e-6, expected[i]);
      });
    }
  });
});

describe('all magnitudes equal', () => {
  const curve = new CosineCurve({
    low: Float64Array.of(0.3),
    high: Float64Array.of(0.3),
    count: Float64Array.of(TOTAL),
    energy: Float64Array.of(0.09 * TOTAL),
  });

  it('is the curve of random pruning, sqrt(1 − p)', () => {
    for (const [p, , , , expected] of CURVES) expect(curve.cosine(p * TOTAL)).toBeWithin(1e-8, expected);
  });

  it('has its optimum at 1 − p = s², 2s³ + s − 1 = 0', () => {
    const exact = cosineUtopia(curve);
    expect(exact?.prunedFraction).toBeWithin(2e-9, 0.6521896151);
    expect(exact?.cosineSimilarity).toBeWithin(2e-9, 0.5897545123);
    expect(exact?.distance).toBeWithin(1e-8, 0.53784145);
    // float32(0.65) = 0.6499999761…
    expect(cosineUtopiaOnGrid(curve)).toMatchObject({ prunedFraction: 0.65, prunedCount: 649_999_976 });
    expect(cosineUtopiaOnGrid(curve)?.distance).toBeWithin(1e-7, 0.53785132);
  });

  it.each([
    [0.99, 0.0199],
    [0.95, 0.0975],
    [0.9, 0.19],
  ])('reaches %f at %f', (level, fraction) => {
    expect(cosineLevel(curve, level)?.prunedCount).toBe(Math.round(fraction * TOTAL));
  });
});
