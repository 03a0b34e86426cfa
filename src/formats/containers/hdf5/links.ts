import * as l10n from '@vscode/l10n';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../../limits';
import { btree1Entries } from './btree1';
import { btree2Records } from './btree2';
import type { Fields } from './fields';
import { FractalHeap } from './fractal-heap';
import { MAX_STRUCTURE_BYTES, type Metadata } from './metadata';
import { MESSAGE, type Message } from './object-header';

/** An entry of a group. */
export interface Link {
  readonly name: string;
  /** Address of the object's header; undefined for a link by name (soft), or into another file (external). */
  readonly address: number | undefined;
}

/** Groups and data types besides the tensors. */
const MAX_LINKS = 2 * MAX_TENSORS;

const CACHED_SOFT_LINK = 2;

/** Whether the header is that of a group: it says where the links are. */
export function isGroup(messages: readonly Message[]): boolean {
  return messages.some(
    ({ type }) => type === MESSAGE.symbolTable || type === MESSAGE.linkInfo || type === MESSAGE.link,
  );
}

/** The entries of the group with these messages, whichever way they are kept, by name. @throws {FormatError} */
export async function readLinks(metadata: Metadata, messages: readonly Message[]): Promise<readonly Link[]> {
  const links: Link[] = [];
  for (const { type, fields } of messages) {
    if (type === MESSAGE.symbolTable) links.push(...(await symbolTable(metadata, fields)));
    else if (type === MESSAGE.link) links.push(readLink(fields));
    else if (type === MESSAGE.linkInfo) links.push(...(await denseLinks(metadata, fields)));
  }
  return links.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Groups of the first versions: a tree of nodes of symbols, and a heap of their names. */
async function symbolTable(metadata: Metadata, fields: Fields): Promise<Link[]> {
  const tree = fields.place();
  const names = await localHeap(metadata, fields.place());
  const { sizes } = metadata;
  const links: Link[] = [];
  for (const { child } of await btree1Entries(metadata, tree, 0, sizes.length, MAX_LINKS)) {
    const head = (await metadata.once(child, 8)).signature('SNOD').skip(2);
    const count = head.u16();
    const entryBytes = 2 * sizes.address + 24;
    const node = await metadata.at(child + 8, count * entryBytes);
    for (let i = 0; i < count; i++) {
      const entry = node.part(entryBytes);
      names.position = 0;
      const name = names.skip(entry.size(sizes.address)).terminated(MAX_NAME_LENGTH);
      const address = entry.address();
      const isSoft = entry.u32() === CACHED_SOFT_LINK;
      links.push({ name, address: isSoft ? undefined : address });
    }
    if (links.length > MAX_LINKS) throw node.fault(l10n.t('has a group with more than {0} entries', MAX_LINKS));
  }
  return links;
}

async function localHeap(metadata: Metadata, address: number): Promise<Fields> {
  const { sizes } = metadata;
  const head = await metadata.once(address, 8 + 2 * sizes.length + sizes.address);
  head.signature('HEAP').skip(4);
  const length = head.size();
  head.skip(sizes.length);
  if (length > MAX_STRUCTURE_BYTES) throw head.fault(l10n.t('has a size or count that is impossible'));
  return await metadata.once(head.place(), length);
}

/** Link message (HDF5 file format, IV.A.2.g). */
function readLink(fields: Fields): Link {
  const version = fields.u8();
  if (version !== 1) throw fields.fault(l10n.t('has a link of the unknown version {0}', version));
  const flags = fields.u8();
  const type = (flags & 8) === 0 ? 0 : fields.u8();
  if ((flags & 4) !== 0) fields.skip(8);
  if ((flags & 0x10) !== 0) fields.skip(1);
  const length = fields.size(1 << (flags & 3));
  if (length > MAX_NAME_LENGTH) throw fields.fault(l10n.t('has a name without an end'));
  const name = fields.text(length);
  return { name, address: type === 0 ? fields.place() : undefined };
}

/** Many links are kept in a heap, and listed by a tree (type 5: by the hash of their name). */
async function denseLinks(metadata: Metadata, fields: Fields): Promise<Link[]> {
  fields.skip(1);
  const flags = fields.u8();
  if ((flags & 1) !== 0) fields.skip(8);
  const heapAddress = fields.address();
  const tree = fields.address();
  if (heapAddress === undefined || tree === undefined) return [];
  const heap = await FractalHeap.open(metadata, heapAddress);
  const { records } = await btree2Records(metadata, tree, [5], MAX_LINKS);
  const links: Link[] = [];
  for (const record of records) links.push(readLink(await heap.object(record.skip(4))));
  return links;
}
