import './language';
import { parentPort } from 'node:worker_threads';
import kernelModule from 'generated:kernel';
import { JointMagnitudes } from '../compare/joint-magnitudes';
import { firstFile } from '../formats/storage';
import { errorCodec } from '../protocol/error-codec';
import { createPlainKernel } from '../sketch/plain-kernel';
import { segmentTransfer } from '../sketch/segment';
import { createWasmKernel } from '../sketch/wasm-kernel';
import { comparePair, pairTransfer } from './compare-segment';
import { ExtentReader } from './extent-reader';
import { sketchSegment } from './sketch-segment';
import type {
  AnyBatch,
  FromWorker,
  PairResult,
  PairSegment,
  Segment,
  SegmentResult,
  ToWorker,
  WorkerFile,
} from './worker-protocol';

/** A thread of the pool: reads batches of segments and sends back what they give. */
const kernel = createWasmKernel(kernelModule) ?? createPlainKernel();
/** Made for the first comparison: most threads never see one. */
let magnitudes: JointMagnitudes | undefined;

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
      if (job?.id === message.job) await answer(job.id, workOn(message, job));
  }
}

interface Outcome {
  readonly results: (FromWorker & { kind: 'done' })['results'];
  readonly transfer: ArrayBuffer[];
}

function workOn(batch: AnyBatch, { files, reader }: Job): Promise<Outcome> {
  switch (batch.work) {
    case 'sketch':
      return sketchAll(batch.segments, files, reader);
    case 'compare':
      return compareAll(batch.segments, files, reader);
  }
}

async function sketchAll(
  segments: readonly Segment[],
  files: readonly WorkerFile[],
  reader: ExtentReader,
): Promise<Outcome> {
  const results: SegmentResult[] = [];
  for (const segment of segments) {
    const path = files[firstFile(segment.storage)]?.path ?? '';
    results.push(...(await sketchSegment(segment, path, reader, kernel)));
  }
  return { results, transfer: results.flatMap(({ sketch }) => segmentTransfer(sketch)) };
}

async function compareAll(
  segments: readonly PairSegment[],
  files: readonly WorkerFile[],
  reader: ExtentReader,
): Promise<Outcome> {
  magnitudes ??= new JointMagnitudes();
  const results: PairResult[] = [];
  for (const segment of segments) results.push(...(await comparePair(segment, files, reader, magnitudes)));
  return { results, transfer: results.flatMap(pairTransfer) };
}

async function answer(id: number, outcome: Promise<Outcome>): Promise<void> {
  try {
    const { results, transfer } = await outcome;
    send({ kind: 'done', job: id, results }, transfer);
  } catch (error) {
    send({ kind: 'failed', job: id, error: errorCodec.encode(error) });
  }
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}
