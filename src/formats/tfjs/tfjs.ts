import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import type { ByteExtent } from '../storage';
import { BYTES_PER_ELEMENT } from '../dtype';
import { FormatError, throwIfCancelled } from '../errors';
import { readJsonFile } from '../containers/json-cursor';
import { MAX_HEADER_BYTES } from '../limits';
import { tensorRole } from '../roles';
import { openSiblings } from '../sibling';
import type { RandomAccessSource } from '../source';
import type { Topology } from '../topology';
import { graphTopology } from './tfjs-graph';
import { layersTopology } from './tfjs-layers';
import type { StoredTopology } from './tfjs-topology';
import { readTfjsManifest, type ManifestWeight, type TfjsManifest, type WeightGroup } from './tfjs-manifest';

/** Elements of one weight of strings: vocabularies of published models have under a million. */
const MAX_STRINGS = 10_000_000;

/** Strings are passed over by their length prefixes, which are read through a window of this many bytes. */
const WINDOW_BYTES = 65_536;

const REMEDY = l10n.t('Copy or download model.json and all its weight files again.');

const LABELS: Readonly<Record<TfjsManifest['kind'], string>> = {
  'graph-model': l10n.t('TensorFlow.js graph model'),
  'layers-model': l10n.t('TensorFlow.js layers model'),
  'weights-manifest': l10n.t('TensorFlow.js weights manifest'),
};

