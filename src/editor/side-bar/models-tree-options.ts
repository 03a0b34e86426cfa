import { commands, type Memento } from 'vscode';
import type { TreeLayout, TreeOptions, TreeOrder } from '../../catalog/tree';

const KEY = 'prunability.models';
const LAYOUTS: readonly TreeLayout[] = ['folder', 'run', 'flat'];
const ORDERS: readonly TreeOrder[] = ['name', 'size', 'modified', 'limit'];

/** How the Models view shows its models: kept with the workspace, and told to the menus through context keys. */
export class ModelsTreeOptions {
  private options: TreeOptions;

  constructor(private readonly memory: Memento) {
    this.options = restored(memory.get(KEY));
    this.tellMenus();
  }

  get current(): TreeOptions {
    return this.options;
  }

  async change(options: Partial<TreeOptions>): Promise<void> {
    this.options = { ...this.options, ...options };
    this.tellMenus();
    await this.memory.update(KEY, this.options);
  }

  private tellMenus(): void {
    const { layout, order, filter } = this.options;
    void commands.executeCommand('setContext', 'prunability.models.group', layout);
    void commands.executeCommand('setContext', 'prunability.models.sort', order);
    void commands.executeCommand('setContext', 'prunability.models.filtered', filter !== '');
  }
}

/** What another version has kept may mean nothing to this one. */
function restored(kept: unknown): TreeOptions {
  const { layout, order, filter } = (kept ?? {}) as Partial<Record<keyof TreeOptions, unknown>>;
  return {
    layout: LAYOUTS.find((known) => known === layout) ?? 'folder',
    order: ORDERS.find((known) => known === order) ?? 'name',
    filter: typeof filter === 'string' ? filter : '',
  };
}
