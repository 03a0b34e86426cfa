import { basename, dirname, join } from 'node:path';
import { workspace, type Uri } from 'vscode';
import { testPartner } from '../../data/partner-names';

/** Names that data sets have; tables are too many, and too seldom data of a network, to look for them elsewhere than beside the model. */
const DATA_GLOB = '**/{*.npz,*images*idx3*,*data*.csv}';
/** So many are looked at, for those beside the model not to be missed in a large workspace; fewer can be read in a list. */
const MAX_FOUND = 1000;
const MAX_OFFERED = 20;

/**
 * What may be data of a model: files of the workspace whose names say so, those in the model's own folder first. Samples for
 * testing that belong to others are left out: they are found by themselves.
 */
export async function findData(model: Uri): Promise<readonly Uri[]> {
  const found = await workspace.findFiles(DATA_GLOB, '**/node_modules/**', MAX_FOUND);
  const files = found.filter(({ scheme, fsPath }) => scheme === 'file' && fsPath !== model.fsPath);
  const folders = new Map<string, string[]>();
  for (const { fsPath } of files) {
    const names = folders.get(dirname(fsPath));
    if (names === undefined) folders.set(dirname(fsPath), [basename(fsPath)]);
    else names.push(basename(fsPath));
  }
  const partners = new Set(
    [...folders].flatMap(([folder, names]) => names.map((name) => join(folder, testPartner(name, names) ?? ''))),
  );
  const distance = ({ fsPath }: Uri): number => (dirname(fsPath) === dirname(model.fsPath) ? 0 : 1);
  return files
    .filter(({ fsPath }) => !partners.has(fsPath))
    .sort((a, b) => distance(a) - distance(b) || a.fsPath.localeCompare(b.fsPath))
    .slice(0, MAX_OFFERED);
}
