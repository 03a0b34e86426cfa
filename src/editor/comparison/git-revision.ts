import { extensions, type Uri } from 'vscode';

/** The part of the built-in Git extension's interface (version 1) that is used here. */
interface GitApi {
  toGitUri(uri: Uri, ref: string): Uri;
  getRepository(uri: Uri): Repository | null;
}

interface Repository {
  getObjectDetails(treeish: string, path: string): Promise<{ readonly size: number }>;
}

interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/** Names a file as it is in the last commit; undefined if it is in none, or Git is switched off. */
export async function headRevision(uri: Uri): Promise<Uri | undefined> {
  const extension = extensions.getExtension<GitExtension>('vscode.git');
  if (extension === undefined) return undefined;
  const git = await extension.activate();
  if (!git.enabled) return undefined;
  const api = git.getAPI(1);
  const repository = api.getRepository(uri);
  if (repository === null) return undefined;
  try {
    await repository.getObjectDetails('HEAD', uri.fsPath);
  } catch {
    // Not in the last commit.
    return undefined;
  }
  return api.toGitUri(uri, 'HEAD');
}
