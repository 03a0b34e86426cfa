import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EventEmitter, Uri, type Disposable, type LogOutputChannel } from 'vscode';
import { markerKind } from '../../catalog/folder-markers';
import { modelPathCertainty } from '../../catalog/model-names';
import { CancelledError } from '../../formats/errors';
import type { DescriptionResult, ModelDescription } from '../../protocol/description';
import type { EngineClient } from '../engine-client';

/** Descriptions kept in memory, each under a kilobyte. */
const MAX_KEPT = 5_000;

/** Headers read at a time: a folder of a thousand models must not keep the disk from what the user has asked for. */
const MAX_AT_ONCE = 4;

/** What is told of a file that there is nothing to tell about. */
const NO_MODEL: DescriptionResult = { state: 'unreadable', recognised: false, path: '', reason: '', remedy: '' };

/**
 * Files that name others, whose changes they do not show: what was found is good only as long as their folder is the same
 * (a file of it replaced, added or gone), and for so long.
 */
const INDEX_FILE = /\.json$/i;
const INDEX_KEPT_MS = 10_000;

/** For so long a file is not looked at again that the engine has failed at. */
const FAILURE_KEPT_MS = 60_000;

interface Kept {
  /** Of the file: it is the same as long as these are. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly description: DescriptionResult;
}

/**
 * What model files are, by their headers and the result cache: for all that shows files which nobody has asked to open.
 * A header is read once a version of a file. Only files of this machine: others could be read whole only.
 */
export class ModelDescriptions implements Disposable {
  /** By path, least recently used first. */
  private readonly kept = new Map<string, Kept>();
  private readonly reading = new Map<string, Promise<DescriptionResult>>();
  private readonly waiting: (() => void)[] = [];
  private free = MAX_AT_ONCE;
  private readonly changeEmitter = new EventEmitter<readonly Uri[]>();
  private readonly describeEmitter = new EventEmitter<readonly Uri[]>();
  /** What is known of these files may be out of date. */
  readonly onDidChange = this.changeEmitter.event;
  /** These files have been described, for the first time or anew. */
  readonly onDidDescribe = this.describeEmitter.event;

  constructor(
    private readonly engine: EngineClient,
    private readonly log: LogOutputChannel,
  ) {}

  /**
   * What a file is, or a folder that holds a model (as those of Hugging Face do). What is no model is `unreadable` and not
   * `recognised`. Rejects with {@link CancelledError} only.
   */
  async describe(uri: Uri, signal?: AbortSignal): Promise<DescriptionResult> {
    if (uri.scheme !== 'file') return NO_MODEL;
    const path = uri.fsPath;
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) return NO_MODEL;
    const isFolder = stats.isDirectory();
    if (!isFolder && modelPathCertainty(uri.path) === 'no') return NO_MODEL;
    const version = await versionOf(path, stats);
    const known = this.kept.get(path);
    if (known?.version === version && Date.now() < known.until) return known.description;
    const running = this.reading.get(path) ?? this.read(uri, isFolder, version);
    this.reading.set(path, running);
    const description = await running;
    if (signal?.aborted === true) throw new CancelledError();
    return description;
  }

  /** What was found last, if anything was; the file may have changed since. */
  cached(uri: Uri): DescriptionResult | undefined {
    return this.kept.get(uri.fsPath)?.description;
  }

  /** What to open: for a folder that holds a model its file; a folder that is one, and any other URI, as it is. */
  async modelUri(uri: Uri): Promise<Uri> {
    if (uri.scheme !== 'file') return uri;
    const stats = await stat(uri.fsPath).catch(() => undefined);
    if (stats?.isDirectory() !== true) return uri;
    const description = await this.describe(uri);
    return description.state === 'readable' ? describedModel(uri, description) : uri;
  }

  /** To be told when a file has been analyzed, or has changed. */
  changed(...uris: readonly Uri[]): void {
    for (const uri of uris) {
      const entry = this.kept.get(uri.fsPath);
      if (entry !== undefined) this.kept.set(uri.fsPath, { ...entry, until: 0 });
    }
    this.changeEmitter.fire(uris);
  }

  /** To be told when nothing that is known need hold any more. */
  allChanged(): void {
    this.changed(...[...this.kept.keys()].map((path) => Uri.file(path)));
  }

  dispose(): void {
    this.changeEmitter.dispose();
    this.describeEmitter.dispose();
  }

  private async read(uri: Uri, isFolder: boolean, version: string): Promise<DescriptionResult> {
    const path = uri.fsPath;
    await this.turn();
    try {
      const contentOnly = !isFolder && modelPathCertainty(uri.path) !== 'model';
      const description = await this.engine.call('describe', { path, contentOnly });
      const lasting = !isFolder && !INDEX_FILE.test(path);
      this.keep(path, { version, until: lasting ? Infinity : Date.now() + INDEX_KEPT_MS, description });
      this.describeEmitter.fire([Uri.file(path)]);
      return description;
    } catch (error) {
      // Of a file that nobody has asked for, a failure of ours is not shown; it is in the log. Should the file be what has
      // killed the process, each look at the explorer would kill it again.
      this.log.error(`${path}: ${(error as Error).message}`);
      this.keep(path, { version, until: Date.now() + FAILURE_KEPT_MS, description: NO_MODEL });
      return NO_MODEL;
    } finally {
      this.reading.delete(path);
      this.free++;
      this.waiting.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    if (this.free === 0) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
    this.free--;
  }

  private keep(path: string, entry: Kept): void {
    this.kept.delete(path);
    this.kept.set(path, entry);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }
}

/** Which of the two is the model: what was described, or the main file in it. */
export function describedModel(uri: Uri, { mainFile }: ModelDescription): Uri {
  if (uri.scheme !== 'file') return uri;
  const main = Uri.file(mainFile);
  const isOpenedBy = dirname(mainFile) === uri.fsPath && markerKind(main.path) !== undefined;
  return isOpenedBy ? uri : main;
}

async function versionOf(path: string, { size, mtimeMs }: Stats): Promise<string> {
  if (!INDEX_FILE.test(path)) return `${size} ${mtimeMs}`;
  const folder = await stat(dirname(path)).catch(() => undefined);
  return `${size} ${mtimeMs} ${folder?.mtimeMs ?? 0}`;
}
