import {
  EventEmitter,
  FileType,
  RelativePattern,
  workspace,
  type Disposable,
  type FileStat,
  type LogOutputChannel,
  type Uri,
  type WorkspaceFolder,
} from 'vscode';
import type { CatalogFile } from '../../catalog/entries';
import {
  CATALOG_GLOB,
  EXCLUDED_GLOB,
  isCatalogName,
  isExcluded,
  isManifestShard,
  modelNameCertainty,
} from '../../catalog/model-names';
import type { ModelDescriptions } from '../models/descriptions';

/** More files make a list that nobody reads, and their states cost memory; the folder opened is then the wrong one. */
const MAX_FILES = 50_000;

/** Requests to the file system at a time: enough to keep a remote disk busy, few enough to leave it to others too. */
const STATS_AT_ONCE = 32;

/** Ambiguous files that are sniffed at a time. Nobody waits for them. */
const SNIFFED_AT_ONCE = 3;

/** Changes come in bursts, a training run writes for minutes: they are taken together, at most this often. */
const CHANGES_INTERVAL_MS = 250;

/**
 * A new folder is watched only from some moment after it was made on; what was moved or unpacked into it before is told by
 * nobody (Linux watches folder by folder). So it is looked at again.
 */
const SECOND_LOOK_AFTER_MS = 1500;

/** Created paths that may be folders with models in them; above this number one new search is cheaper. */
const MAX_NEW_PATHS = 50;

/** The models of one folder of the workspace. */
export interface FolderModels {
  readonly folder: WorkspaceFolder;
  readonly files: readonly CatalogFile[];
}

/** A file that the search has found. */
interface FoundFile extends CatalogFile {
  readonly uri: Uri;
  readonly folder: WorkspaceFolder;
  /** Whether it is listed: a model by its name, or by its content as far as that is known. */
  readable: boolean;
  /** Of a file whose name does not tell: whether its content was looked at, in its present size and time. */
  sniffed: 'no' | 'now' | 'yes';
}

/**
 * The model files of the workspace, kept as the folders change. Nothing is searched before {@link ready} is called.
 * Files whose names do not tell count once their content was found to be a model.
 */
export class WorkspaceModels implements Disposable {
  /** Whether there are more files than are listed. */
  truncated = false;
  private files = new Map<string, FoundFile>();
  private readonly changed = new EventEmitter<void>();
  /** Something else is found than before, or has another size or time; once for a burst of changes. */
  readonly onDidChange = this.changed.event;
  private started: Promise<void> | undefined;
  /** Searches and changes, one after the other. */
  private work: Promise<void> = Promise.resolve();
  private readonly touched = new Map<string, Uri>();
  private readonly deleted = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private announcement: NodeJS.Timeout | undefined;
  private readonly secondLooks = new Set<NodeJS.Timeout>();
  private readonly stopped = new AbortController();
  private readonly subscriptions: Disposable[] = [];

  constructor(
    private readonly descriptions: ModelDescriptions,
    private readonly log: LogOutputChannel,
  ) {}

  /** Searches the workspace, the first time it is called, and watches it from then on; ends when that search has. */
  ready(): Promise<void> {
    this.started ??= this.start();
    return this.started;
  }

  /** Searches the workspace anew. */
  refresh(): Promise<void> {
    return this.started === undefined ? this.ready() : this.enqueue(() => this.search());
  }

  /** What was found, by folder of the workspace; with limits, where it is told how to come by them. */
  folders(limitOf?: (uri: Uri) => number | null): FolderModels[] {
    const listed = [...this.files.values()].filter(({ readable }) => readable);
    return (workspace.workspaceFolders ?? []).flatMap((folder) => {
      const files = listed
        .filter((file) => file.folder.uri.toString() === folder.uri.toString())
        .map((file) => (limitOf === undefined ? file : { ...file, limit: limitOf(file.uri) }));
      return files.length === 0 ? [] : [{ folder, files }];
    });
  }

