import * as l10n from '@vscode/l10n';
import type { OpenContext } from '../checkpoint';
import type { StoredValue, ZarrStore } from '../containers/zarr-arrays';
import { FormatError, throwIfCancelled } from '../errors';
import { MAX_TENSORS } from '../limits';
import type { RandomAccessSource } from '../source';
import { MAX_NODE_BYTES, OcdbtInput, type DataFile } from './ocdbt-input';

const MANIFEST_MAGIC = 0x0cdb3a2a;
const NODE_MAGIC = 0x0cdb20de;

/** A manifest has a table of versions, of which TensorStore keeps some tens. */
const MAX_MANIFEST_BYTES = 10_000_000;

/** Nodes of one tree. Each of them holds hundreds of keys. */
const MAX_NODES = 20_000;

/** Bytes of all nodes, decompressed: room for {@link MAX_TENSORS} arrays with metadata of 500 bytes and as much of values. */
const MAX_TREE_BYTES = 400_000_000;

/** Keys: an array has its metadata and its chunks. */
const MAX_KEYS = 2 * MAX_TENSORS;

/** A node of the tree: where it is, and the beginning of all keys in it. */
interface NodeReference {
  readonly file: DataFile;
  readonly offset: number;
  readonly length: number;
  readonly height: number;
  readonly prefix: string;
}

/** Whether a file begins as a manifest of OCDBT does. */
export function isOcdbtManifest(head: Uint8Array): boolean {
  return head.length >= 4 && new DataView(head.buffer, head.byteOffset).getUint32(0) === MANIFEST_MAGIC;
}

/**
 * Reads the newest version of an OCDBT database (https://google.github.io/tensorstore/kvstore/ocdbt/index.html, "Storage
 * format"): the manifest, then the nodes of its tree. Values stay in the files, but for small ones that are in the nodes.
 * @param manifests names of the manifests, relative to the main file's folder: those of several processes are one database
 * @param files gets the data files that values are in
 */
export async function readOcdbt(
  context: OpenContext,
  manifests: readonly string[],
  files: RandomAccessSource[],
): Promise<ZarrStore> {
  const tree = new TreeReader(context, files);
  for (const manifest of manifests) {
    const source = await context.openSibling(manifest);
    const root = rootNode(await readWhole(source, context.signal), source.path);
    if (root !== undefined) await tree.readAll(root, manifest.slice(0, manifest.lastIndexOf('/') + 1));
  }
  return tree.store(context.source.path);
}

async function readWhole(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (source.size > MAX_MANIFEST_BYTES) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('has {0} bytes; at most {1} are read', source.size, MAX_MANIFEST_BYTES),
      remedy: l10n.t('Check where the file comes from.'),
    });
  }
  return await source.read(0, source.size, signal);
}

/** The root of the newest version; undefined if it has no keys. */
function rootNode(bytes: Uint8Array, file: string): NodeReference | undefined {
  const input = OcdbtInput.open(bytes, MANIFEST_MAGIC, file, 0, MAX_MANIFEST_BYTES);
  input.take(16);
  const kind = input.varint();
  if (kind !== 0) throw input.error(l10n.t('keeps its manifest in several files, which is not read'));
  input.varint();
  input.varint();
  input.byte();
  const compression = input.varint();
  if (compression === 1) input.take(4);
  else if (compression !== 0) throw input.error(l10n.t('is compressed in a way that is not read'));
  const table = input.dataFiles('');
  const count = input.varint();
  if (count === 0) throw input.error(l10n.t('holds no version'));
  const generations = input.varints(count);
  const heights = input.take(count);
  const fileIds = input.varints(count);
  const offsets = input.varints(count);
  const lengths = input.varints(count);
  // Versions are in the order of their generations; what stands after them tells about older ones.
  const last = count - 1;
  if ((generations[last] ?? 0) === 0) throw input.error();
  // An offset and a length of 2^64 − 1 say that there is no root: the version has no keys.
  const length = lengths[last] ?? 0;
  if (length === 2 ** 64) return undefined;
  const dataFile = table[fileIds[last] ?? 0];
  if (dataFile === undefined) throw input.error();
  return { file: dataFile, offset: offsets[last] ?? 0, length, height: heights[last] ?? 0, prefix: '' };
}

class TreeReader {
  private readonly values = new Map<string, StoredValue>();
  private readonly opened = new Map<string, { readonly index: number; readonly source: RandomAccessSource }>();
  /** Keys of the database that is being read. */
  private readonly seen = new Set<string>();
  private folder = '';
  private nodes = 0;
  private bytes = 0;

  constructor(
    private readonly context: OpenContext,
    private readonly files: RandomAccessSource[],
  ) {}

