import type { TensorEntry } from '../formats/checkpoint';
import { sketchPlan } from '../sketch/plan';
import { TensorSketch } from '../sketch/tensor-sketch';
import { Piecewise } from './piecewise';
import { segmentCount, storedBytes } from './plan';
import type { SegmentResult } from './worker-protocol';

interface Sum {
  readonly sketch: TensorSketch;
  sha256: string | undefined;
}

/**
 * Puts the sketches of segments together to those of tensors, and hands these on in reading order, so that nothing in a
 * report depends on which thread was faster.
 */
export class SegmentCollector {
  private readonly sums: Piecewise<Sum, SegmentResult>;
  private readonly finished = new Map<number, Sum>();
  private turn = 0;
  private bytes = 0;

  /** @param order indices of the tensors that are read, in the order in which `onTensor` is to get them. */
  constructor(
    private readonly tensors: readonly TensorEntry[],
    private readonly order: readonly number[],
    private readonly onTensor: (index: number, sketch: TensorSketch, sha256: string | undefined) => void,
  ) {
    this.sums = new Piecewise<Sum, SegmentResult>({
      pieces: (index) => segmentCount(this.tensor(index).count),
      begin: (index) => ({ sketch: emptySketch(this.tensor(index)), sha256: undefined }),
      add: (sum, { sketch, sha256 }) => {
        sum.sketch.add(sketch);
        sum.sha256 ??= sha256;
      },
      complete: (index, sum) => {
        this.finished.set(index, sum);
        this.handOn();
      },
    });
  }

  /** Stored bytes whose values have been counted. */
  get bytesDone(): number {
    return Math.round(this.bytes);
  }

  add(result: SegmentResult): void {
    const tensor = this.tensor(result.tensor);
    this.bytes += storedBytes(tensor) * (result.sketch.count / tensor.count);
    this.sums.add(result);
  }

  private handOn(): void {
    for (;;) {
      const index = this.order[this.turn];
      const done = index === undefined ? undefined : this.finished.get(index);
      if (index === undefined || done === undefined) return;
      this.finished.delete(index);
      this.turn++;
      this.onTensor(index, done.sketch, done.sha256);
    }
  }

  private tensor(index: number): TensorEntry {
    const tensor = this.tensors[index];
    if (tensor === undefined) throw new RangeError(`There is no tensor ${index}`);
    return tensor;
  }
}

function emptySketch(tensor: TensorEntry): TensorSketch {
  const plan = sketchPlan(tensor.storage);
  if (plan === undefined) throw new Error(`Tensor "${tensor.name}" cannot be sketched`);
  return new TensorSketch(plan);
}
