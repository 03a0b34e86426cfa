import './language';
import { parentPort } from 'node:worker_threads';
import kernelModule from 'generated:kernel';
import { errorCodec } from '../protocol/error-codec';
import { createPlainKernel } from '../sketch/plain-kernel';
import { segmentTransfer } from '../sketch/segment';
import { createWasmKernel } from '../sketch/wasm-kernel';
import { ExtentReader } from './extent-reader';
import { sketchSegment } from './sketch-segment';
import type { FromWorker, Segment, SegmentResult, ToWorker, WorkerFile } from './worker-protocol';

/** A thread of the pool: reads batches of segments and sends their sketches back. */
const kernel = createWasmKernel(kernelModule) ?? createPlainKernel();

interface Job {
  readonly id: number;
  readonly files: readonly WorkerFile[];
  readonly reader: ExtentReader;
}

let job: Job | undefined;
/** Batches follow one another even where one waits for a decompressor. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (message: ToWorker) => {
  last = last.then(() => receive(message));
});

async function receive(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'begin':
      job = {
        id: message.job,
        files: message.files,
        reader: new ExtentReader(message.files, new Int32Array(message.cancelled)),
      };
      return;
    case 'end':
      if (job?.id !== message.job) return;
      job.reader.close();
      job = undefined;
      return;
    case 'batch':
      if (job?.id === message.job) await sketchBatch(job, message.segments);
  }
}

async function sketchBatch({ id, files, reader }: Job, segments: readonly Segment[]): Promise<void> {
  try {
    const results: SegmentResult[] = [];
    for (const segment of segments) {
      const path = files[segment.storage.extents[0]?.file ?? 0]?.path ?? '';
      results.push(...(await sketchSegment(segment, path, reader, kernel)));
    }
    const transfer = results.flatMap(({ sketch }) => segmentTransfer(sketch));
    send({ kind: 'done', job: id, results }, transfer);
  } catch (error) {
    send({ kind: 'failed', job: id, error: errorCodec.encode(error) });
  }
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}