/** A TensorFlow.js model (`model.json` and its binary shards), or a bare weights manifest with its shards. */
export const tfjsReader: FormatReader = {
  id: 'tfjs',
  extensions: ['json'],
  matches(head: Uint8Array): boolean {
    const text = Buffer.from(head).toString('latin1');
    // A bare manifest is an array of groups, each of which starts with one of its two keys.
    if (/^(?:\xef\xbb\xbf)?\s*\[\s*\{\s*"(?:weights|paths)"\s*:/.test(text)) return true;
    return (
      /^(?:\xef\xbb\xbf)?\s*\{/.test(text) && /"(?:modelTopology|weightsManifest|graph-model|layers-model)"/.test(text)
    );
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const { kind, groups, topology } = readTfjsManifest(await readJsonFile(source, MAX_HEADER_BYTES, REMEDY, signal));
    const fileIndices = new Map<string, number>();
    for (const name of groups.flatMap(({ paths }) => paths)) {
      if (!fileIndices.has(name)) fileIndices.set(name, fileIndices.size);
    }
    const shards = await openSiblings(source.path, [...fileIndices.keys()], (name) => context.openSibling(name));
    const tensors: TensorEntry[] = [];
    const notes: CheckpointNote[] = [];
    const strings: string[] = [];
    for (const group of groups) {
      const files = group.paths.map((path) => fileIndices.get(path) ?? 0);
      const bytes = new GroupBytes(source.path, files, shards);
      const leftOver = await layOut(group, bytes, tensors, strings, signal);
      if (leftOver > 0) {
        notes.push({
          code: 'trailing-bytes',
          message: l10n.t('{0} bytes at the end of {1} belong to no weight.', leftOver, group.paths.at(-1) ?? ''),
        });
      }
    }
    if (strings.length > 0) {
      notes.push({ code: 'string-tensors', message: l10n.t('Tensors of strings are not analyzed.'), tensors: strings });
    }
    return {
      format: 'tfjs',
      formatLabel: shards.length > 1 ? l10n.t('{0}, {1} shards', LABELS[kind], shards.length) : LABELS[kind],
      files: shards.map(({ path, size }) => ({ path, size })),
      tensors,
      ...(topology === undefined ? {} : { topology: describeTopology(topology, tensors) }),
      notes,
    };
  },
};

function describeTopology(topology: StoredTopology, tensors: readonly TensorEntry[]): Topology {
  return topology.kind === 'graph' ? graphTopology(topology.nodes, tensors) : layersTopology(topology, tensors);
}

/** Places the weights of one group one after the other. @returns the number of bytes that are left over */
async function layOut(
  group: WeightGroup,
  bytes: GroupBytes,
  tensors: TensorEntry[],
  strings: string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let offset = 0;
  for (const weight of group.weights) {
    if (weight.dtype === undefined || weight.storedDtype === undefined) {
      offset += await stringBytes(weight, offset, bytes, signal);
      strings.push(weight.name);
      continue;
    }
    const { name, dtype, shape, count, storedDtype, quantization } = weight;
    const length = count * BYTES_PER_ELEMENT[storedDtype];
    const extents = bytes.extents(offset, length, name);
    offset += length;
    tensors.push({
      name,
      dtype,
      shape,
      count,
      role: tensorRole(name, shape, dtype),
      storage: { dtype: storedDtype, extents, ...(quantization === undefined ? {} : { quantization }) },
    });
  }
  return bytes.size - offset;
}

/** The bytes of one group: its shards, one after the other. */
class GroupBytes {
  readonly size: number;
  /** Offset in the group of the first byte of each shard. */
  private readonly starts: readonly number[];
  private window = new Uint8Array(0);
  private windowStart = 0;

  /** @param files Indices into `shards` and into the checkpoint's files. */
  constructor(
    readonly manifest: string,
    private readonly files: readonly number[],
    private readonly shards: readonly RandomAccessSource[],
  ) {
    let size = 0;
    const starts: number[] = [];
    for (const file of files) {
      starts.push(size);
      size += shards[file]?.size ?? 0;
    }
    this.starts = starts;
    this.size = size;
  }

  extents(offset: number, length: number, tensor: string): ByteExtent[] {
    this.check(offset, length, tensor);
    const extents: ByteExtent[] = [];
    const end = offset + length;
    for (let index = this.shardAt(offset); index < this.files.length; index++) {
      const start = this.starts[index] ?? 0;
      if (start >= end) break;
      const file = this.files[index] ?? 0;
      const from = Math.max(offset, start);
      const to = Math.min(end, start + (this.shards[file]?.size ?? 0));
      if (to > from) extents.push({ file, offset: from - start, length: to - from });
    }
    return extents;
  }

  /** Index of the last shard that starts at or before `offset`. */
  private shardAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  /** The 32-bit little-endian integer at `offset`. */
  async uint32(offset: number, tensor: string, signal: AbortSignal | undefined): Promise<number> {
    this.check(offset, 4, tensor);
    if (offset < this.windowStart || offset + 4 > this.windowStart + this.window.length) {
      throwIfCancelled(signal);
      const length = Math.min(WINDOW_BYTES, this.size - offset);
      const window = new Uint8Array(length);
      let filled = 0;
      for (const extent of this.extents(offset, length, tensor)) {
        const part = await this.shards[extent.file]?.read(extent.offset, extent.length, signal);
        if (part !== undefined) window.set(part, filled);
        filled += extent.length;
      }
      this.window = window;
      this.windowStart = offset;
    }
    return new DataView(this.window.buffer).getUint32(offset - this.windowStart, true);
  }

  /** @throws {FormatError} if the group has no such bytes */
  check(offset: number, length: number, tensor: string): void {
    if (offset + length <= this.size) return;
    const last = this.shards[this.files.at(-1) ?? -1];
    throw new FormatError({
      file: last?.path ?? this.manifest,
      tensor,
      offset: last?.size,
      reason: l10n.t(
        'is cut off: the manifest places it in bytes {0} to {1} of {2}',
        offset,
        offset + length,
        this.size,
      ),
      remedy: REMEDY,
    });
  }
}

/** Bytes of a weight of strings: each is a 32-bit length and that many bytes of UTF-8. */
async function stringBytes(
  { name, count }: ManifestWeight,
  start: number,
  bytes: GroupBytes,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (count > MAX_STRINGS) {
    throw new FormatError({
      file: bytes.manifest,
      tensor: name,
      reason: l10n.t('has {0} strings; at most {1} are passed over', count, MAX_STRINGS),
      remedy: REMEDY,
    });
  }
  let offset = start;
  for (let index = 0; index < count; index++) offset += 4 + (await bytes.uint32(offset, name, signal));
  bytes.check(start, offset - start, name);
  return offset - start;
}
