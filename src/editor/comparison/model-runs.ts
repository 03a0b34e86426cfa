import { basename } from 'node:path';
import { l10n, RelativePattern, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { modelEntries, type CatalogFile } from '../../catalog/entries';
import { EXCLUDED_GLOB, MODEL_GLOB } from '../../catalog/model-names';
import { findRuns } from '../../catalog/runs';

/** More files than a folder of runs has; a search that finds more has been pointed at a whole disk. */
const MAX_FILES = 10_000;

/** The checkpoints of a training run, in the order of their steps. */
export interface CheckpointRun {
  readonly folder: Uri;
  readonly checkpoints: readonly { readonly uri: Uri; readonly step: number }[];
}

interface RunItem extends QuickPickItem {
  readonly run: CheckpointRun;
}

/** The run that a command was given (an item of the tree, a folder), else one that the user chooses. */
export async function pickRun(target: unknown): Promise<CheckpointRun | undefined> {
  if (isRun(target)) return { folder: target.folder, checkpoints: target.checkpoints };
  const folders = target instanceof Uri ? [target] : (workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  const items = (await Promise.all(folders.map(runsBelow))).flat();
  const [only] = items;
  if (only === undefined) {
    const message = l10n.t(
      'No run found: a folder with checkpoints that differ by their epoch or step, such as epoch1.pt.',
    );
    void window.showWarningMessage(message);
    return undefined;
  }
  if (items.length === 1) return only.run;
  const placeHolder = l10n.t('Training run to compare along its steps');
  return (await window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.run;
}

async function runsBelow(root: Uri): Promise<RunItem[]> {
  const found = await workspace.findFiles(new RelativePattern(root, MODEL_GLOB), EXCLUDED_GLOB, MAX_FILES);
  const files = found.map((uri): CatalogFile => ({ path: pathBelow(root, uri), size: 0, modified: 0 }));
  return findRuns(modelEntries(files)).runs.map(({ folder, label, steps }) => {
    const uri = Uri.joinPath(root, folder);
    return {
      label,
      description: folder === '' ? basename(root.path) : folder,
      detail: l10n.t('{0} steps, from {1} to {2}', steps.length, steps[0]?.step ?? 0, steps.at(-1)?.step ?? 0),
      run: {
        folder: uri,
        checkpoints: steps.map(({ step, entry }) => ({ step, uri: Uri.joinPath(root, entry.path) })),
      },
    };
  });
}

function pathBelow(root: Uri, uri: Uri): string {
  return uri.path.slice(root.path.replace(/\/$/, '').length + 1);
}

function isRun(target: unknown): target is CheckpointRun {
  return typeof target === 'object' && target !== null && 'folder' in target && 'checkpoints' in target;
}
