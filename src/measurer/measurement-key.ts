import { createHash, type Hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { DataSet, PreparedSamples } from '../data/dataset';
import type { MeasureOptions } from '../measurement/measure';
import type { ParameterLayout } from '../measurement/objective';
import type { BackendFacts, LossKind } from '../report/measurement';
import { modelKey } from '../engine/model-key';
import { openModel } from '../engine/open-model';

/** Hashed at once; others have their turn between. */
const BYTES_AT_A_TIME = 2 ** 26;

export interface MeasurementIdentity {
  /** Absolute path of the model file. */
  readonly model: string;
  /** Of the program: what it computes changes with it. */
  readonly program: string;
  readonly layout: readonly ParameterLayout[];
  readonly weights: Float32Array;
  /** As the network takes them: what was chosen of the data, and how it was normalised, is in them. */
  readonly data: DataSet;
  readonly loss: LossKind;
  readonly batch: number;
  readonly options: MeasureOptions;
  readonly backend: BackendFacts;
  /** That compute shares of the samples. */
  readonly threads: number;
}

/**
 * All that decides what a measurement finds, to the last bit, as a text: the model file, its parameters and their places, the
 * samples, the settings and the program, and what is known of how numbers come about (backend, rounding of its self-test,
 * machine). Rejects as reading the model does.
 */
export async function measurementKey(identity: MeasurementIdentity, signal: AbortSignal): Promise<string> {
  const { model, program, layout, weights, data, loss, batch, options, backend, threads } = identity;
  const opened = await openModel(model, signal);
  const file = await modelKey(opened).finally(() => opened.close());
  const { name, selfTestError } = backend;
  return JSON.stringify({
    program,
    file,
    parameters: await hashed([JSON.stringify(layout), weights]),
    train: await samplesHash(data.train),
    test: data.test === undefined ? null : await samplesHash(data.test),
    ...{ loss, batch, options, backend: [name, selfTestError, threads] },
    machine: [process.version, process.platform, process.arch, availableParallelism()],
  });
}

function samplesHash({ count, inputs, targets }: PreparedSamples): Promise<string> {
  const compared = targets.kind === 'classes' ? [targets.labels, targets.classes] : [targets.values, targets.size];
  const [numbers, size] = compared as [Int32Array | Float32Array, number];
  return hashed([
    JSON.stringify([inputs.map(({ shape }) => shape), count, targets.kind, size]),
    ...inputs.map(({ values }) => values),
    numbers,
  ]);
}

/** SHA-256, hexadecimal. */
async function hashed(parts: readonly (string | Float32Array | Int32Array)[]): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') hash.update(part);
    else await update(hash, new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest('hex');
}

async function update(hash: Hash, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length; from += BYTES_AT_A_TIME) {
    hash.update(bytes.subarray(from, from + BYTES_AT_A_TIME));
    await new Promise(setImmediate);
  }
}
