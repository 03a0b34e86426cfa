import * as l10n from '@vscode/l10n';
import { ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { MAX_HEADER_BYTES, MAX_NAME_LENGTH } from '../limits';
import type { RandomAccessSource } from '../source';

/** Under this key, a checkpoint of objects keeps which objects there were (`trackable_object_graph.proto`). */
export const OBJECT_GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH';

/** Objects of one checkpoint: a large Keras model has under 100,000, most of which are lists and functions. */
const MAX_OBJECTS = 1_000_000;

/** What the objects tell about the entries of a checkpoint. */
export interface ObjectGraph {
  /** The name of each variable, by the key that its value is stored under. */
  readonly fullNames: ReadonlyMap<string, string>;
  /** Keys of what optimisers keep of each variable. */
  readonly slots: ReadonlySet<string>;
}

export const NO_OBJECTS: ObjectGraph = { fullNames: new Map(), slots: new Set() };

/**
 * Reads the graph of objects, which is the only element of a string tensor: its length as a varint, a checksum of the
 * length, and the message.
 * @throws {FormatError} if it is damaged or too large
 */
export async function readObjectGraph(
  source: RandomAccessSource,
  offset: number,
  size: number,
  remedy: string,
  signal?: AbortSignal,
): Promise<ObjectGraph> {
  const input = new ProtobufInput(source, remedy, signal);
  if (size > MAX_HEADER_BYTES) {
    throw input.error(
      offset,
      l10n.t('has a value of {0} bytes where at most {1} are expected', size, MAX_HEADER_BYTES),
    );
  }
  const start = await source.read(offset, Math.min(size, 10), signal);
  const lengthBytes = 1 + start.findIndex((byte) => byte < 0x80);
  const range = { start: offset + lengthBytes + 4, end: offset + size, depth: 0 };
  if (lengthBytes === 0 || range.start > range.end) {
    throw input.error(offset, l10n.t('has a number that is cut off'));
  }
  return await readObjects(input, range);
}

async function readObjects(input: ProtobufInput, range: ProtobufRange): Promise<ObjectGraph> {
  const fullNames = new Map<string, string>();
  const keysOfNodes = new Map<number, string>();
  const slotNodes: number[] = [];
  const nodes = input.fields(range);
  for (let node = 0; nodes.next() ?? (await nodes.load()); node++) {
    if (nodes.number !== 1) continue;
    if (node >= MAX_OBJECTS) throw input.error(nodes.offset, l10n.t('lists more than {0} objects', MAX_OBJECTS));
    const fields = input.fields(nodes.range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 2) {
        const { key, fullName } = await readAttribute(input, fields.range);
        if (key === '') continue;
        keysOfNodes.set(node, key);
        if (fullName !== '') fullNames.set(key, fullName);
      } else if (fields.number === 3) {
        const slot = input.fields(fields.range);
        while (slot.next() ?? (await slot.load())) if (slot.number === 3) slotNodes.push(slot.int64);
      }
    }
  }
  const slots = new Set<string>();
  for (const node of slotNodes) {
    const key = keysOfNodes.get(node);
    if (key !== undefined) slots.add(key);
  }
  return { fullNames, slots };
}

async function readAttribute(input: ProtobufInput, range: ProtobufRange): Promise<{ key: string; fullName: string }> {
  const attribute = { key: '', fullName: '' };
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 2) attribute.fullName = fields.text(MAX_NAME_LENGTH);
    else if (fields.number === 3) attribute.key = fields.text(MAX_NAME_LENGTH);
  }
  return attribute;
}
