import { posix } from 'node:path';
import { commands, Disposable, Uri } from 'vscode';
import { modelEntries } from '../../catalog/entries';
import { findRuns } from '../../catalog/runs';
import type { ModelDescriptions } from '../models/descriptions';
import type { WorkspaceModels } from '../side-bar/workspace-models';

/** Names the folders with runs for the `when` clause of the explorer's menu: an object whose keys are their paths. */
const CONTEXT_KEY = 'prunability.runFolders';

/** Lets the explorer offer the comparison of a run on the folders that have one. The search begins once a model was seen. */
export function registerRunFolders(models: WorkspaceModels, descriptions: ModelDescriptions): Disposable {
  const first = descriptions.onDidDescribe(() => {
    first.dispose();
    void models.ready();
  });
  const changes = models.onDidChange(() => {
    const paths = models.folders().flatMap(({ folder, files }) =>
      findRuns(modelEntries(files)).runs.flatMap(({ folder: below }) => {
        // A run of a folder is one of the folders above it, too, as far as the workspace goes.
        const folders: string[] = [];
        for (let at = below; ; at = posix.dirname(at)) {
          folders.push(Uri.joinPath(folder.uri, at).fsPath);
          if (at === '' || at === '.') return folders;
        }
      }),
    );
    void commands.executeCommand('setContext', CONTEXT_KEY, Object.fromEntries(paths.map((path) => [path, true])));
  });
  return Disposable.from(first, changes);
}
