const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Orders names as people do: `epoch2` before `epoch10`, whatever the case; names that differ are never equal. */
export function naturalOrder(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : Number(a > b));
}
