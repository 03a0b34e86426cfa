import type { TensorEntry } from '../formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { sketchPlan } from '../sketch/plan';
import { TensorSketch } from '../sketch/tensor-sketch';
import { InOrder } from './in-order';
import { segmentCount } from './plan';
import type { SegmentResult } from './worker-protocol';

interface Sum {
  readonly sketch: TensorSketch;
  sha256: string | undefined;
}

/** Puts the sketches of segments together to those of tensors, and hands these on in reading order. */
export class SegmentCollector {
  private readonly sums: InOrder<Sum, SegmentResult>;
  private bytes = 0;

  /** @param order indices of the tensors that are read, in the order in which `onTensor` is to get them. */
  constructor(
    private readonly tensors: readonly TensorEntry[],
    order: readonly number[],
    onTensor: (index: number, sketch: TensorSketch, sha256: string | undefined) => void,
  ) {
    this.sums = new InOrder<Sum, SegmentResult>(order, {
      pieces: (index) => segmentCount(this.tensor(index).count),
      begin: (index) => ({ sketch: emptySketch(this.tensor(index)), sha256: undefined }),
      add: (sum, { sketch, sha256 }) => {
        sum.sketch.add(sketch);
        sum.sha256 ??= sha256;
      },
      finish: (index, { sketch, sha256 }) => {
        onTensor(index, sketch, sha256);
      },
    });
  }

  /** Stored bytes whose values have been counted. */
  get bytesDone(): number {
    return this.bytes;
  }

  add(result: SegmentResult): void {
    this.bytes += result.sketch.count * BYTES_PER_ELEMENT[this.tensor(result.tensor).storage.dtype];
    this.sums.add(result);
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
