/** Made when it is first used: that takes some milliseconds, which the start of the editor does not have. */
let collator: Intl.Collator | undefined;

/** Orders names as people do: `epoch2` before `epoch10`, whatever the case; names that differ are never equal. */
export function naturalOrder(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}
