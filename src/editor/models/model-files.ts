import { l10n, TabInputCustom, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { modelEntries } from '../../catalog/entries';
import { EXCLUDED_GLOB, MODEL_EXTENSIONS, MODEL_GLOB, modelNameCertainty } from '../../catalog/model-names';
import { naturalOrder } from '../../catalog/natural-order';
import { CHECKPOINT_EDITOR } from '../analysis/checkpoint-editor';

/** More than a person scrolls through; the dialog reaches the rest. */
const MAX_LISTED = 500;

interface ModelItem extends QuickPickItem {
  readonly uri?: Uri;
}

/** The file of the active editor, if it may be a model. */
export function activeModelFile(): Uri | undefined {
  const input: unknown = window.tabGroups.activeTabGroup.activeTab?.input;
  if (typeof input !== 'object' || input === null || !('uri' in input)) return undefined;
  const { uri } = input;
  if (!(uri instanceof Uri)) return undefined;
  // What our editor shows is a model, even where it is a folder.
  if (input instanceof TabInputCustom && input.viewType === CHECKPOINT_EDITOR) return uri;
  return modelNameCertainty(uri.path.slice(uri.path.lastIndexOf('/') + 1)) === 'no' ? undefined : uri;
}

/** The same, unless that editor is ours: what it shows is analyzed already. */
export function unanalyzedModelFile(): Uri | undefined {
  const input: unknown = window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof TabInputCustom && input.viewType === CHECKPOINT_EDITOR ? undefined : activeModelFile();
}

/**
 * Lets the user choose a model file: from the workspace, or by a dialog. Undefined if they do not.
 * @param other is not offered.
 */
export async function pickModelFile(placeHolder: string, other?: Uri): Promise<Uri | undefined> {
  const found = await workspace.findFiles(MODEL_GLOB, EXCLUDED_GLOB, MAX_LISTED);
  const uris = new Map(found.filter((uri) => uri.toString() !== other?.toString()).map((uri) => [uri.path, uri]));
  if (uris.size === 0) return browse();
  const items = modelEntries([...uris.keys()].map((path) => ({ path, size: 0, modified: 0 })))
    .sort((a, b) => naturalOrder(a.label, b.label))
    .flatMap(({ path, label }): ModelItem[] => {
      const uri = uris.get(path) ?? found.find((file) => file.path.startsWith(`${path}/`))?.with({ path });
      if (uri === undefined || path === other?.path) return [];
      const shown = workspace.asRelativePath(uri.with({ path: label }));
      const slash = shown.lastIndexOf('/');
      return [{ label: shown.slice(slash + 1), description: slash < 0 ? '' : shown.slice(0, slash), uri }];
    });
  const choice = await window.showQuickPick<ModelItem>(
    [...items, { label: l10n.t('$(folder-opened) Browse…'), alwaysShow: true }],
    { placeHolder, matchOnDescription: true },
  );
  if (choice === undefined) return undefined;
  return choice.uri ?? browse();
}

async function browse(): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({
    canSelectMany: false,
    openLabel: l10n.t('Choose'),
    filters: { [l10n.t('Model files')]: MODEL_EXTENSIONS, [l10n.t('All files')]: ['*'] },
  });
  return chosen?.[0];
}