  dispose(): void {
    this.stopped.abort();
    clearTimeout(this.timer);
    clearTimeout(this.announcement);
    for (const timer of this.secondLooks) clearTimeout(timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  private start(): Promise<void> {
    // Every path, not only the names of models: of a folder that is deleted or moved, only its own path is told.
    const watcher = workspace.createFileSystemWatcher('**');
    const touch = (uri: Uri): void => {
      this.deleted.delete(uri.toString());
      this.touched.set(uri.toString(), uri);
      this.soon();
    };
    this.subscriptions.push(
      watcher,
      watcher.onDidCreate((uri) => {
        if (!isLeftOut(uri)) touch(uri);
      }),
      watcher.onDidChange((uri) => {
        if (isCatalogName(nameOf(uri)) && !isLeftOut(uri)) touch(uri);
      }),
      watcher.onDidDelete((uri) => {
        this.touched.delete(uri.toString());
        this.deleted.add(uri.toString());
        this.soon();
      }),
      workspace.onDidChangeWorkspaceFolders(() => void this.refresh()),
    );
    return this.enqueue(() => this.search());
  }

  private enqueue(task: () => Promise<void>): Promise<void> {
    this.work = this.work.then(async () => {
      if (this.stopped.signal.aborted) return;
      try {
        await task();
      } catch (error) {
        this.log.error(error as Error);
      }
    });
    return this.work;
  }

  private soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.enqueue(() => this.update());
    }, CHANGES_INTERVAL_MS);
  }

  private async search(): Promise<void> {
    const uris = await workspace.findFiles(CATALOG_GLOB, EXCLUDED_GLOB, MAX_FILES);
    this.truncated = uris.length === MAX_FILES;
    const files = new Map<string, FoundFile>();
    await this.take(uris, files);
    this.files = files;
    this.changed.fire();
    this.sniffAgain(() => true);
  }

  /** Takes the changes together that were told since the last time. */
  private async update(): Promise<void> {
    const touched = [...this.touched.values()];
    const deleted = new Set(this.deleted);
    this.touched.clear();
    this.deleted.clear();
    const others = touched.filter((uri) => !isCatalogName(nameOf(uri)));
    if (others.length > MAX_NEW_PATHS) {
      await this.search();
      return;
    }
    const removed = this.remove(deleted);
    const models = touched.filter((uri) => isCatalogName(nameOf(uri)));
    const taken = await this.take([...models, ...(await modelsBelow(others))], this.files);
    if (removed || taken) this.changed.fire();
    if (others.length > 0) this.lookAgain(others);
    const withShards = new Set(models.filter((uri) => isManifestShard(nameOf(uri))).map(folderOf));
    this.sniffAgain(({ uri }) => withShards.has(folderOf(uri)));
  }

  private lookAgain(folders: readonly Uri[]): void {
    const timer = setTimeout(() => {
      this.secondLooks.delete(timer);
      void this.enqueue(async () => {
        if (await this.take(await modelsBelow(folders), this.files)) this.changed.fire();
        this.sniff();
      });
    }, SECOND_LOOK_AFTER_MS);
    this.secondLooks.add(timer);
  }

  /** Also gives files another chance that were found to be none: a manifest is read only once its shards are there. */
  private sniffAgain(which: (file: FoundFile) => boolean): void {
    for (const file of this.files.values()) {
      if (!file.readable && file.sniffed === 'yes' && which(file)) file.sniffed = 'no';
    }
    this.sniff();
  }

  /** Forgets deleted files, and all that lay in deleted folders. Returns whether there were any. */
  private remove(deleted: ReadonlySet<string>): boolean {
    if (deleted.size === 0) return false;
    const before = this.files.size;
    for (const key of this.files.keys()) {
      for (let end = key.length; end > 0; end = key.lastIndexOf('/', end - 1)) {
        if (deleted.has(key.slice(0, end))) this.files.delete(key);
      }
    }
    return this.files.size < before;
  }

  /** Puts files into the map, each as it now is. Returns whether one is another than was known. */
  private async take(uris: readonly Uri[], files: Map<string, FoundFile>): Promise<boolean> {
    let changed = false;
    await each(uris, STATS_AT_ONCE, async (uri) => {
      const key = uri.toString();
      const known = this.files.get(key);
      const found = await findFile(uri);
      if (found === undefined) {
        changed = files.delete(key) || changed;
      } else if (known?.size === found.size && known.modified === found.modified) {
        files.set(key, known);
      } else if (files.size < MAX_FILES) {
        // What was a model is listed until its new content is known to be none: items should not blink.
        if (found.sniffed === 'no') found.readable = known?.readable ?? false;
        files.set(key, found);
        changed = true;
      }
    });
    return changed;
  }

  /** Looks into the files whose names do not tell, a few at a time. */
  private sniff(): void {
    const waiting = [...this.files.values()].filter(({ sniffed }) => sniffed === 'no');
    const next = async (): Promise<void> => {
      for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
        if (this.stopped.signal.aborted) return;
        await this.sniffFile(file);
      }
    };
    for (const file of waiting) file.sniffed = 'now';
    for (let i = 0; i < SNIFFED_AT_ONCE; i++) void next();
  }

  private async sniffFile(file: FoundFile): Promise<void> {
    try {
      const { state } = await this.descriptions.describe(file.uri, this.stopped.signal);
      file.sniffed = 'yes';
      const readable = state === 'readable';
      if (file.readable !== readable) this.announce();
      file.readable = readable;
    } catch (error) {
      // Is not listed; the next change or refresh tries again.
      file.sniffed = 'no';
      this.log.debug(`Not described: ${file.uri.toString(true)}: ${String(error)}`);
    }
  }

  private announce(): void {
    this.announcement ??= setTimeout(() => {
      this.announcement = undefined;
      this.changed.fire();
    }, CHANGES_INTERVAL_MS);
  }
}

