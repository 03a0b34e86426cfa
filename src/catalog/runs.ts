import { posix } from 'node:path';
import type { ModelEntry } from './entries';
import { naturalOrder } from './natural-order';
import { compareCounters, parseStepName } from './step-names';

/** Checkpoints of one training, in the order in which they were written. */
export interface Run {
  /** Path of the folder that holds them all, or the folders of all; empty for the workspace folder. */
  readonly folder: string;
  /** Their paths below that folder with stars for the step, such as `epoch*.pt`. */
  readonly label: string;
  readonly steps: readonly RunStep[];
}

export interface RunStep {
  /**
   * What the name counts: the counter that changes most often (steps rather than epochs) if it grows from each
   * checkpoint to the next, else another that does, else the position in the run, from 1.
   */
  readonly step: number;
  readonly entry: ModelEntry;
}

/** A run needs two steps: one checkpoint is no course. */
const MIN_STEPS = 2;

/**
 * Groups checkpoints whose names differ in nothing but their step, first within a folder (`epoch1.pt`, `epoch2.pt`),
 * then over sibling folders (`checkpoint-500/model.safetensors`, `checkpoint-1000/model.safetensors`).
 * @returns the runs, and the models that belong to none, in the given order
 */
export function findRuns(entries: readonly ModelEntry[]): { runs: Run[]; rest: ModelEntry[] } {
  const byFile = group(entries, inFolder);
  const byFolder = group(byFile.rest, inSiblingFolders);
  return { runs: [...byFile.runs, ...byFolder.runs], rest: byFolder.rest };
}

/** Where a checkpoint stands in the run that its path would be of. */
interface Place {
  readonly folder: string;
  readonly label: string;
  readonly counters: readonly number[];
}

function group(
  entries: readonly ModelEntry[],
  placeOf: (label: string) => Place | undefined,
): { runs: Run[]; rest: ModelEntry[] } {
  const groups = new Map<string, { entry: ModelEntry; place: Place }[]>();
  const rest: ModelEntry[] = [];
  for (const entry of entries) {
    const place = placeOf(entry.label);
    if (place === undefined) {
      rest.push(entry);
      continue;
    }
    const key = `${place.folder}\0${place.label}`;
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [{ entry, place }]);
    else members.push({ entry, place });
  }
  const runs: Run[] = [];
  const loose = new Set<ModelEntry>(rest);
  for (const members of groups.values()) {
    const run = runOf(members);
    if (run !== undefined) runs.push(run);
    else for (const { entry } of members) loose.add(entry);
  }
  return { runs, rest: entries.filter((entry) => loose.has(entry)) };
}

function runOf(members: { entry: ModelEntry; place: Place }[]): Run | undefined {
  const distinct = new Set(members.map(({ place }) => place.counters.join()));
  const [first] = members;
  if (first === undefined || distinct.size < MIN_STEPS) return undefined;
  members.sort(
    (a, b) => compareCounters(a.place.counters, b.place.counters) || naturalOrder(a.entry.label, b.entry.label),
  );
  const steps = stepNumbers(members.map(({ place }) => place.counters));
  const { folder, label } = first.place;
  return { folder, label, steps: members.map(({ entry }, i) => ({ entry, step: steps[i] ?? i + 1 })) };
}

/** One number for each of the ordered checkpoints. */
function stepNumbers(counters: readonly (readonly number[])[]): readonly number[] {
  const columns = (counters[0] ?? []).map((_, column) => counters.map((values) => values[column] ?? 0));
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return only;
  const grows = (values: readonly number[]): boolean =>
    values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0));
  return columns.reverse().find(grows) ?? counters.map((_, i) => i + 1);
}

/** By the step in the file's own name. */
function inFolder(label: string): Place | undefined {
  const name = parseStepName(posix.basename(label), 'file');
  return name && { folder: folderOf(label), label: name.pattern, counters: name.counters };
}

/** By the step in the name of the nearest folder that has one, and that of the file's own name with it. */
function inSiblingFolders(label: string): Place | undefined {
  const parts = label.split('/');
  const file = parts.pop() ?? '';
  for (let at = parts.length - 1; at >= 0; at--) {
    const folder = parseStepName(parts[at] ?? '', 'folder');
    if (folder === undefined) continue;
    const own = parseStepName(file, 'file');
    return {
      folder: parts.slice(0, at).join('/'),
      label: [folder.pattern, ...parts.slice(at + 1), own?.pattern ?? file].join('/'),
      counters: [...folder.counters, ...(own?.counters ?? [])],
    };
  }
  return undefined;
}

/** Path of a file's folder; empty for the workspace folder. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
