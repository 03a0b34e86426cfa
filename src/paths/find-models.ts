import { placesOf, type PathContext } from './places';

/** What a file's name says about it. */
export type NameCertainty = 'model' | 'ambiguous' | 'no';

/** What is asked about names. */
export interface NameJudge {
  /** What the name of a file says about it. */
  readonly certainty: (name: string) => NameCertainty;
  /** Whether a file, of this path from the name of its folder on, may make that folder a model. */
  readonly opensFolder: (path: string) => boolean;
}

/** What is asked of the file system. */
export interface PathFiles {
  /** Undefined if there is nothing, or neither of the two. */
  readonly kind: (path: string) => Promise<'file' | 'folder' | undefined>;
  /** Names in a folder, no more than `atMost`; none if it cannot be read. */
  readonly names: (folder: string, atMost: number) => Promise<readonly string[]>;
}

/** A file or folder that may be a model, to judge by its name. */
export interface FoundModel {
  readonly path: string;
  /** A folder holds a file with a model's name, or one that makes the folder a model. */
  readonly kind: 'file' | 'folder';
  readonly certainty: 'model' | 'ambiguous';
}

/** Folders of models have few files; those of data sets may have millions. */
const MAX_NAMES = 1000;

/** A path may exist in several places; more than this is a mere accident of names. */
const MAX_FOUND = 3;

/** What programs append to a name by themselves: `np.savez("weights")` writes `weights.npz`. */
const STEM_EXTENSIONS = ['.npz', '.npy', '.safetensors', '.pt', '.pth', '.ckpt'];

/**
 * The models that a text may mean. Nothing is opened: one `stat` a place, and a look at the names in a folder.
 * @param judge What names say.
 * @param signal Once raised, what is found no longer matters.
 */
export async function findModels(
  text: string,
  context: PathContext,
  files: PathFiles,
  judge: NameJudge,
  signal?: AbortSignal,
): Promise<readonly FoundModel[]> {
  const places = placesOf(text, context);
  const found = await modelsAmong(places, files, judge, signal);
  if (found.length > 0 || !isStem(text)) return found;
  const named = places.flatMap((place) => STEM_EXTENSIONS.map((extension) => place + extension));
  return modelsAmong(named, files, judge, signal);
}

async function modelsAmong(
  places: readonly string[],
  files: PathFiles,
  judge: NameJudge,
  signal: AbortSignal | undefined,
): Promise<FoundModel[]> {
  const kinds = await Promise.all(places.map((place) => files.kind(place)));
  const found: FoundModel[] = [];
  for (const [i, path] of places.entries()) {
    const kind = kinds[i];
    if (kind === undefined) continue;
    if (signal?.aborted === true || found.length === MAX_FOUND) break;
    if (kind === 'file') {
      const sure = judge.certainty(nameOf(path));
      if (sure !== 'no') found.push({ path, kind, certainty: sure });
    } else {
      const names = await files.names(path, MAX_NAMES);
      if (names.some((name) => judge.certainty(name) === 'model' || judge.opensFolder(`${nameOf(path)}/${name}`)))
        found.push({ path, kind, certainty: 'model' });
    }
  }
  return found;
}

/** Whether an extension may have been left away: only of what is plainly a path, to leave words in peace. */
function isStem(text: string): boolean {
  const name = nameOf(text);
  return name.length < text.length && name !== '' && !/\.[a-z]\w*$/i.test(name) && !/^\.+$/.test(name);
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
