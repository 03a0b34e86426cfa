import { findSuperblock, readHdf5, type Hdf5Content } from '../containers/hdf5/hdf5';
import { ZipArchive } from '../containers/zip';
import { MAX_HEADER_BYTES } from '../limits';
import type { RandomAccessSource } from '../source';
import { wantsAttribute } from './keras-tensors';

/** What a model is besides its weights. */
export interface KerasArchitecture {
  /** The configuration of its layers, JSON. */
  readonly config: string;
  /** Of the Keras that wrote it, e.g. `3.15.1`; undefined if the file does not say. */
  readonly version: string | undefined;
}

/** Entries of a `.keras` archive. */
export const CONFIG = 'config.json';
const METADATA = 'metadata.json';

/**
 * The architecture in a file of Keras (`.keras`, or `.h5` of a whole model); undefined if it holds weights only.
 * @throws {FormatError}
 */
export async function readKerasArchitecture(
  source: RandomAccessSource,
  signal?: AbortSignal,
): Promise<KerasArchitecture | undefined> {
  const head = await source.read(0, Math.min(4096, source.size), signal);
  if (findSuperblock(head) !== undefined) {
    return hdf5Architecture(await readHdf5(source, { signal, wants: wantsAttribute }));
  }
  // The index of a model in several files: what it is besides weights is not among them.
  if (head[0] !== 0x50 || head[1] !== 0x4b) return undefined;
  return await archiveArchitecture(await ZipArchive.open(source, signal), signal);
}

export function hdf5Architecture({ groups }: Pick<Hdf5Content, 'groups'>): KerasArchitecture | undefined {
  const root = groups.get('');
  const [config] = root?.get('model_config') ?? [];
  const [version] = root?.get('keras_version') ?? [];
  return config === undefined ? undefined : { config, version };
}

export async function archiveArchitecture(
  zip: ZipArchive,
  signal: AbortSignal | undefined,
): Promise<KerasArchitecture | undefined> {
  const config = await textOf(zip, CONFIG, signal);
  if (config === undefined) return undefined;
  const metadata = await textOf(zip, METADATA, signal);
  // A short file that Keras writes in one go; what else may be in it does not matter.
  const [, version] = /"keras_version":\s*"([^"]{1,40})"/.exec(metadata ?? '') ?? [];
  return { config, version };
}

async function textOf(zip: ZipArchive, name: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const entry = zip.get(name);
  if (entry === undefined) return undefined;
  return Buffer.from(await zip.read(entry, MAX_HEADER_BYTES, signal)).toString('utf8');
}
