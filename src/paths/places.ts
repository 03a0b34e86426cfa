import type { PlatformPath } from 'node:path';

/** No file system allows a longer path in practice, and most strings of this length are texts. */
const MAX_PATH_LENGTH = 1024;

/** A path in a deep folder would otherwise be looked for in each folder above it. */
const MAX_PLACES = 32;

/** What a path may be relative to. */
export interface PathContext {
  /** Rules of the platform: `path.posix` or `path.win32`. */
  readonly rules: Pick<PlatformPath, 'isAbsolute' | 'resolve' | 'normalize' | 'dirname' | 'sep'>;
  /** The user's home. */
  readonly home: string;
  /** Folder of the document; undefined if it was never saved. */
  readonly folder: string | undefined;
  /** Folders of the workspace. */
  readonly roots: readonly string[];
}

/**
 * The absolute paths that a text may mean, the likeliest first: absolute and `~` paths as they are, others in the folder
 * of the document, in each folder above it up to the root of its workspace (a program runs where it was started, often
 * some levels up), then in the other roots. Empty for what can be no path.
 */
export function placesOf(text: string, context: PathContext): readonly string[] {
  if (text.trim() === '' || text.length > MAX_PATH_LENGTH || /\p{Cc}/u.test(text)) return [];
  const places = new Set<string>();
  for (const path of spellings(text, context)) {
    for (const place of resolved(path, context)) if (places.size < MAX_PLACES) places.add(place);
  }
  return [...places];
}

/** The path as written, and what else it may be meant for on this platform. */
function spellings(text: string, { home, rules }: PathContext): readonly string[] {
  const isWindows = rules.sep === '\\';
  const path = withoutVariable(text, home);
  if (/^file:/i.test(path)) return filePaths(path, isWindows);
  // Other schemes: http, hf, s3 …; one letter is a drive of Windows.
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(path) || /^(data|mailto|urn|javascript):/i.test(path)) return [];
  if (isWindows) return [path];
  if (/^[a-z]:[\\/]/i.test(path)) return [];
  return path.includes('\\') ? [path, path.replaceAll('\\', '/')] : [path];
}

/** `~/x` and the variables that stand for a known folder. */
function withoutVariable(text: string, home: string): string {
  const match = /^(~|\$HOME|\$\{(?:HOME|userHome|env:HOME|workspaceFolder)\})(?=$|[/\\])/.exec(text)?.[0];
  if (match === undefined) return text;
  const rest = text.slice(match.length);
  // The roots are tried anyway.
  return match === '${workspaceFolder}' ? `.${rest}` : home + rest;
}

/** TensorFlow.js takes what follows `file://` for a path as it is, also a relative one; others mean a URI. */
function filePaths(uri: string, isWindows: boolean): readonly string[] {
  const path = uri.slice('file:'.length).replace(/^\/\/(localhost(?=\/))?/i, '');
  const local = isWindows ? path.replace(/^\/(?=[a-z]:)/i, '') : path;
  let decoded = local;
  try {
    decoded = decodeURIComponent(local);
  } catch {
    // A percent sign of its own: then it is no URI.
  }
  return /\p{Cc}/u.test(decoded) ? [local] : [...new Set([decoded, local])];
}

function resolved(path: string, { rules, folder, roots }: PathContext): readonly string[] {
  // To look at a share of Windows is to log on to its machine: never because a text names it.
  if (rules.sep === '\\' && /^[/\\]{2}/.test(path)) return [];
  const bases = [...(folder === undefined ? [] : above(folder, roots, rules)), ...roots];
  if (!rules.isAbsolute(path)) return bases.map((base) => rules.resolve(base, path));
  // On Windows, such a path may lack its drive.
  return [bases[0] === undefined ? rules.normalize(path) : rules.resolve(bases[0], path)];
}

/** The folder and those above it, up to the root that holds it; the folder alone if none does. */
function above(folder: string, roots: readonly string[], rules: PathContext['rules']): readonly string[] {
  const folders: string[] = [folder];
  for (let at = folder; !roots.includes(at);) {
    const parent = rules.dirname(at);
    if (parent === at) return [folder];
    folders.push(parent);
    at = parent;
  }
  return folders;
}
