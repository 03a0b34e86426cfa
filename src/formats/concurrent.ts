/** Files under way at the same time: on a network disk each waits for its answer, and on any the threads are kept busy. */
const CONCURRENT = 16;

/**
 * Does something for each item, some of them at a time.
 * @returns what came out, in the order of the items
 * @throws the first error, once nothing is under way any more; no further items are begun after it
 */
export async function concurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const pending = items.entries();
  let failed: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (const [index, item] of pending) {
      if (failed !== undefined) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT, items.length) }, worker));
  if (failed !== undefined) throw failed.error;
  return results;
}
