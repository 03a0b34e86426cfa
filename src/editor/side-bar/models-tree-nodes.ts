import { Uri, type WorkspaceFolder } from 'vscode';
import type { ModelEntry } from '../../catalog/entries';
import { buildTree, countModels, type CatalogNode, type TreeOptions } from '../../catalog/tree';
import type { FolderModels } from './workspace-models';

/** An item of the Models view, as commands get it. */
export type ModelsTreeNode = FolderTreeNode | RunTreeNode | ModelTreeNode;

interface TreeNode {
  /** The same for the same item after every change, so that it stays open and selected. */
  readonly id: string;
  readonly label: string;
  readonly parent: ModelsTreeNode | undefined;
  readonly children: readonly ModelsTreeNode[];
  /** Number of models in it. */
  readonly models: number;
}

export interface FolderTreeNode extends TreeNode {
  readonly kind: 'root' | 'folder';
  readonly folder: Uri;
}

export interface RunTreeNode extends TreeNode {
  readonly kind: 'run';
  /** The folder that holds all checkpoints, or the folders of all. */
  readonly folder: Uri;
  readonly checkpoints: readonly { readonly uri: Uri; readonly step: number }[];
}

export interface ModelTreeNode extends TreeNode {
  readonly kind: 'model';
  /** What to open: the file, of a sharded model its index, or the folder. */
  readonly uri: Uri;
  readonly entry: ModelEntry;
}

/** The items for what was found: of one folder of the workspace its content, of several each with an item of its own. */
export function modelsTreeNodes(
  folders: readonly FolderModels[],
  severalFolders: boolean,
  options: TreeOptions,
): ModelsTreeNode[] {
  const trees = folders.map(({ folder, entries }) => ({ folder, nodes: buildTree(entries, options) }));
  if (!severalFolders) return trees.flatMap(({ folder, nodes }) => wrapAll(nodes, folder, undefined));
  return trees.flatMap(({ folder, nodes }) => (nodes.length === 0 ? [] : [rootNode(folder, nodes)]));
}

function rootNode(folder: WorkspaceFolder, nodes: readonly CatalogNode[]): FolderTreeNode {
  const children: ModelsTreeNode[] = [];
  const root: FolderTreeNode = {
    kind: 'root',
    id: `root:${folder.uri.toString()}`,
    label: folder.name,
    parent: undefined,
    children,
    models: countModels(nodes),
    folder: folder.uri,
  };
  children.push(...wrapAll(nodes, folder, root));
  return root;
}

function wrapAll(
  nodes: readonly CatalogNode[],
  folder: WorkspaceFolder,
  parent: ModelsTreeNode | undefined,
): ModelsTreeNode[] {
  return nodes.map((node) => wrap(node, folder, parent));
}

function wrap(node: CatalogNode, folder: WorkspaceFolder, parent: ModelsTreeNode | undefined): ModelsTreeNode {
  const at = (path: string): Uri => (path === '' ? folder.uri : Uri.joinPath(folder.uri, path));
  const children: ModelsTreeNode[] = [];
  const common = { label: node.label, parent, children, models: node.models };
  let wrapped: ModelsTreeNode;
  if (node.kind === 'folder') {
    const uri = at(node.path);
    wrapped = { kind: 'folder', id: `folder:${uri.toString()}`, folder: uri, ...common };
  } else if (node.kind === 'run') {
    const uri = at(node.run.folder);
    const checkpoints = node.run.steps.map(({ step, entry }) => ({ uri: at(entry.path), step }));
    wrapped = { kind: 'run', id: `run:${uri.toString()}:${node.label}`, folder: uri, checkpoints, ...common };
  } else {
    const uri = at(node.entry.path);
    return { kind: 'model', id: `model:${uri.toString()}`, uri, entry: node.entry, ...common };
  }
  children.push(...wrapAll(node.children, folder, wrapped));
  return wrapped;
}
