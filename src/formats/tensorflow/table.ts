import * as l10n from '@vscode/l10n';
import { maskedCrc32c } from '../containers/crc32c';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import type { RandomAccessSource } from '../source';

/**
 * A table of LevelDB (doc/table_format.md), in which TensorFlow writes what a checkpoint holds: blocks of sorted keys,
 * each key without what it has in common with the one before it, and an index of the blocks.
 */

/** One entry: its key as Latin-1, and where its value is in the file. */
export interface TableEntry {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Two block handles, padded to 40 bytes, and the magic number. */
const FOOTER_BYTES = 48;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** After each block: how it is compressed, and its checksum. */
const TRAILER_BYTES = 5;

/** Keys share their beginnings, so that few bytes of a file can make many long keys; together they get this much. */
const MAX_KEY_BYTES = 64_000_000;

const REMEDY = l10n.t('Copy or download the checkpoint again, with its .index and all its .data files.');

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** Whether the file ends as tables do. */
export function isTableFooter(footer: Uint8Array): boolean {
  return footer.length >= 8 && MAGIC.every((byte, index) => footer[footer.length - 8 + index] === byte);
}

/**
 * All entries of a table, in the order of their keys. The whole file is held in memory: its size is that of a header.
 * @throws {FormatError} if anything about it is damaged; checksums are compared
 */
export async function readTable(
  source: RandomAccessSource,
  signal?: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly entries: readonly TableEntry[] }> {
  const { size, path } = source;
  if (size > MAX_HEADER_BYTES) {
    throw new FormatError({
      file: path,
      reason: l10n.t('has {0} bytes; a list of tensors may have up to {1}', size, MAX_HEADER_BYTES),
      remedy: REMEDY,
    });
  }
  const bytes = await source.read(0, size, signal);
  return { bytes, entries: new TableReader(bytes, path).entries() };
}

class TableReader {
  /** Where the number that was read last ends. */
  private at = 0;
  private keyBytes = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly path: string,
  ) {}

  entries(): TableEntry[] {
    const { bytes } = this;
    const footer = bytes.length - FOOTER_BYTES;
    if (footer < 0 || !isTableFooter(bytes)) {
      throw this.error(bytes.length, l10n.t('does not end as the index of a checkpoint does: it is incomplete'));
    }
    // The first handle is that of the filters, which nobody writes.
    this.handle(footer, bytes.length - 8);
    const index = this.handle(this.at, bytes.length - 8);
    const entries: TableEntry[] = [];
    let end = 0;
    for (const { start, end: limit } of this.block(index)) {
      const block = this.handle(start, limit);
      // Blocks follow each other: none is read twice, whatever the index says.
      if (block.offset < end) throw this.error(start, l10n.t('has blocks that overlap'));
      end = block.offset + block.size + TRAILER_BYTES;
      for (const entry of this.block(block)) {
        const before = entries.at(-1);
        if (before !== undefined && before.key >= entry.key) {
          throw this.error(entry.start, l10n.t('lists its keys out of order'));
        }
        if (entries.length >= MAX_TENSORS) {
          throw this.error(entry.start, l10n.t('lists more than {0} tensors', MAX_TENSORS));
        }
        entries.push(entry);
      }
    }
    return entries;
  }

  /** The entries of one block, whose checksum is right. */
  private *block({ offset, size }: BlockHandle): Generator<TableEntry> {
    const { bytes } = this;
    const end = offset + size;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const compression = bytes[end];
    if (compression !== 0) {
      throw new FormatError({
        file: this.path,
        offset: end,
        reason:
          compression === 1
            ? l10n.t('has a block that is compressed by Snappy, which is not read')
            : l10n.t('has a block of the unknown compression {0}', compression ?? -1),
        remedy: l10n.t('Save the checkpoint again with a current TensorFlow, which writes it uncompressed.'),
      });
    }
    if (view.getUint32(end + 1, true) !== maskedCrc32c(bytes.subarray(offset, end + 1))) {
      throw this.error(offset, l10n.t('is damaged: the checksum of a block is wrong'));
    }
    if (size < 4) throw this.error(offset, l10n.t('has a block of {0} bytes', size));
    const restarts = view.getUint32(end - 4, true);
    const limit = end - 4 - 4 * restarts;
    if (limit < offset) throw this.error(end - 4, l10n.t('has a block of {0} bytes with {1} restarts', size, restarts));
    let key = '';
    for (let at = offset; at < limit;) {
      const shared = this.varint(at, limit);
      const unshared = this.varint(this.at, limit);
      const valueBytes = this.varint(this.at, limit);
      const start = this.at + unshared;
      if (shared > key.length || start + valueBytes > limit) {
        throw this.error(at, l10n.t('has an entry that reaches beyond its block'));
      }
      if (shared + unshared > MAX_NAME_LENGTH) {
        throw this.error(at, l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH));
      }
      this.keyBytes += shared + unshared;
      if (this.keyBytes > MAX_KEY_BYTES) {
        throw this.error(at, l10n.t('has names of more than {0} characters in all', MAX_KEY_BYTES));
      }
      key = key.slice(0, shared) + Buffer.from(bytes.buffer, bytes.byteOffset + this.at, unshared).toString('latin1');
      at = start + valueBytes;
      yield { key, start, end: at };
    }
  }

  private handle(at: number, limit: number): BlockHandle {
    const offset = this.varint(at, limit);
    const size = this.varint(this.at, limit);
    if (offset + size + TRAILER_BYTES > this.bytes.length - FOOTER_BYTES) {
      throw this.error(at, l10n.t('has a block outside of the file'));
    }
    return { offset, size };
  }

  /** A number that no file of a sane size exceeds. */
  private varint(at: number, limit: number): number {
    let value = 0;
    for (let index = 0; index < 7; index++) {
      const byte = at + index < limit ? this.bytes[at + index] : undefined;
      if (byte === undefined) throw this.error(at, l10n.t('has a number that is cut off'));
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        this.at = at + index + 1;
        return value;
      }
    }
    throw this.error(at, l10n.t('has a number that is too large'));
  }

  private error(offset: number, reason: string): FormatError {
    return new FormatError({ file: this.path, offset, reason, remedy: REMEDY });
  }
}