function nameOf(uri: Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}

function folderOf(uri: Uri): string {
  return uri.path.slice(0, uri.path.lastIndexOf('/'));
}

function isLeftOut(uri: Uri): boolean {
  return isExcluded(workspace.asRelativePath(uri, false));
}

/** The file as the disk has it; undefined if it is none, is gone, or is outside of the workspace. */
async function findFile(uri: Uri): Promise<FoundFile | undefined> {
  const folder = workspace.getWorkspaceFolder(uri);
  const stat = await statOf(uri);
  if (folder === undefined || stat === undefined || (stat.type & FileType.File) === 0) return undefined;
  const name = nameOf(uri);
  const certain = isManifestShard(name) || modelNameCertainty(name) === 'model';
  return {
    uri,
    folder,
    path: uri.path.slice(folder.uri.path.replace(/\/$/, '').length + 1),
    size: stat.size,
    modified: stat.mtime,
    readable: certain,
    sniffed: certain ? 'yes' : 'no',
  };
}

/** What new folders have brought with them. Paths that are no folders are passed over. */
async function modelsBelow(uris: readonly Uri[]): Promise<Uri[]> {
  const found = await Promise.all(
    uris.map(async (uri) => {
      const stat = await statOf(uri);
      if (stat === undefined || (stat.type & FileType.Directory) === 0) return [];
      return workspace.findFiles(new RelativePattern(uri, CATALOG_GLOB), EXCLUDED_GLOB, MAX_FILES);
    }),
  );
  return found.flat();
}

async function statOf(uri: Uri): Promise<FileStat | undefined> {
  try {
    return await workspace.fs.stat(uri);
  } catch {
    // Gone since it was told of, or not ours to see: either way there is nothing to list.
    return undefined;
  }
}

/** Does something with each item, for so many at a time. */
async function each<T>(items: readonly T[], atOnce: number, task: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
