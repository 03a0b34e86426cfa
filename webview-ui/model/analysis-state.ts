import { CosineCurve } from '../../src/limits/cosine-curve';
import type { AnalysisEvent, LayerResult, ModelUpdate } from '../../src/protocol/analysis';
import type { FileFacts, LimitEstimate, LimitScope, TensorFacts } from '../../src/report/report';
import { rowGroup, type RowGroup } from './layer-rows';
import { ProgressMeter, type Progress } from './progress-meter';

/** All that the host has told about the analysis so far. The host owns it; it is never stored here. */
export class AnalysisState {
  file: FileFacts | undefined;
  tensors: readonly TensorFacts[] = [];
  totalBytes = 0;
  bytesDone = 0;
  update: ModelUpdate | undefined;
  /** Tensors by group: what the filter chips count, and whether the scope "weights" makes sense. */
  groupSizes: Readonly<Record<RowGroup, number>> = { weights: 0, vectors: 0, others: 0 };
  /** Characters that nine of ten names of prunable tensors do not exceed. */
  typicalNameLength = 0;
  /** Number of tensors whose values have been read. */
  readCount = 0;

  private results: (LayerResult | undefined)[] = [];
  private originals = new Map<string, number>();
  private meter = new ProgressMeter(0);
  private curves = new Map<LimitScope, CosineCurve>();

  /** @param now milliseconds of a clock that does not jump */
  apply(event: AnalysisEvent, now: number): void {
    switch (event.type) {
      case 'opened': {
        this.file = event.file;
        this.tensors = event.tensors;
        this.totalBytes = event.totalBytes;
        this.results = new Array<LayerResult | undefined>(event.tensors.length);
        this.meter = new ProgressMeter(event.totalBytes);
        const sizes = { weights: 0, vectors: 0, others: 0 };
        event.tensors.forEach((tensor, index) => {
          sizes[rowGroup(tensor)]++;
          this.originals.set(tensor.name, index);
        });
        this.groupSizes = sizes;
        this.typicalNameLength = typicalLength(event.tensors.filter(({ prunable }) => prunable));
        return;
      }
      case 'layers':
        for (const layer of event.layers) {
          if (this.results[layer.index] === undefined) this.readCount++;
          this.results[layer.index] = layer;
        }
        this.advance(event.bytesDone, now);
        return;
      case 'model':
        this.update = event.update;
        this.curves.clear();
        this.advance(event.bytesDone, now);
    }
  }

  progress(): Progress {
    return this.meter.progress();
  }

  /** What is known of a tensor's values; a tied tensor has those of its original. */
  result(index: number): LayerResult | undefined {
    const own = this.results[index];
    if (own !== undefined) return own;
    const original = this.tensors[index]?.aliasOf;
    const at = original === undefined ? undefined : this.originals.get(original);
    return at === undefined ? undefined : this.results[at];
  }

  indexOf(name: string): number | undefined {
    return this.originals.get(name);
  }

  /** The whole model's curve; undefined until there is one with values in it. */
  curve(scope: LimitScope): CosineCurve | undefined {
    const known = this.curves.get(scope);
    if (known !== undefined) return known;
    const cells = this.update?.magnitudes[scope];
    if (cells === undefined || cells.count.length === 0) return undefined;
    const curve = new CosineCurve(cells);
    this.curves.set(scope, curve);
    return curve;
  }

  limits(scope: LimitScope): readonly LimitEstimate[] {
    return this.update?.limits.filter((limit) => limit.scope === scope) ?? [];
  }

  private advance(bytesDone: number, now: number): void {
    this.bytesDone = Math.max(this.bytesDone, bytesDone);
    this.meter.observe(this.bytesDone, now);
  }
}

function typicalLength(tensors: readonly TensorFacts[]): number {
  const lengths = Uint32Array.from(tensors, ({ name }) => name.length).sort();
  return lengths[Math.floor(0.9 * lengths.length)] ?? 0;
}
