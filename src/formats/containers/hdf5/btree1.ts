import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';
import type { Metadata } from './metadata';

/** Trees are at most a few levels high: a node has at least 32 children. */
const MAX_LEVELS = 16;

/**
 * The leaves' entries of a B-tree of version 1 (HDF5 file format, III.A.1), in order: the key before each child, and the
 * child's address.
 * @param type 0 for groups, 1 for chunks
 * @param keyBytes Length of a key
 * @throws {FormatError} if nodes are damaged, repeat, or there are more than `most` entries
 */
export async function btree1Entries(
  metadata: Metadata,
  root: number,
  type: 0 | 1,
  keyBytes: number,
  most: number,
): Promise<{ readonly key: Fields; readonly child: number }[]> {
  const entries: { key: Fields; child: number }[] = [];
  const headBytes = 8 + 2 * metadata.sizes.address;
  const entryBytes = keyBytes + metadata.sizes.address;
  const visit = async (address: number, level: number | undefined): Promise<void> => {
    const head = (await metadata.once(address, headBytes)).signature('TREE');
    const foundType = head.u8();
    const foundLevel = head.u8();
    const count = head.u16();
    if (foundType !== type || (level === undefined ? foundLevel > MAX_LEVELS : foundLevel !== level)) {
      throw metadata.fault(address, l10n.t('has a tree whose nodes do not fit each other'));
    }
    if (count === 0) return;
    const fields = await metadata.at(address + headBytes, count * entryBytes);
    for (let i = 0; i < count; i++) {
      const key = fields.part(keyBytes);
      const child = fields.place();
      if (foundLevel > 0) await visit(child, foundLevel - 1);
      else entries.push({ key, child });
      if (entries.length > most) throw metadata.fault(address, l10n.t('has a tree with more than {0} entries', most));
    }
  };
  await visit(root, undefined);
  return entries;
}
