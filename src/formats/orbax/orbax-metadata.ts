import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import type { RandomAccessSource } from '../source';

/** A leaf of the tree that a checkpoint holds. */
export interface OrbaxLeaf {
  /** Path from the root, joined by `/`. */
  readonly name: string;
  /** `jax.Array`, `np.ndarray`, `scalar`, `string`, `None` … */
  readonly valueType: string;
}

/**
 * Reads `_METADATA` of an Orbax checkpoint: the leaves of the tree by the names that their arrays are stored under,
 * which are the keys of the path joined by `.`.
 * @throws {FormatError}
 */
export async function readTreeMetadata(
  source: RandomAccessSource,
  signal: AbortSignal | undefined,
): Promise<Map<string, OrbaxLeaf>> {
  const json = await readJson(source, signal);
  const tree = json.tree_metadata;
  const leaves = new Map<string, OrbaxLeaf>();
  if (!isObject(tree)) throw malformed(source, 'tree_metadata');
  for (const leaf of Object.values(tree)) {
    const keyMetadata = isObject(leaf) ? leaf.key_metadata : undefined;
    const valueMetadata = isObject(leaf) ? leaf.value_metadata : undefined;
    if (!Array.isArray(keyMetadata)) throw malformed(source, 'key_metadata');
    const keys = (keyMetadata as unknown[]).map((part) => {
      const key = isObject(part) ? part.key : undefined;
      if (typeof key !== 'string' && typeof key !== 'number') throw malformed(source, 'key');
      return String(key);
    });
    const valueType = isObject(valueMetadata) ? valueMetadata.value_type : undefined;
    leaves.set(keys.join('.'), {
      name: keys.join('/'),
      valueType: typeof valueType === 'string' ? valueType : '',
    });
  }
  return leaves;
}

/**
 * Reads `_CHECKPOINT_METADATA`: the items that a checkpoint has, each a folder; undefined if it is one itself.
 * @throws {FormatError}
 */
export async function readItemNames(
  source: RandomAccessSource,
  signal: AbortSignal | undefined,
): Promise<string[] | undefined> {
  const { item_handlers: handlers } = await readJson(source, signal);
  return isObject(handlers) ? Object.keys(handlers) : undefined;
}

type Json = Readonly<Record<string, unknown>>;

async function readJson(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<Json> {
  if (source.size > MAX_HEADER_BYTES) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('has {0} bytes; at most {1} are read', source.size, MAX_HEADER_BYTES),
      remedy: l10n.t('Check where the file comes from.'),
    });
  }
  const bytes = await source.read(0, source.size, signal);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    json = undefined;
  }
  if (!isObject(json)) {
    throw new FormatError({
      file: source.path,
      offset: 0,
      reason: l10n.t('is not JSON'),
      remedy: l10n.t('The checkpoint is damaged or incomplete: copy its whole folder again.'),
    });
  }
  return json;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(source: RandomAccessSource, name: string): FormatError {
  return new FormatError({
    file: source.path,
    reason: l10n.t('has metadata with a "{0}" that is not understood', name),
    remedy: l10n.t('The checkpoint is damaged or incomplete: copy its whole folder again.'),
  });
}
