import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { firstFile } from '../formats/storage';
import { swapByteOrder, toFloat32 } from '../values/convert';
import { elementStream, streamError, type ElementStream } from './element-stream';
import type { ExtentReader } from './extent-reader';
import type { ElementRun, WorkerFile } from './worker-protocol';

/** Hands out the values of a run of elements as float32, block by block, whatever they are stored as. */
export class ValueStream {
  private readonly path: string;
  private readonly width: number;
  private readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly elements: ElementStream;

  /**
   * @param ordered as for {@link elementStream}.
   * @param blockLength most values that are asked for at once.
   */
  constructor(
    private readonly run: ElementRun,
    files: readonly WorkerFile[],
    reader: ExtentReader,
    ordered: boolean,
    blockLength: number,
  ) {
    this.path = files[firstFile(run.storage)]?.path ?? '';
    this.width = BYTES_PER_ELEMENT[run.storage.dtype];
    this.bytes = new Uint8Array(Math.min(blockLength, run.count) * this.width);
    this.elements = elementStream(run, reader, ordered, this.path);
  }

  /**
   * The next `count` values; valid until the next call.
   * @throws {FormatError} if the file cannot be read to the end or its compressed data is damaged.
   */
  async next(count: number): Promise<Float32Array<ArrayBuffer>> {
    const { dtype, quantization, bigEndian } = this.run.storage;
    const bytes = this.bytes.subarray(0, count * this.width);
    try {
      for (let filled = 0; filled < bytes.length;) {
        const read = await this.elements(bytes.subarray(filled));
        if (read === 0) throw new Error('A tensor has fewer elements than its shape says');
        filled += read;
      }
    } catch (error) {
      throw streamError(error, this.run, this.path);
    }
    if (bigEndian === true) swapByteOrder(bytes, this.width);
    return dtype === 'float32' && quantization === undefined
      ? new Float32Array(bytes.buffer, 0, count)
      : toFloat32(bytes, dtype, quantization);
  }
}
