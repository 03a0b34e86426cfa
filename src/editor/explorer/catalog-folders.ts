import { posix } from 'node:path';
import { commands, Disposable, EventEmitter, Uri, workspace } from 'vscode';
import { CERTAIN_MARKER_GLOBS, GROUP_NAMES, MARKER_NAMES } from '../../catalog/folder-markers';
import { EXCLUDED_GLOB, isModelFolderName, MODEL_FOLDERS_KEY } from '../../catalog/model-names';
import { findRuns } from '../../catalog/runs';
import type { ModelDescriptions } from '../models/descriptions';
import type { FolderModels, WorkspaceModels } from '../side-bar/workspace-models';

/** Names the folders with runs for the `when` clause of the explorer's menu: an object whose keys are their paths. */
const RUN_FOLDERS_KEY = 'prunability.runFolders';

/** Any of these is reason enough to search: a folder that is a model tells nothing in the explorer while it is closed. */
const FOLDER_GLOB = `**/{${['saved_model.pb', '*mp_rank_00_model_states.pt', ...CERTAIN_MARKER_GLOBS, ...MARKER_NAMES, ...GROUP_NAMES].join()}}`;

/**
 * The folders of the workspace that are models and those that have runs: lets the explorer offer on them what is offered on
 * files. The search begins once a model was seen, or if there is a folder that may be one.
 */
export class CatalogFolders implements Disposable {
  private models: ReadonlyMap<string, Uri> = new Map();
  private readonly changed = new EventEmitter<Uri[]>();
  /** These folders have become models, or are none any more. */
  readonly onDidChange = this.changed.event;
  private readonly subscriptions: Disposable;

  constructor(
    private readonly found: WorkspaceModels,
    descriptions: ModelDescriptions,
  ) {
    const first = descriptions.onDidDescribe(() => {
      first.dispose();
      void found.ready();
    });
    this.subscriptions = Disposable.from(
      first,
      found.onDidChange(() => {
        this.tell();
      }),
      this.changed,
    );
    void workspace.findFiles(FOLDER_GLOB, EXCLUDED_GLOB, 1).then(([marker]) => {
      if (marker !== undefined) void found.ready();
    });
  }

  /** Whether a folder is a model, by its name or by what is in it. */
  has(uri: Uri): boolean {
    return isModelFolderName(posix.basename(uri.path)) || this.models.has(uri.toString());
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private tell(): void {
    const folders = this.found.folders();
    const uris = folders.flatMap(({ folder, entries }) =>
      entries.filter(({ isFolder }) => isFolder).map(({ path }) => Uri.joinPath(folder.uri, path)),
    );
    const before = this.models;
    this.models = new Map(uris.map((uri) => [uri.toString(), uri]));
    setKeys(MODEL_FOLDERS_KEY, uris);
    setKeys(RUN_FOLDERS_KEY, folders.flatMap(runFolders));
    const changes = [...this.models, ...before].filter(([key]) => this.models.has(key) !== before.has(key));
    if (changes.length > 0) this.changed.fire(changes.map(([, uri]) => uri));
  }
}

/** A run of a folder is one of the folders above it, too, as far as the workspace goes. */
function runFolders({ folder, entries }: FolderModels): Uri[] {
  return findRuns(entries).runs.flatMap(({ folder: below }) => {
    const folders: Uri[] = [];
    for (let at = below; ; at = posix.dirname(at)) {
      folders.push(Uri.joinPath(folder.uri, at));
      if (at === '' || at === '.') return folders;
    }
  });
}

function setKeys(key: string, uris: readonly Uri[]): void {
  void commands.executeCommand('setContext', key, Object.fromEntries(uris.map(({ fsPath }) => [fsPath, true])));
}
