import * as l10n from '@vscode/l10n';
import type { LimitEstimate, LimitMethod } from '../../src/report/report';

/** What a pin's colour and shape say. */
export type PinKind = 'safe' | 'utopia' | 'variant' | 'baseline' | 'measured';

interface MethodLook {
  readonly kind: PinKind;
  readonly label: string;
  readonly short: string;
  /** Smaller is more important: its label is placed first, and it gives its name to a pin shared by several. */
  readonly rank: number;
}

const LOOKS: Readonly<Record<LimitMethod, MethodLook>> = {
  'cosine-utopia-grid': { kind: 'utopia', label: l10n.t('best trade-off'), short: l10n.t('best trade-off'), rank: 0 },
  'cosine-0.99': { kind: 'safe', label: l10n.t('cosine 0.99, no fine-tuning'), short: l10n.t('cosine 0.99'), rank: 1 },
  'cosine-0.95': { kind: 'safe', label: l10n.t('cosine 0.95'), short: l10n.t('cosine 0.95'), rank: 4 },
  'cosine-safe': { kind: 'variant', label: l10n.t('safe prune'), short: l10n.t('safe prune'), rank: 5 },
  'cosine-utopia-layerwise': { kind: 'variant', label: l10n.t('layer by layer'), short: l10n.t('layerwise'), rank: 6 },
  'cosine-utopia': { kind: 'utopia', label: l10n.t('best trade-off, exact'), short: l10n.t('exact'), rank: 7 },
  'optimizer-curvature': {
    kind: 'variant',
    label: l10n.t('from optimiser state'),
    short: l10n.t('optimiser'),
    rank: 8,
  },
  'random-0.99': { kind: 'baseline', label: l10n.t('random to 0.99'), short: l10n.t('random'), rank: 9 },
  'measured-loss': { kind: 'measured', label: l10n.t('measured: loss within ε'), short: l10n.t('measured'), rank: 2 },
  'statistical-dimension': {
    kind: 'measured',
    label: l10n.t('predicted with data'),
    short: l10n.t('predicted'),
    rank: 3,
  },
  'measured-accuracy': {
    kind: 'measured',
    label: l10n.t('measured: accuracy −1 point'),
    short: l10n.t('accuracy −1 point'),
    rank: 10,
  },
  'direct-quadratic': { kind: 'measured', label: l10n.t('direct test'), short: l10n.t('direct test'), rank: 11 },
};

/** Pins closer than this fraction of the axis would lie on each other: they become one. */
const SAME_PLACE = 0.006;

/** A mark on the ruler: one estimate, or several that agree. */
export interface LimitPin {
  readonly kind: PinKind;
  readonly prunedFraction: number;
  readonly label: string;
  readonly short: string;
  readonly rank: number;
  /** The pin's own estimate first. */
  readonly estimates: readonly LimitEstimate[];
}

/** The name of a method for people. */
export function methodLabel(method: LimitMethod): string {
  return LOOKS[method].label;
}

/** The colour in which a method is marked, wherever it is. */
export function methodKind(method: LimitMethod): PinKind {
  return LOOKS[method].kind;
}

/**
 * The pins of one scope's estimates, by pruned fraction. The two forms of the best trade-off (on the grid of the
 * authors, and over all counts) are the same idea and always one pin; others join a pin that they would cover.
 */
export function limitPins(estimates: readonly LimitEstimate[]): readonly LimitPin[] {
  const ranked = [...estimates].sort((a, b) => LOOKS[a.method].rank - LOOKS[b.method].rank);
  const groups: LimitEstimate[][] = [];
  for (const estimate of ranked) {
    const group = groups.find(([first]) => first !== undefined && together(first, estimate));
    if (group === undefined) groups.push([estimate]);
    else group.push(estimate);
  }
  const pins = groups.flatMap((group): readonly LimitPin[] => {
    const [first] = group;
    if (first === undefined) return [];
    const look = LOOKS[first.method];
    const others = group.slice(1).filter((other) => other.method !== 'cosine-utopia');
    const also = (name: 'label' | 'short'): string => others.map((other) => ` = ${LOOKS[other.method][name]}`).join('');
    return [
      {
        kind: look.kind,
        prunedFraction: first.prunedFraction,
        label: look.label + also('label'),
        short: look.short + (others.length > 0 ? ` +${String(others.length)}` : ''),
        rank: look.rank,
        estimates: group,
      },
    ];
  });
  return pins.sort((a, b) => a.prunedFraction - b.prunedFraction);
}

function together(first: LimitEstimate, other: LimitEstimate): boolean {
  if (first.method === 'cosine-utopia-grid' && other.method === 'cosine-utopia') return true;
  return Math.abs(first.prunedFraction - other.prunedFraction) < SAME_PLACE;
}

/** A label that wants to be centred at `at`. */
export interface LabelWish {
  readonly at: number;
  readonly width: number;
  /** How much it minds being moved. */
  readonly weight: number;
}

/**
 * Centres for labels on one line, in the order given (ascending `at`), moved as little as possible (weighted least squares) so
 * that neighbours keep `gap` and all stay inside [from, to]. Undefined if they do not fit on one line.
 *
 * Isotonic regression by pooling adjacent violators: subtracting from each wish the room that the labels before it take
 * turns "no overlap" into "ascending".
 */
export function placeLabels(
  wishes: readonly LabelWish[],
  from: number,
  to: number,
  gap: number,
): readonly number[] | undefined {
  const first = wishes[0];
  const last = wishes[wishes.length - 1];
  if (first === undefined || last === undefined) return [];
  const offsets: number[] = [];
  let offset = 0;
  wishes.forEach((wish, i) => {
    const before = wishes[i - 1];
    if (before !== undefined) offset += before.width / 2 + gap + wish.width / 2;
    offsets.push(offset);
  });
  const low = from + first.width / 2;
  const high = to - last.width / 2 - offset;
  if (high < low) return undefined;
  const pools: { sum: number; weight: number; size: number }[] = [];
  wishes.forEach((wish, i) => {
    const { weight } = wish;
    let pool = { sum: weight * (wish.at - (offsets[i] ?? 0)), weight, size: 1 };
    for (
      let top = pools.at(-1);
      top !== undefined && top.sum / top.weight > pool.sum / pool.weight;
      top = pools.at(-1)
    ) {
      pools.pop();
      pool = { sum: pool.sum + top.sum, weight: pool.weight + top.weight, size: pool.size + top.size };
    }
    pools.push(pool);
  });
  const centres = pools.flatMap(({ sum, weight, size }) => new Array<number>(size).fill(sum / weight));
  return centres.map((centre, i) => Math.min(high, Math.max(low, centre)) + (offsets[i] ?? 0));
}
