import { Uri, window, workspace, l10n, type QuickPickItem } from 'vscode';

/** Extensions of model files, for dialogs and searches; what a file really is, the engine decides by its content. */
const MODEL_EXTENSIONS = ['safetensors', 'pt', 'pth', 'bin', 'ckpt', 'npz', 'npy', 'json'];

/** What a search of the workspace looks for. `.json` and `.bin` are too common for a list: only their usual names count. */
const MODEL_GLOB =
  '**/{*.safetensors,*.pt,*.pth,*.ckpt,*.npz,*.npy,*.safetensors.index.json,model.json,*weights_manifest.json,pytorch_model*.bin}';
const NOT_SEARCHED = '**/{node_modules,.git,.venv,venv}/**';

/** More than a person scrolls through; the dialog reaches the rest. */
const MAX_LISTED = 500;

interface ModelItem extends QuickPickItem {
  readonly uri?: Uri;
}

/** The file of the active editor, if that is a local file that a text editor does not show. */
export function activeModelFile(): Uri | undefined {
  const input: unknown = window.tabGroups.activeTabGroup.activeTab?.input;
  if (typeof input !== 'object' || input === null || !('uri' in input)) return undefined;
  const { uri } = input;
  if (!(uri instanceof Uri) || uri.scheme !== 'file') return undefined;
  const name = uri.path.toLowerCase();
  return MODEL_EXTENSIONS.some((extension) => name.endsWith(`.${extension}`)) ? uri : undefined;
}

/** Lets the user choose a model file: from the workspace, or by a dialog. Undefined if they do not. */
export async function pickModelFile(): Promise<Uri | undefined> {
  const found = await workspace.findFiles(MODEL_GLOB, NOT_SEARCHED, MAX_LISTED);
  if (found.length === 0) return browse();
  const items: ModelItem[] = found
    .sort((a, b) => a.path.localeCompare(b.path))
    .map((uri) => {
      const path = workspace.asRelativePath(uri);
      const slash = path.lastIndexOf('/');
      return { label: path.slice(slash + 1), description: slash < 0 ? '' : path.slice(0, slash), uri };
    });
  const choice = await window.showQuickPick<ModelItem>(
    [...items, { label: l10n.t('$(folder-opened) Browse…'), alwaysShow: true }],
    { placeHolder: l10n.t('Model file to analyse'), matchOnDescription: true },
  );
  if (choice === undefined) return undefined;
  return choice.uri ?? browse();
}

async function browse(): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({
    canSelectMany: false,
    openLabel: l10n.t('Analyze'),
    filters: { [l10n.t('Model files')]: MODEL_EXTENSIONS, [l10n.t('All files')]: ['*'] },
  });
  return chosen?.[0];
}
