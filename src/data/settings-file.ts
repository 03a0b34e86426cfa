import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { writeAtomically } from '../files/write-atomically';
import { JsonCursor } from '../formats/containers/json-cursor';
import { FormatError } from '../formats/errors';
import { unreadable } from '../formats/source';
import { SETTINGS_NAME, type DataSettings } from './settings';
import { SettingError, SettingReader } from './settings-json';
import { parseSettings } from './settings-parse';

/** A settings file has under 1 KB; with one mean a number of a long vector, some 100. */
const MAX_SETTINGS_BYTES = 4_000_000;

/** Settings to be written; `undefined` under a key takes it out of the file. */
export type ChangedSettings = { readonly [K in keyof DataSettings]?: DataSettings[K] | undefined };

/** Keys whose values are paths. */
const PATH_KEYS = ['data', 'test', 'labels', 'testLabels'];

/** Where the settings of a model are: beside its file. */
export function settingsPath(model: string): string {
  return path.join(path.dirname(model), SETTINGS_NAME);
}

/**
 * Reads the settings beside a model; nothing is set if there is no such file.
 * @throws {FormatError} with the line or the key that is wrong
 */
export async function readSettings(file: string): Promise<DataSettings> {
  const document = await readDocument(file);
  if (document === undefined) return {};
  try {
    return parseSettings(new SettingReader(document.values), path.dirname(file));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const offset = document.offsets.get(error.key.split('.')[0] ?? '');
    const reason = atLine(document.bytes, offset, `"${error.key}" ${error.reason}`);
    throw new FormatError({ file, offset, reason, remedy: l10n.t('Correct the file.') });
  }
}

/**
 * Writes settings: those that are given, in place of what the file has for them; all its other keys stay as they are.
 * Paths become relative to its folder.
 * @throws {FormatError} if the file that is there is malformed, or cannot be written
 */
export async function writeSettings(file: string, settings: ChangedSettings): Promise<void> {
  const document = (await readDocument(file))?.values ?? new Map<string, unknown>();
  for (const [key, value] of written(settings, path.dirname(file))) {
    if (value === undefined) document.delete(key);
    else document.set(key, value);
  }
  const text = `${JSON.stringify(Object.fromEntries(document), null, 2)}\n`;
  try {
    await writeAtomically(file, text);
  } catch (error) {
    throw new FormatError({
      file,
      reason: l10n.t('cannot be written ({0})', (error as NodeJS.ErrnoException).code ?? String(error)),
      remedy: l10n.t('Check the permissions of the folder.'),
    });
  }
}

/** The keys of the file for what is given; `normalization` as American programs spell it. */
function written(settings: ChangedSettings, folder: string): Map<string, unknown> {
  const keys = new Map<string, unknown>();
  for (const [key, value] of Object.entries(settings)) {
    if (PATH_KEYS.includes(key) && typeof value === 'string') keys.set(key, relativePath(folder, value));
    else if (key === 'normalisation') keys.set('normalization', value);
    else if (key === 'layout' && typeof value === 'string') keys.set(key, `channels-${value}`);
    else keys.set(key, value);
  }
  return keys;
}

function relativePath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  // From one drive to another there is no relative path.
  if (path.isAbsolute(relative)) return file;
  return relative === '' ? '.' : relative.split(path.sep).join('/');
}

interface SettingsDocument {
  readonly values: Map<string, unknown>;
  /** Of the keys, in bytes. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly bytes: Uint8Array;
}

async function readDocument(file: string): Promise<SettingsDocument | undefined> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  const offsets = new Map<string, number>();
  try {
    const cursor = new JsonCursor(bytes, file, l10n.t('Correct the file.'));
    cursor.readObject(l10n.t('the file'), (key, offset) => {
      if (offsets.has(key)) throw cursor.error(l10n.t('has the key "{0}" twice', key), offset);
      offsets.set(key, offset);
      cursor.skip();
    });
    cursor.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError({ ...error.detail, reason: atLine(bytes, error.detail.offset, error.detail.reason) });
  }
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  return { values: new Map(Object.entries(JSON.parse(text) as object)), offsets, bytes };
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_SETTINGS_BYTES) return await readFile(file);
    throw new FormatError({
      file,
      reason: l10n.t('has {0} bytes; at most {1} are read', size, MAX_SETTINGS_BYTES),
      remedy: l10n.t('Correct the file.'),
    });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, error);
  }
}

function atLine(bytes: Uint8Array, offset: number | undefined, reason: string): string {
  if (offset === undefined) return reason;
  const line = 1 + bytes.subarray(0, offset).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
  return `${l10n.t('line {0}', line)}: ${reason}`;
}
