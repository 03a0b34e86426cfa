import * as l10n from '@vscode/l10n';
import { Unsupported } from './unsupported';
import type { Fields } from './fields';
import { MAX_STRUCTURE_BYTES, type Metadata } from './metadata';

/** Types of messages (HDF5 file format, IV.A.2). */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  external: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

export interface Message {
  readonly type: number;
  /** Stands elsewhere: the fields say where. */
  readonly shared: boolean;
  readonly fields: Fields;
}

/** Continuations of one header: each attribute that is added later may need one. */
const MAX_CONTINUATIONS = 10_000;

/** Messages of one header; attributes beyond a few are kept elsewhere in newer files. */
const MAX_MESSAGES = 100_000;

const V2_SIGNATURE = 'OHDR';

/**
 * The messages of the object at an address (HDF5 file format, IV.A.1).
 * @param again It may have been read before.
 * @throws {FormatError}
 */
export async function readObjectHeader(
  metadata: Metadata,
  address: number,
  again = false,
): Promise<readonly Message[]> {
  if (!again) metadata.claim(address);
  const start = await metadata.upTo(address, 64);
  const isV2 = start.left >= 4 && start.text(4) === V2_SIGNATURE;
  start.position = 0;
  const messages: Message[] = [];
  let blocks = 0;
  const pending: { address: number; length: number }[] = [];
  const collect = (
    fields: Fields,
    readHead: (fields: Fields) => { type: number; size: number; flags: number },
  ): void => {
    const headBytes = isV2 ? 4 : 8;
    // What is left over may be a gap, shorter than a message.
    while (fields.left >= headBytes) {
      const { type, size, flags } = readHead(fields);
      if (isV2 && type === 0 && size > fields.left) return;
      const content = fields.part(size);
      if (type === MESSAGE.continuation) pending.push({ address: content.place(), length: content.size() });
      else if (type !== 0) messages.push({ type, shared: (flags & 2) !== 0, fields: content });
      if (messages.length > MAX_MESSAGES || pending.length > MAX_CONTINUATIONS) {
        throw fields.fault(l10n.t('has an object with too many properties'));
      }
    }
  };
  const { readHead, first } = isV2 ? v2(start) : v1(start);
  checkSize(metadata, address, first.length);
  collect(await metadata.at(address + first.skip, first.length), readHead);
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    checkSize(metadata, next.address, next.length);
    if (!again) metadata.claim(next.address);
    const block = await metadata.at(next.address, next.length);
    if (++blocks > MAX_CONTINUATIONS) throw block.fault(l10n.t('has an object with too many properties'));
    // Blocks of version 2 begin with a signature and end with a checksum.
    collect(isV2 ? block.signature('OCHK').part(block.left - 4) : block, readHead);
  }
  return messages;
}

interface HeaderShape {
  readonly first: { readonly skip: number; readonly length: number };
  readonly readHead: (fields: Fields) => { type: number; size: number; flags: number };
}

function v1(fields: Fields): HeaderShape {
  const version = fields.u8();
  if (version !== 1) throw fields.fault(l10n.t('has no object header where one has to be'), 0);
  fields.skip(7);
  const length = fields.u32();
  return {
    // The head of 12 bytes is padded to 16.
    first: { skip: 16, length },
    readHead: (message) => {
      const type = message.u16();
      const size = message.u16();
      const flags = message.u8();
      message.skip(3);
      return { type, size, flags };
    },
  };
}

function v2(fields: Fields): HeaderShape {
  fields.skip(4);
  const version = fields.u8();
  if (version !== 2) throw fields.fault(l10n.t('has an object header of the unknown version {0}', version));
  const flags = fields.u8();
  if ((flags & 0x20) !== 0) fields.skip(16);
  if ((flags & 0x10) !== 0) fields.skip(4);
  const length = fields.size(1 << (flags & 3));
  const hasOrder = (flags & 4) !== 0;
  return {
    first: { skip: fields.position, length },
    readHead: (message) => {
      const type = message.u8();
      const size = message.u16();
      const messageFlags = message.u8();
      if (hasOrder) message.skip(Math.min(2, message.left));
      return { type, size, flags: messageFlags };
    },
  };
}

function checkSize(metadata: Metadata, address: number, length: number): void {
  if (length > MAX_STRUCTURE_BYTES) throw metadata.fault(address, l10n.t('has an object with too many properties'));
}

/**
 * The content of a message, which may stand in the header of another object (a named data type).
 * @throws {FormatError}
 */
export async function resolveMessage(metadata: Metadata, message: Message): Promise<Fields> {
  return message.shared ? await followShared(metadata, message.fields, message.type) : message.fields;
}

/** @param fields A shared message: where the message of this type is. */
export async function followShared(metadata: Metadata, fields: Fields, type: number): Promise<Fields> {
  const version = fields.u8();
  const kind = fields.u8();
  if (version < 1 || version > 3) throw fields.fault(l10n.t('has a shared part of the unknown version {0}', version));
  if (version === 3 && kind === 1) {
    throw new Unsupported(fields, l10n.t('shares its description with others in a heap, which is not read'));
  }
  if (version === 1) fields.skip(6);
  const address = fields.place();
  const found = (await readObjectHeader(metadata, address, true)).find((candidate) => candidate.type === type);
  if (found === undefined || found.shared) {
    throw metadata.fault(address, l10n.t('lacks the part that another object shares'));
  }
  return found.fields;
}
