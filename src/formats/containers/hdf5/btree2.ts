import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';
import type { Metadata } from './metadata';

/** Signature, version, type; and the checksum at the end. */
const NODE_HEAD_BYTES = 6;
const CHECKSUM_BYTES = 4;

/** Trees of billions of records have some five levels. */
const MAX_DEPTH = 16;

/** Bytes that a number up to `limit` takes. */
export function bytesFor(limit: number): number {
  return Math.floor(Math.log2(Math.max(1, limit)) / 8) + 1;
}

/**
 * The records of a B-tree of version 2 (HDF5 file format, III.A.2), each as its fields. The order is not that of the keys:
 * records of inner nodes come before those below.
 * @throws {FormatError} if it is not of one of the types, nodes are damaged or repeat, or it has more than `most` records
 */
export async function btree2Records(
  metadata: Metadata,
  address: number,
  types: readonly number[],
  most: number,
): Promise<{ readonly type: number; readonly records: readonly Fields[] }> {
  const { sizes } = metadata;
  const header = (await metadata.once(address, 22 + sizes.address + sizes.length)).signature('BTHD').skip(1);
  const type = header.u8();
  const nodeBytes = header.u32();
  const recordBytes = header.u16();
  const depth = header.u16();
  header.skip(2);
  const root = header.address();
  const rootCount = header.u16();
  const total = header.size();
  if (!types.includes(type) || recordBytes === 0 || depth > MAX_DEPTH || nodeBytes < NODE_HEAD_BYTES + CHECKSUM_BYTES) {
    throw header.fault(l10n.t('has a tree of a kind that does not belong there'));
  }
  if (total > most) throw header.fault(l10n.t('has a tree with more than {0} entries', most));
  const records: Fields[] = [];
  if (root === undefined || total === 0) return { type, records };

  const levels = capacities(nodeBytes, recordBytes, depth, sizes.address);
  const visit = async (node: number, count: number, level: number): Promise<void> => {
    if (count > (levels[level]?.records ?? 0)) {
      throw metadata.fault(node, l10n.t('has a tree whose nodes do not fit each other'));
    }
    const fields = (await metadata.once(node, nodeBytes)).signature(level === 0 ? 'BTLF' : 'BTIN').skip(2);
    for (let i = 0; i < count; i++) records.push(fields.part(recordBytes));
    if (records.length > total) throw metadata.fault(node, l10n.t('has a tree with more than {0} entries', total));
    if (level === 0) return;
    const below = levels[level - 1];
    for (let i = 0; i <= count; i++) {
      const child = fields.place();
      const childCount = fields.size(levels[0]?.countBytes ?? 1);
      if (level > 1) fields.skip(below?.totalBytes ?? 0);
      await visit(child, childCount, level - 1);
    }
  };
  await visit(root, rootCount, depth);
  return { type, records };
}

/** Most records of a node of each level, the widths of their counts, and of the counts of all records below. */
function capacities(
  nodeBytes: number,
  recordBytes: number,
  depth: number,
  addressBytes: number,
): { records: number; total: number; countBytes: number; totalBytes: number }[] {
  const leaf = Math.floor((nodeBytes - NODE_HEAD_BYTES - CHECKSUM_BYTES) / recordBytes);
  const countBytes = bytesFor(leaf);
  const levels = [{ records: leaf, total: leaf, countBytes, totalBytes: 0 }];
  for (let level = 1; level <= depth; level++) {
    const below = levels[level - 1] ?? { total: 0, totalBytes: 0 };
    const pointer = addressBytes + countBytes + (level > 1 ? below.totalBytes : 0);
    const records = Math.floor((nodeBytes - NODE_HEAD_BYTES - CHECKSUM_BYTES - pointer) / (recordBytes + pointer));
    const total = Math.min(Number.MAX_SAFE_INTEGER, (records + 1) * below.total + records);
    levels.push({ records, total, countBytes, totalBytes: bytesFor(total) });
  }
  return levels;
}
