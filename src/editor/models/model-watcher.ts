import { Disposable, RelativePattern, Uri, workspace, type FileSystemWatcher } from 'vscode';
import { isFolder } from './folder-files';
import { belongsToModel } from './model-source';

/** A checkpoint is written in many pieces: it is looked at when none has come for so long. */
const SETTLED_MS = 500;

/** Calls back after the files of a model have changed. Files of a revision (of Git, say) do not. */
export function watchModel(uri: Uri, onChange: () => void): Disposable {
  const watchers: FileSystemWatcher[] = [];
  let disposed = false;
  let timer: NodeJS.Timeout | undefined;
  const changed = (file: Uri): void => {
    if (!belongsToModel(uri, file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLED_MS);
  };
  const watch = (pattern: RelativePattern): FileSystemWatcher => {
    const watcher = workspace.createFileSystemWatcher(pattern);
    watchers.push(watcher);
    watcher.onDidChange(changed);
    watcher.onDidCreate(changed);
    return watcher;
  };
  watch(new RelativePattern(Uri.joinPath(uri, '..'), '*'));
  void isFolder(uri).then((folder) => {
    // A chunk that is gone is a value that has changed; a file that is gone was perhaps only moved away to be written anew.
    if (folder && !disposed) watch(new RelativePattern(uri, '**')).onDidDelete(changed);
  });
  return new Disposable(() => {
    disposed = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.dispose();
  });
}
