import type { ModelEntry } from './entries';
import { naturalOrder } from './natural-order';
import { findRuns, folderOf, type Run } from './runs';

/** `folder`: as the files lie, with runs as one item each; `run`: the runs, then the other models; `flat`: every model. */
export type TreeLayout = 'folder' | 'run' | 'flat';

/** By name upwards; by size, time or limit downwards, what has none last. The steps of a run stay in their order. */
export type TreeOrder = 'name' | 'size' | 'modified' | 'limit';

export interface TreeOptions {
  readonly layout: TreeLayout;
  readonly order: TreeOrder;
  /** Only models are shown whose path has every one of these words, in any case; empty for all. */
  readonly filter: string;
}

export type CatalogNode = FolderNode | RunNode | ModelNode;

/** What an item holds, all models below it taken together. */
interface Contents {
  /** Number of models. */
  readonly models: number;
  /** Bytes. */
  readonly size: number;
  /** When the newest was changed, in milliseconds since 1970. */
  readonly modified: number;
  /** The largest `prunedFraction` predicted for one; null if none was analyzed. */
  readonly limit: number | null;
}

export interface FolderNode extends Contents {
  readonly kind: 'folder';
  /** Below the workspace folder; of a chain of folders with nothing else in them, the last. */
  readonly path: string;
  /** The folder's name, or the names of the chain with slashes. */
  readonly label: string;
  readonly children: readonly CatalogNode[];
}

export interface RunNode extends Contents {
  readonly kind: 'run';
  /** As {@link Run.label}. */
  readonly label: string;
  readonly run: Run;
  readonly children: readonly ModelNode[];
}

export interface ModelNode extends Contents {
  readonly kind: 'model';
  /** The file's name; of a step in a folder of its own, with that folder. */
  readonly label: string;
  readonly entry: ModelEntry;
}

/** The items for the models of one workspace folder. */
export function buildTree(entries: readonly ModelEntry[], options: TreeOptions): CatalogNode[] {
  const matches = matcher(options.filter);
  if (options.layout === 'flat') {
    return sorted(
      entries.filter(matches).map((entry) => modelNode(entry)),
      options.order,
    );
  }
  // Runs are found before they are filtered: what is left of one is still one.
  const found = findRuns(entries);
  const rest = found.rest.filter(matches).map((entry) => modelNode(entry));
  const runs = found.runs
    .map((run) => ({ ...run, steps: run.steps.filter(({ entry }) => matches(entry)) }))
    .filter(({ steps }) => steps.length > 0)
    .map(runNode);
  if (options.layout === 'run') return [...sorted(runs, options.order), ...sorted(rest, options.order)];
  const root: Folder = { folders: new Map(), items: [] };
  for (const run of runs) folderAt(root, run.run.folder).items.push(run);
  for (const model of rest) folderAt(root, folderOf(model.entry.label)).items.push(model);
  return childrenOf(root, '', options.order);
}

/** Number of models in the items and below. */
export function countModels(nodes: readonly CatalogNode[]): number {
  return nodes.reduce((sum, { models }) => sum + models, 0);
}

function matcher(filter: string): (entry: ModelEntry) => boolean {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return ({ path, label }) => {
    const text = `${path}\n${label}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

function modelNode(entry: ModelEntry, folder = folderOf(entry.label)): ModelNode {
  const { size, modified, limit } = entry;
  const label = folder === '' ? entry.label : entry.label.slice(folder.length + 1);
  return { kind: 'model', label, entry, models: 1, size, modified, limit };
}

function runNode(run: Run): RunNode {
  const children = run.steps.map(({ entry }) => modelNode(entry, run.folder));
  return { kind: 'run', label: run.label, run, children, ...contentsOf(children) };
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly items: (RunNode | ModelNode)[];
}

function folderAt(root: Folder, path: string): Folder {
  let folder = root;
  for (const name of path === '' ? [] : path.split('/')) {
    let next = folder.folders.get(name);
    if (next === undefined) folder.folders.set(name, (next = { folders: new Map(), items: [] }));
    folder = next;
  }
  return folder;
}

function childrenOf(folder: Folder, path: string, order: TreeOrder): CatalogNode[] {
  const folders = [...folder.folders].map(([name, inner]) => folderNode(name, path, inner, order));
  return [...sorted(folders, order), ...sorted(folder.items, order)];
}

/** A folder that holds one folder and nothing else is shown with it as one item, as VS Code's explorer does. */
function folderNode(name: string, parent: string, folder: Folder, order: TreeOrder): FolderNode {
  let label = name;
  let inner = folder;
  for (;;) {
    const [only] = inner.folders;
    if (only === undefined || inner.folders.size > 1 || inner.items.length > 0) break;
    label += `/${only[0]}`;
    inner = only[1];
  }
  const path = parent === '' ? label : `${parent}/${label}`;
  const children = childrenOf(inner, path, order);
  return { kind: 'folder', path, label, children, ...contentsOf(children) };
}

function contentsOf(children: readonly Contents[]): Contents {
  return children.reduce(
    (sum, { models, size, modified, limit }) => ({
      models: sum.models + models,
      size: sum.size + size,
      modified: Math.max(sum.modified, modified),
      limit: limit === null || sum.limit === null ? (limit ?? sum.limit) : Math.max(limit, sum.limit),
    }),
    { models: 0, size: 0, modified: 0, limit: null },
  );
}

function sorted<N extends CatalogNode>(nodes: readonly N[], order: TreeOrder): N[] {
  const measure = ORDERS[order];
  return [...nodes].sort(
    (a, b) => measure(b) - measure(a) || naturalOrder(a.label, b.label) || naturalOrder(pathOf(a), pathOf(b)),
  );
}

/** What is sorted by, the largest first; what is equal stays in the order of names. */
const ORDERS: Readonly<Record<TreeOrder, (contents: Contents) => number>> = {
  name: () => 0,
  size: ({ size }) => size,
  modified: ({ modified }) => modified,
  // Below every limit there is, and finite: differences of infinities are no numbers.
  limit: ({ limit }) => limit ?? -1,
};

function pathOf(node: CatalogNode): string {
  if (node.kind === 'folder') return node.path;
  return node.kind === 'run' ? node.run.folder : node.entry.path;
}
