import { Disposable, RelativePattern, Uri, workspace } from 'vscode';
import { belongsToModel } from './model-source';

/** A checkpoint is written in many pieces: it is looked at when none has come for so long. */
const SETTLED_MS = 500;

/** Calls back after the files of a model have changed. Files of a revision (of Git, say) do not. */
export function watchModel(uri: Uri, onChange: () => void): Disposable {
  const watcher = workspace.createFileSystemWatcher(new RelativePattern(Uri.joinPath(uri, '..'), '*'));
  let timer: NodeJS.Timeout | undefined;
  const changed = (file: Uri): void => {
    if (!belongsToModel(uri, file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLED_MS);
  };
  watcher.onDidChange(changed);
  watcher.onDidCreate(changed);
  return new Disposable(() => {
    clearTimeout(timer);
    watcher.dispose();
  });
}
