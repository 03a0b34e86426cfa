import { EventEmitter, Uri, workspace, type Disposable, type LogOutputChannel, type WorkspaceFolder } from 'vscode';
import { modelEntries, type ModelEntry } from '../../catalog/entries';
import { ModelFolders } from '../../catalog/model-folders';
import { CATALOG_GLOB, EXCLUDED_GLOB, isCatalogPath, isExcluded, isManifestShard } from '../../catalog/model-names';
import type { ModelDescriptions } from '../models/descriptions';
import {
  each,
  exists,
  findFile,
  isRefuted,
  MAX_FILES,
  modelsBelow,
  STATS_AT_ONCE,
  type FoundFile,
} from './found-files';

/** Ambiguous files that are sniffed at a time. Nobody waits for them. */
const SNIFFED_AT_ONCE = 3;

/** Changes come in bursts, a training run writes for minutes: they are taken together, at most this often. */
const CHANGES_INTERVAL_MS = 250;

/**
 * A new folder is watched only from some moment after it was made on; what was moved or unpacked into it before is told by
 * nobody (Linux watches folder by folder), and what goes soon after it came neither. So it is looked at again.
 */
const SECOND_LOOK_AFTER_MS = 1500;

/** Created paths that may be folders with models in them; above this number one new search is cheaper. */
const MAX_NEW_PATHS = 50;

/** The models of one folder of the workspace. */
export interface FolderModels {
  readonly folder: WorkspaceFolder;
  readonly entries: readonly ModelEntry[];
}

/** What is known of a model beside its files. */
export interface KnownOfModel {
  /** `prunedFraction` that an analysis has predicted; null if there was none. */
  readonly limit: number | null;
  /** Bytes of all its files; undefined if its header was not read. */
  readonly size: number | undefined;
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
  private readonly deleted = new Map<string, Uri>();
  private timer: NodeJS.Timeout | undefined;
  private announcement: NodeJS.Timeout | undefined;
  private nextSniff: NodeJS.Timeout | undefined;
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

  /** What was found, by folder of the workspace; with what is known of each model, where it is told how to come by that. */
  folders(knownOf?: (uri: Uri) => KnownOfModel): FolderModels[] {
    return [...this.byFolder()].flatMap(([folder, files]) => {
      const entries = modelEntries(
        files.filter(({ readable }) => readable),
        files.filter(({ readable }) => !readable),
      ).map((entry) => (knownOf === undefined ? entry : withKnown(entry, knownOf(uriOf(folder, entry.path)))));
      return entries.length === 0 ? [] : [{ folder, entries }];
    });
  }

  dispose(): void {
    this.stopped.abort();
    clearTimeout(this.timer);
    clearTimeout(this.announcement);
    clearTimeout(this.nextSniff);
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
        // Of a folder that has gone and come at once it is told that it has changed.
        if ((isCatalogPath(uri.path) || !nameOf(uri).includes('.')) && !isLeftOut(uri)) touch(uri);
      }),
      watcher.onDidDelete((uri) => {
        this.touched.delete(uri.toString());
        this.deleted.set(uri.toString(), uri);
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
    const deleted = [...this.deleted.values()];
    const touched = [...this.touched.values()];
    this.touched.clear();
    this.deleted.clear();
    // What has gone may have come again, and be told of later.
    const gone = new Set<string>();
    await each(deleted, STATS_AT_ONCE, async (uri) => {
      if (await exists(uri)) touched.push(uri);
      else gone.add(uri.toString());
    });
    const others = touched.filter((uri) => !isCatalogPath(uri.path));
    if (others.length > MAX_NEW_PATHS) {
      await this.search();
      return;
    }
    const removed = this.remove(gone);
    const models = touched.filter((uri) => isCatalogPath(uri.path));
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
        const known = [...this.files.values()].map(({ uri }) => uri).filter((uri) => isBelow(uri, folders));
        const there = await modelsBelow(folders);
        const all = new Map([...known, ...there].map((uri) => [uri.toString(), uri]));
        if (await this.take([...all.values()], this.files)) this.changed.fire();
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

  /** Looks into the files whose names do not tell, a few at a time; not into what is a part of a model, or may be. */
  private sniff(): void {
    const waiting = [...this.byFolder()].flatMap(([folder, files]) => {
      const models = new ModelFolders(files.filter((file) => !isRefuted(file)).map(({ path }) => path));
      return files
        .filter(({ sniffed }) => sniffed === 'no')
        .flatMap((file) => {
          const model = models.ownerOf(file.path);
          if (model === undefined) return [{ file, uri: file.uri }];
          return models.isMarker(file.path) ? [{ file, uri: uriOf(folder, model) }] : [];
        });
    });
    const next = async (): Promise<void> => {
      for (let found = waiting.pop(); found !== undefined; found = waiting.pop()) {
        if (this.stopped.signal.aborted) return;
        await this.sniffFile(found.file, found.uri);
      }
    };
    for (const { file } of waiting) file.sniffed = 'now';
    for (let i = 0; i < SNIFFED_AT_ONCE; i++) void next();
  }

  /** @param uri the file, or the folder that is a model if the file opens it */
  private async sniffFile(file: FoundFile, uri: Uri): Promise<void> {
    try {
      const { state } = await this.descriptions.describe(uri, this.stopped.signal);
      file.sniffed = 'yes';
      const readable = state === 'readable';
      if (file.readable !== readable) this.announce();
      file.readable = readable;
      // What it would have been a model with may be one by itself.
      if (isRefuted(file)) this.sniffSoon();
    } catch (error) {
      // Is not listed; the next change or refresh tries again.
      file.sniffed = 'no';
      this.log.debug(`Not described: ${uri.toString(true)}: ${String(error)}`);
    }
  }

  /** Each look goes through all files: many that come to nothing are followed by one. */
  private sniffSoon(): void {
    this.nextSniff ??= setTimeout(() => {
      this.nextSniff = undefined;
      this.sniff();
    }, CHANGES_INTERVAL_MS);
  }

  private byFolder(): Map<WorkspaceFolder, FoundFile[]> {
    const folders = new Map((workspace.workspaceFolders ?? []).map((folder) => [folder.uri.toString(), folder]));
    const found = new Map<WorkspaceFolder, FoundFile[]>();
    for (const folder of folders.values()) found.set(folder, []);
    for (const file of this.files.values()) {
      const folder = folders.get(file.folder.uri.toString());
      if (folder !== undefined) found.get(folder)?.push(file);
    }
    return found;
  }

  private announce(): void {
    this.announcement ??= setTimeout(() => {
      this.announcement = undefined;
      this.changed.fire();
    }, CHANGES_INTERVAL_MS);
  }
}

/** Of what was not told, what the files tell stays. */
function withKnown(entry: ModelEntry, { limit, size }: KnownOfModel): ModelEntry {
  return { ...entry, limit, size: entry.isFolder ? (size ?? entry.size) : entry.size };
}

function uriOf(folder: WorkspaceFolder, path: string): Uri {
  return path === '' ? folder.uri : Uri.joinPath(folder.uri, path);
}

function nameOf(uri: Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}

function folderOf(uri: Uri): string {
  return uri.path.slice(0, uri.path.lastIndexOf('/'));
}

function isBelow({ path }: Uri, folders: readonly Uri[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder.path}/`));
}

function isLeftOut(uri: Uri): boolean {
  return isExcluded(workspace.asRelativePath(uri, false));
}
