import * as l10n from '@vscode/l10n';
import { btree2Records } from './btree2';
import { readDataspace } from './dataspace';
import { readDatatype, type Datatype } from './datatype';
import type { Fields } from './fields';
import { decodeText } from './fields';
import { FractalHeap } from './fractal-heap';
import type { GlobalHeap } from './global-heap';
import type { Metadata } from './metadata';
import { followShared, MESSAGE, resolveMessage, type Message } from './object-header';
import { Unsupported } from './unsupported';
import { product } from '../../shape';

/** An attribute: a small value at a group or dataset. */
export interface Attribute {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly fields: Fields;
}

/** Objects have a handful of attributes; those of scientific data some hundred. */
const MAX_ATTRIBUTES = 100_000;

/** Strings of one attribute: names of weights or layers. */
const MAX_STRINGS = 1_000_000;

/** All attributes of an object by name; one that cannot be read is left out. @throws {FormatError} */
export async function readAttributes(
  metadata: Metadata,
  messages: readonly Message[],
): Promise<ReadonlyMap<string, Attribute>> {
  const attributes = new Map<string, Attribute>();
  const add = async (fields: Fields): Promise<void> => {
    const attribute = await readAttribute(metadata, fields);
    attributes.set(attribute.name, attribute);
  };
  for (const message of messages) {
    try {
      if (message.type === MESSAGE.attribute) await add(await resolveMessage(metadata, message));
      else if (message.type === MESSAGE.attributeInfo) {
        for (const fields of await denseAttributes(metadata, message.fields)) await add(fields);
      }
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
    }
  }
  return attributes;
}

/** Attribute message (HDF5 file format, IV.A.2.m). */
async function readAttribute(metadata: Metadata, fields: Fields): Promise<Attribute> {
  const version = fields.u8();
  if (version < 1 || version > 3) throw fields.fault(l10n.t('has an attribute of the unknown version {0}', version));
  const flags = fields.u8();
  const sizes = [fields.u16(), fields.u16(), fields.u16()] as const;
  if (version === 3) fields.skip(1);
  const field = (length: number): Fields => {
    const part = fields.part(length);
    if (version === 1) fields.skip(Math.min((8 - (length % 8)) % 8, fields.left));
    return part;
  };
  const name = field(sizes[0]).text(sizes[0]);
  const type = field(sizes[1]);
  const space = field(sizes[2]);
  const shared = (part: Fields, bit: number, message: number): Promise<Fields> | Fields =>
    version > 1 && (flags & bit) !== 0 ? followShared(metadata, part, message) : part;
  const datatype = readDatatype(await shared(type, 1, MESSAGE.datatype));
  const dataspace = readDataspace(await shared(space, 2, MESSAGE.dataspace));
  return { name, datatype, shape: dataspace?.shape ?? [0], fields: fields.part(fields.left) };
}

/** Many or large attributes are kept in a heap, and listed by a tree (type 8: by the hash of their name). */
async function denseAttributes(metadata: Metadata, fields: Fields): Promise<Fields[]> {
  fields.skip(1);
  if ((fields.u8() & 1) !== 0) fields.skip(2);
  const heapAddress = fields.address();
  const tree = fields.address();
  if (heapAddress === undefined || tree === undefined) return [];
  const heap = await FractalHeap.open(metadata, heapAddress);
  const { records } = await btree2Records(metadata, tree, [8], MAX_ATTRIBUTES);
  const attributes: Fields[] = [];
  for (const record of records) {
    // After the ID: whether it is shared.
    const shared = ((record.bytes[8] ?? 0) & 2) !== 0;
    if (!shared) attributes.push(await heap.object(record));
  }
  return attributes;
}

/** The strings of an attribute, in C order; undefined if it does not hold strings. @throws {FormatError} */
export async function attributeStrings(attribute: Attribute, heap: GlobalHeap): Promise<string[] | undefined> {
  const { datatype, shape, fields } = attribute;
  const count = product(shape);
  if (datatype.kind !== 'string' && datatype.kind !== 'text') return undefined;
  if (count > MAX_STRINGS || count * datatype.size > fields.bytes.length) {
    throw fields.fault(l10n.t('has an attribute "{0}" that is cut off', attribute.name));
  }
  fields.position = 0;
  const strings: string[] = [];
  for (let i = 0; i < count; i++) {
    if (datatype.kind === 'string') {
      const text = decodeText(fields.take(datatype.size));
      // Padding 2: spaces, as Fortran pads.
      strings.push(datatype.padding === 2 ? text.trimEnd() : text);
    } else {
      const element = fields.part(datatype.size);
      const length = element.u32();
      const collection = element.address();
      const index = element.u32();
      strings.push(length === 0 || collection === undefined ? '' : await heap.text(collection, index, length));
    }
  }
  return strings;
}
