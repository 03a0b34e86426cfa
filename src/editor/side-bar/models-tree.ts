import {
  DataTransferItem,
  EventEmitter,
  l10n,
  window,
  workspace,
  type CancellationToken,
  type DataTransfer,
  type Disposable,
  type LogOutputChannel,
  type MarkdownString,
  type Memento,
  type TreeDataProvider,
  type TreeDragAndDropController,
  type TreeItem,
  type TreeView,
  type Uri,
} from 'vscode';
import type { TreeOptions } from '../../catalog/tree';
import type { DescriptionResult } from '../../protocol/description';
import { grouped } from '../../report/number-text';
import type { ModelDescriptions } from '../models/descriptions';
import { modelsTreeItem } from './models-tree-items';
import { modelsTreeNodes, type ModelsTreeNode, type ModelTreeNode } from './models-tree-nodes';
import { ModelsTreeOptions } from './models-tree-options';
import type { KnownOfModel, WorkspaceModels } from './workspace-models';

export const MODELS_VIEW = 'prunability.models';

/** New descriptions come one by one while a folder is looked at; their items are drawn together, this often. */
const DESCRIBED_INTERVAL_MS = 150;

const URI_LIST = 'text/uri-list';

/** What the Models view needs of others. */
export interface ModelsTreeServices {
  readonly models: WorkspaceModels;
  readonly descriptions: ModelDescriptions;
  /** The hover card of a model. */
  readonly card: (description: DescriptionResult, options: { readonly uri: Uri }) => MarkdownString;
  /** Where sorting, grouping and filter are kept with the workspace. */
  readonly memory: Memento;
  readonly log: LogOutputChannel;
}

/** The Models view: the models of the workspace as a tree. It searches once it is shown, and reads no model by itself. */
export class ModelsTree
  implements TreeDataProvider<ModelsTreeNode>, TreeDragAndDropController<ModelsTreeNode>, Disposable
{
  readonly dragMimeTypes = [URI_LIST];
  readonly dropMimeTypes: readonly string[] = [];
  readonly view: TreeView<ModelsTreeNode>;
  private readonly changed = new EventEmitter<ModelsTreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly options: ModelsTreeOptions;
  /** Undefined when they are to be built anew. */
  private roots: ModelsTreeNode[] | undefined;
  private byUri = new Map<string, ModelTreeNode>();
  private readonly described = new Map<string, Uri>();
  private timer: NodeJS.Timeout | undefined;
  private readonly subscriptions: readonly { dispose(): unknown }[];

  constructor(private readonly services: ModelsTreeServices) {
    this.options = new ModelsTreeOptions(services.memory);
    this.view = window.createTreeView(MODELS_VIEW, {
      treeDataProvider: this,
      dragAndDropController: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
    this.subscriptions = [
      this.view,
      this.changed,
      services.models.onDidChange(() => {
        this.rebuild();
      }),
      services.descriptions.onDidDescribe((uris) => {
        this.redraw(uris);
      }),
    ];
  }

  /** How the models are sorted, grouped and filtered. */
  get shown(): TreeOptions {
    return this.options.current;
  }

  /** Shows the models in another way, and remembers it. */
  async show(options: Partial<TreeOptions>): Promise<void> {
    await this.options.change(options);
    this.rebuild();
  }

  /** Searches the workspace anew. */
  async refresh(): Promise<void> {
    await window.withProgress({ location: { viewId: MODELS_VIEW } }, () => this.services.models.refresh());
  }

  /** The item of a model that is shown; undefined if there is none, or the filter hides it. */
  find(uri: Uri): ModelTreeNode | undefined {
    this.nodes();
    return this.byUri.get(uri.toString());
  }

  async getChildren(node?: ModelsTreeNode): Promise<ModelsTreeNode[]> {
    if (node !== undefined) return [...node.children];
    await this.services.models.ready();
    return this.nodes();
  }

  getParent(node: ModelsTreeNode): ModelsTreeNode | undefined {
    return node.parent;
  }

  getTreeItem(node: ModelsTreeNode): TreeItem {
    return modelsTreeItem(node, node.kind === 'model' ? this.services.descriptions.cached(node.uri) : undefined);
  }

  async resolveTreeItem(item: TreeItem, node: ModelsTreeNode, token: CancellationToken): Promise<TreeItem> {
    if (node.kind !== 'model') return item;
    const reading = new AbortController();
    token.onCancellationRequested(() => {
      reading.abort();
    });
    try {
      item.tooltip = this.services.card(await this.services.descriptions.describe(node.uri, reading.signal), {
        uri: node.uri,
      });
    } catch (error) {
      if (!token.isCancellationRequested) this.services.log.error(error as Error);
    }
    return item;
  }

  handleDrag(source: readonly ModelsTreeNode[], transfer: DataTransfer): void {
    const uris = source.flatMap(modelsOf).map(({ uri }) => uri.toString());
    transfer.set(URI_LIST, new DataTransferItem([...new Set(uris)].join('\r\n')));
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private nodes(): ModelsTreeNode[] {
    this.roots ??= this.build();
    return this.roots;
  }

  private build(): ModelsTreeNode[] {
    const { models, descriptions } = this.services;
    const { current } = this.options;
    const severalFolders = (workspace.workspaceFolders?.length ?? 0) > 1;
    const roots = modelsTreeNodes(
      models.folders((uri) => knownOf(descriptions.cached(uri))),
      severalFolders,
      current,
    );
    const shown = roots.flatMap(modelsOf);
    this.byUri = new Map(shown.map((node) => [node.uri.toString(), node]));
    this.view.message = this.message(shown.length);
    return roots;
  }

  /** What the list leaves out. */
  private message(shown: number): string {
    const { filter } = this.options.current;
    if (filter !== '') return l10n.t('Filter “{0}” (models found: {1})', filter, grouped(shown));
    return this.services.models.truncated
      ? l10n.t('The workspace has more model files than can be listed. Open a folder further down.')
      : '';
  }

  private rebuild(): void {
    this.roots = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.described.clear();
    this.changed.fire(undefined);
  }

  /** Draws the items of models of which there is something new; their order may follow from it. */
  private redraw(uris: readonly Uri[]): void {
    if (this.roots === undefined) return;
    for (const uri of uris) this.described.set(uri.toString(), uri);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.options.current.order === 'limit') {
        this.rebuild();
        return;
      }
      const nodes = [...this.described.values()].flatMap((uri) => this.find(uri) ?? []);
      this.described.clear();
      if (nodes.length > 0) this.changed.fire(nodes);
    }, DESCRIBED_INTERVAL_MS);
  }
}

function knownOf(description: DescriptionResult | undefined): KnownOfModel {
  return description?.state === 'readable'
    ? { limit: description.analysis?.limit ?? null, size: description.file.bytes }
    : { limit: null, size: undefined };
}

/** The models in an item, itself included. */
export function modelsOf(node: ModelsTreeNode): ModelTreeNode[] {
  return node.kind === 'model' ? [node] : node.children.flatMap(modelsOf);
}
