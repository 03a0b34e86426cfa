import { FileType, Uri, workspace } from 'vscode';

/** Requests to the file system at a time. */
const AT_ONCE = 32;

/** A file below a folder. */
export interface FolderFile {
  readonly uri: Uri;
  /** Its path below the folder, with forward slashes. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Whether there is a folder at this place. */
export async function isFolder(uri: Uri): Promise<boolean> {
  try {
    return ((await workspace.fs.stat(uri)).type & FileType.Directory) !== 0;
  } catch {
    return false;
  }
}

/** The files below a folder, in the order of their names, `atMost` of them. Links to folders are not followed. */
export async function filesBelow(folder: Uri, atMost: number): Promise<FolderFile[]> {
  const names: string[] = [];
  const pending = [''];
  for (let at = pending.shift(); at !== undefined && names.length < atMost; at = pending.shift()) {
    const entries = await workspace.fs.readDirectory(at === '' ? folder : Uri.joinPath(folder, at));
    for (const [name, type] of entries) {
      const path = at === '' ? name : `${at}/${name}`;
      if ((type & FileType.File) !== 0) names.push(path);
      else if (type === FileType.Directory) pending.push(path);
    }
  }
  names.sort();
  const files: FolderFile[] = [];
  for (let from = 0; from < Math.min(names.length, atMost); from += AT_ONCE) {
    const part = names.slice(from, Math.min(from + AT_ONCE, atMost));
    files.push(
      ...(await Promise.all(
        part.map(async (name) => {
          const uri = Uri.joinPath(folder, name);
          const { size, mtime } = await workspace.fs.stat(uri);
          return { uri, name, size, modified: mtime };
        }),
      )),
    );
  }
  return files;
}
