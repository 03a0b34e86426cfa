import type { LanczosKeeper } from '../curvature/spectrum';

/** A result that has cost runs of the network: some numbers, by name; they need not be finite. */
export type KeptResult = Readonly<Partial<Record<string, number>>>;

/**
 * What has been measured, by an earlier run of the very same measurement or by this one, so that nothing is measured twice. The
 * stages ask for the same results in the same order however often they are begun: what is kept decides nothing but the time.
 */
export interface KeptResults {
  get(name: string): KeptResult | undefined;
  /** Does not reject: what cannot be kept is measured again. */
  add(name: string, result: KeptResult): Promise<void>;
  /** Of the spectrum; undefined if that is not kept. */
  readonly lanczos: LanczosKeeper | undefined;
}

/** The result of this name: the one that is kept, or that of `run`, which then is. */
export async function once<Result extends KeptResult>(
  kept: KeptResults | undefined,
  name: string,
  run: () => Promise<Result>,
): Promise<Result> {
  const known = kept?.get(name);
  if (known !== undefined) return known as Result;
  const result = await run();
  await kept?.add(name, result);
  return result;
}
