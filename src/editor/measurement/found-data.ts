import { basename, dirname } from 'node:path';
import { workspace, type Uri } from 'vscode';
import { testPartner } from '../../data/partner-names';

/** Names that data sets have; tables are too many, and too seldom data of a network, to look for them elsewhere than beside the model. */
const DATA_GLOB = '**/{*.npz,*images*idx3*,*data*.csv}';
const MAX_FOUND = 20;

/**
 * What may be data of a model: files of the workspace whose names say so, those in the model's own folder first. Samples for
 * testing that belong to others are left out: they are found by themselves.
 */
export async function findData(model: Uri): Promise<readonly Uri[]> {
  const found = await workspace.findFiles(DATA_GLOB, '**/node_modules/**', MAX_FOUND);
  const files = found.filter(({ scheme, fsPath }) => scheme === 'file' && fsPath !== model.fsPath);
  const isPartner = ({ fsPath }: Uri): boolean => {
    const folder = files.filter((other) => dirname(other.fsPath) === dirname(fsPath));
    const names = folder.map((other) => basename(other.fsPath));
    return names.some((name) => testPartner(name, names) === basename(fsPath));
  };
  const distance = ({ fsPath }: Uri): number => (dirname(fsPath) === dirname(model.fsPath) ? 0 : 1);
  return files
    .filter((file) => !isPartner(file))
    .sort((a, b) => distance(a) - distance(b) || a.fsPath.localeCompare(b.fsPath));
}
