import { commands, env, l10n, window, type Disposable, type Uri } from 'vscode';
import type { TreeOptions } from '../../catalog/tree';
import type { ModelsTree } from './models-tree';
import type { ModelsTreeNode } from './models-tree-nodes';

/** After this time without a key the list follows the filter. */
const TYPING_PAUSE_MS = 120;

/** Commands that show the models in another way. */
const VIEW_COMMANDS: readonly (readonly [id: string, options: Partial<TreeOptions>])[] = [
  ['sortByName', { order: 'name' }],
  ['sortBySize', { order: 'size' }],
  ['sortByModified', { order: 'modified' }],
  ['sortByLimit', { order: 'limit' }],
  ['groupByFolder', { layout: 'folder' }],
  ['groupByRun', { layout: 'run' }],
  ['flat', { layout: 'flat' }],
  ['clearFilter', { filter: '' }],
];

/** Registers the commands of the Models view and of its items; the view itself is the caller's to dispose of. */
export function registerModelsTree(tree: ModelsTree): Disposable[] {
  const register = (name: string, run: (...values: unknown[]) => unknown): Disposable =>
    commands.registerCommand(`prunability.models.${name}`, run);
  return [
    ...VIEW_COMMANDS.map(([name, options]) => register(name, () => tree.show(options))),
    register('refresh', () => tree.refresh()),
    register('filter', (text) => (typeof text === 'string' ? tree.show({ filter: text }) : askForFilter(tree))),
    register('reveal', async (node) => {
      const target = (node as ModelsTreeNode | undefined) ?? tree.view.selection[0];
      if (target !== undefined) await commands.executeCommand('revealInExplorer', uriOf(target));
    }),
    register('copyPath', async (node, nodes) => {
      const paths = targets(tree, node, nodes).map((uri) => (uri.scheme === 'file' ? uri.fsPath : uri.toString(true)));
      if (paths.length > 0) await env.clipboard.writeText(paths.join('\n'));
    }),
  ];
}

/** The clicked item, or all that are selected if it is one of them; from the palette the selection. */
function targets(tree: ModelsTree, node: unknown, nodes?: unknown): Uri[] {
  const clicked = node as ModelsTreeNode | undefined;
  const selected = Array.isArray(nodes) ? (nodes as readonly ModelsTreeNode[]) : tree.view.selection;
  const chosen = clicked === undefined || selected.includes(clicked) ? selected : [clicked];
  return chosen.map(uriOf);
}

function uriOf(node: ModelsTreeNode): Uri {
  return node.kind === 'model' ? node.uri : node.folder;
}

/** Lets the list follow what is typed; Escape brings back what was before. */
async function askForFilter(tree: ModelsTree): Promise<void> {
  const before = tree.shown.filter;
  const box = window.createInputBox();
  box.title = l10n.t('Filter Models');
  box.placeholder = l10n.t('Words that the path must have, such as “epoch safetensors”');
  box.value = before;
  let timer: NodeJS.Timeout | undefined;
  const accepted = await new Promise<string | undefined>((resolve) => {
    box.onDidChangeValue((filter) => {
      clearTimeout(timer);
      timer = setTimeout(() => void tree.show({ filter }), TYPING_PAUSE_MS);
    });
    box.onDidAccept(() => {
      resolve(box.value);
    });
    box.onDidHide(() => {
      resolve(undefined);
    });
    box.show();
  });
  clearTimeout(timer);
  box.dispose();
  await tree.show({ filter: accepted ?? before });
}