  /** @param folder of the manifest, with a slash at its end, or empty */
  async readAll(root: NodeReference, folder: string): Promise<void> {
    this.folder = folder;
    this.seen.clear();
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      throwIfCancelled(this.context.signal);
      pending.push(...(await this.readNode(node)).reverse());
    }
  }

  store(path: string): ZarrStore {
    const { values, files } = this;
    const { signal } = this.context;
    return {
      path,
      values,
      read: async (value, offset, length) =>
        value instanceof Uint8Array
          ? value.subarray(offset, offset + length)
          : ((await files[value.file]?.read(value.offset + offset, length, signal)) ?? new Uint8Array(0)),
    };
  }

  /** @returns the children of an interior node */
  private async readNode(node: NodeReference): Promise<NodeReference[]> {
    const { source } = await this.open(node.file);
    if (++this.nodes > MAX_NODES || node.length > MAX_NODE_BYTES) {
      throw new FormatError({
        file: source.path,
        offset: node.offset,
        reason: l10n.t('holds an OCDBT tree that is larger than is read'),
        remedy: l10n.t('Check where the file comes from.'),
      });
    }
    const bytes = await source.read(node.offset, node.length, this.context.signal);
    const most = Math.min(MAX_NODE_BYTES, MAX_TREE_BYTES - this.bytes);
    const input = OcdbtInput.open(bytes, NODE_MAGIC, source.path, node.offset, most);
    this.bytes += input.length;
    const height = input.byte();
    if (height !== node.height) throw input.error();
    const table = input.dataFiles(node.file.base);
    const count = input.varint();
    if (height > 0) return children(input, node, table, count);
    await this.readLeaf(input, node, table, count);
    return [];
  }

  private async readLeaf(
    input: OcdbtInput,
    node: NodeReference,
    table: readonly DataFile[],
    count: number,
  ): Promise<void> {
    const keys = input.prefixed(count, () => undefined);
    const lengths = input.varints(count);
    const kinds = input.varints(count);
    const outside = kinds.reduce((sum, kind) => sum + (kind === 1 ? 1 : 0), 0);
    if (kinds.some((kind) => kind > 1)) throw input.error();
    const fileIds = input.varints(outside);
    const offsets = input.varints(outside);
    let next = 0;
    for (const [i, bytes] of keys.entries()) {
      const key = node.prefix + Buffer.from(bytes).toString('utf8');
      const length = lengths[i] ?? 0;
      if (this.seen.has(key)) throw input.error(l10n.t('has the key {0} twice', JSON.stringify(key.slice(0, 200))));
      this.seen.add(key);
      if (this.values.size >= MAX_KEYS) throw input.error(l10n.t('has more than {0} keys', MAX_KEYS));
      if (kinds[i] === 0) {
        // A copy, so that the rest of the node need not be kept, and travels to no thread.
        this.values.set(key, input.take(length).slice());
        continue;
      }
      const dataFile = table[fileIds[next] ?? 0];
      const offset = offsets[next] ?? 0;
      next++;
      if (dataFile === undefined) throw input.error();
      const { index, source } = await this.open(dataFile);
      if (offset + length > source.size) {
        throw new FormatError({
          file: source.path,
          offset: source.size,
          reason: l10n.t('ends before byte {0}, where the value of "{1}" ends', offset + length, key.slice(0, 200)),
          remedy: l10n.t('The checkpoint is damaged or incomplete: copy its whole folder again.'),
        });
      }
      this.values.set(key, { file: index, offset, length });
    }
    input.end();
  }

  private async open({ path }: DataFile): Promise<{ index: number; source: RandomAccessSource }> {
    const name = this.folder + path;
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    const source = await this.context.openSibling(name);
    const opened = { index: this.files.length, source };
    this.files.push(source);
    this.opened.set(name, opened);
    return opened;
  }
}

function children(input: OcdbtInput, node: NodeReference, table: readonly DataFile[], count: number): NodeReference[] {
  let common = new Float64Array(0);
  const keys = input.prefixed(count, () => {
    common = input.varints(count);
  });
  const fileIds = input.varints(count);
  const offsets = input.varints(count);
  const lengths = input.varints(count);
  for (let statistic = 0; statistic < 3; statistic++) input.varints(count);
  input.end();
  return keys.map((key, i) => {
    const file = table[fileIds[i] ?? 0];
    const length = common[i] ?? 0;
    if (file === undefined || length > key.length) throw input.error();
    return {
      file,
      offset: offsets[i] ?? 0,
      length: lengths[i] ?? 0,
      height: node.height - 1,
      prefix: node.prefix + Buffer.from(key.subarray(0, length)).toString('utf8'),
    };
  });
}
