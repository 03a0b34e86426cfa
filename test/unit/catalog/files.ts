import type { CatalogFile } from '../../../src/catalog/entries';

/** Files of these paths: each one byte larger and one millisecond newer than the one before, from 1. */
export function files(...paths: string[]): CatalogFile[] {
  return paths.map((path, i) => ({ path, size: i + 1, modified: i + 1 }));
}
