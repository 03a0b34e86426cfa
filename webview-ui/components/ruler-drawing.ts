import * as l10n from '@vscode/l10n';
import { nothing, svg, type SVGTemplateResult } from 'lit';
import type { CosineCurve } from '../../src/limits/cosine-curve';
import { percent } from '../../src/report/number-text';
import { cosineAt, randomCosine, type PlacedPin, type RulerGeometry } from '../model/ruler-geometry';

/** Under this width of the plot, ticks and numbers are thinned out. */
const NARROW = 640;

/** The curve's name begins at this pruned fraction at most. */
const LATEST_NAME = 0.6;

/** What does not follow the handle: axes, curves, pins. The pruned side of the area is clipped by `#pruned`. */
export function drawRuler(geometry: RulerGeometry, curve: CosineCurve | undefined): SVGTemplateResult {
  const { left, right, base, stripBase } = geometry;
  return svg`
    ${[0, 0.25, 0.5, 0.75, 1].map(
      (
        cosine,
      ) => svg`<line class="grid" x1=${left} x2=${right} y1=${geometry.y(cosine) + 0.5} y2=${geometry.y(cosine) + 0.5} />
        <text x=${left - 8} y=${geometry.y(cosine) + 4} text-anchor="end">${cosine === 0 || cosine === 1 ? cosine : cosine.toFixed(2)}</text>`,
    )}
    <rect class="strip" x=${left + 0.5} y=${base + 0.5} width=${right - left} height=${stripBase - base} />
    ${ticks(geometry)}
    ${curve === undefined ? nothing : curves(geometry, cosineAt(curve))}
    ${geometry.pins.map((pin) => pinMark(geometry, pin))}`;
}

function curves(geometry: RulerGeometry, cosine: (prunedFraction: number) => number): SVGTemplateResult {
  const { left, right, base, top } = geometry;
  const line = geometry.path(cosine);
  const area = `${line}L${String(right)} ${String(base)}L${String(left)} ${String(base)}Z`;
  const best = geometry.pins.find((placed) => placed.pin.kind === 'utopia');
  const safe = geometry.pins.find((placed) =>
    placed.pin.estimates.some((estimate) => estimate.method === 'cosine-0.99'),
  );
  // Where the limits are high, the handle's cosine stands left of it: the curve's name keeps away from there.
  const latest = right - left < NARROW ? 0 : LATEST_NAME;
  const nameAt = geometry.fractionAt(Math.min(safe?.x ?? geometry.x(0.45), geometry.x(latest)) + 8);
  const reach = (kind: string, from: number, to: number): SVGTemplateResult | typeof nothing =>
    to > from
      ? svg`<rect class="reach ${kind}" x=${from} y=${geometry.stripBase - 1} width=${to - from} height="2" />`
      : nothing;
  return svg`
    <path class="area" d=${area} />
    <path class="area pruned" d=${area} clip-path="url(#pruned)" />
    <path class="random" d=${geometry.path(randomCosine)} />
    ${best === undefined ? nothing : svg`<line class="distance" x1=${best.x} y1=${geometry.y(cosine(best.pin.prunedFraction))} x2=${right} y2=${top} />`}
    <path class="curve" d=${line} />
    <circle class="corner" cx=${right} cy=${top} r="3"><title>${l10n.t('Ideal: cosine 1 with everything pruned. The best trade-off is the point of the curve nearest to it.')}</title></circle>
    ${reach('safe', left, safe?.x ?? left)} ${reach('utopia', safe?.x ?? left, best?.x ?? left)}
    <text class="curve-name aside" x=${geometry.x(nameAt)} y=${geometry.y(cosine(nameAt)) + 17}>${l10n.t('smallest weights first')}</text>
    <text class="aside" x=${geometry.x(nameAt)} y=${geometry.y(randomCosine(geometry.fractionAt(geometry.x(nameAt) + 56))) + 14}>${l10n.t('at random')}</text>`;
}

function ticks(geometry: RulerGeometry): readonly SVGTemplateResult[] {
  const { base, left, right } = geometry;
  const narrow = right - left < NARROW;
  const marks: SVGTemplateResult[] = [];
  for (let i = 1; i < 100; i++) {
    const ten = i % 10 === 0;
    const five = i % 5 === 0;
    if (narrow && !five) continue;
    const x = Math.round(geometry.x(i / 100)) + 0.5;
    const length = ten ? 8 : five ? 6 : 4;
    marks.push(svg`<line class="tick ${ten ? 'ten' : ''}" x1=${x} x2=${x} y1=${base + 1} y2=${base + length} />`);
    if (ten && (!narrow || i % 20 === 0)) marks.push(svg`<text x=${x} y=${base + 19} text-anchor="middle">${i}</text>`);
  }
  marks.push(
    svg`<text x=${left + 6} y=${base + 19}>${percent(0)}</text><text x=${right - 6} y=${base + 19} text-anchor="end">${percent(1)}</text>`,
  );
  return marks;
}

function pinMark(geometry: RulerGeometry, placed: PlacedPin): SVGTemplateResult {
  const { pin, x, labelX, labelTop, inline } = placed;
  const { stripBase } = geometry;
  const cosine = pin.estimates[0]?.cosineSimilarity;
  // a curve point for estimates on the curve; random pruning has its own curve
  const onCurve = cosine !== undefined && pin.kind !== 'variant';
  const leader = !inline && Math.abs(labelX - x) > 6;
  return svg`<g class="pin ${pin.kind}">
    ${onCurve && pin.kind !== 'baseline' ? svg`<line class="drop" x1=${x} x2=${x} y1=${geometry.y(cosine)} y2=${geometry.base} />` : nothing}
    ${onCurve ? svg`<circle cx=${x} cy=${geometry.y(cosine)} r=${placed.primary ? 3 : 2} />` : nothing}
    <path class="mark" d=${markPath(placed)} transform="translate(${x.toFixed(1)} ${stripBase + 3})" />
    ${leader ? svg`<path class="leader" d="M${x.toFixed(1)} ${stripBase + 12}V${stripBase + 14}L${labelX.toFixed(1)} ${labelTop - 1}" />` : nothing}
  </g>`;
}

/** Large triangles for the answer, small ones for the others; hollow where it is a variant of another method. */
export function markPath({ primary }: PlacedPin): string {
  return primary ? 'M0 0l4.5 7h-9Z' : 'M0 0.5l3.5 6h-7Z';
}
