import type { TensorEntry } from '../formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { sketchPlan } from '../sketch/plan';
import { TensorSketch } from '../sketch/tensor-sketch';
import { segmentCount } from './plan';
import type { SegmentResult } from './worker-protocol';

interface Pending {
  readonly sketch: TensorSketch;
  /** Results that came before their turn, by ordinal. */
  readonly early: Map<number, SegmentResult>;
  next: number;
  sha256: string | undefined;
}

/**
 * Puts the threads' results together in order of position, and hands on the tensors in reading order, so that nothing
 * in a report depends on which thread was faster.
 */
export class SegmentCollector {
  private readonly pending = new Map<number, Pending>();
  private readonly finished = new Map<number, Pending>();
  private turn = 0;
  private bytes = 0;

  /** @param order indices of the tensors that are read, in the order in which `onTensor` is to get them. */
  constructor(
    private readonly tensors: readonly TensorEntry[],
    private readonly order: readonly number[],
    private readonly onTensor: (index: number, sketch: TensorSketch, sha256: string | undefined) => void,
  ) {}

  /** Stored bytes whose values have been counted. */
  get bytesDone(): number {
    return this.bytes;
  }

  add(result: SegmentResult): void {
    const tensor = this.tensors[result.tensor];
    if (tensor === undefined) throw new RangeError(`There is no tensor ${result.tensor}`);
    this.bytes += result.sketch.count * BYTES_PER_ELEMENT[tensor.storage.dtype];
    const pending = this.pendingFor(result.tensor, tensor);
    pending.early.set(result.ordinal, result);
    for (let ready = pending.early.get(pending.next); ready !== undefined; ready = pending.early.get(pending.next)) {
      pending.early.delete(pending.next);
      pending.next++;
      pending.sketch.add(ready.sketch);
      pending.sha256 ??= ready.sha256;
    }
    if (pending.next < segmentCount(tensor)) return;
    this.pending.delete(result.tensor);
    this.finished.set(result.tensor, pending);
    this.handOn();
  }

  private pendingFor(index: number, tensor: TensorEntry): Pending {
    const known = this.pending.get(index);
    if (known !== undefined) return known;
    const plan = sketchPlan(tensor.storage);
    if (plan === undefined) throw new Error(`Tensor "${tensor.name}" cannot be sketched`);
    const pending: Pending = { sketch: new TensorSketch(plan), early: new Map(), next: 0, sha256: undefined };
    this.pending.set(index, pending);
    return pending;
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
}
