import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, workspace } from 'vscode';
import { isIncomplete, type ModelEntry, type ShardSet } from '../../catalog/entries';
import { folderOf } from '../../catalog/runs';
import type { DescriptionResult } from '../../protocol/description';
import { nameText } from '../../report/name-text';
import { byteSize, grouped, limitPercent, shortCount } from '../../report/number-text';
import type { FolderTreeNode, ModelsTreeNode, ModelTreeNode, RunTreeNode } from './models-tree-nodes';

/** Icon, texts and state of an item; `description`, of a model, as far as it is known. */
export function modelsTreeItem(node: ModelsTreeNode, description: DescriptionResult | undefined): TreeItem {
  if (node.kind === 'model') return modelItem(node, description);
  return node.kind === 'run' ? runItem(node) : folderItem(node);
}

function folderItem(node: FolderTreeNode): TreeItem {
  const item = new TreeItem(
    nameText(node.label),
    node.kind === 'root' ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed,
  );
  item.id = node.id;
  item.resourceUri = node.folder;
  item.contextValue = 'prunability.folder';
  item.iconPath = node.kind === 'root' ? new ThemeIcon('root-folder') : ThemeIcon.Folder;
  const name = nameText(node.label);
  item.tooltip =
    node.models === 1 ? l10n.t('{0}: 1 model', name) : l10n.t('{0}: {1} models', name, grouped(node.models));
  item.accessibilityInformation = {
    label:
      node.models === 1
        ? l10n.t('{0}, folder with 1 model', name)
        : l10n.t('{0}, folder with {1} models', name, grouped(node.models)),
  };
  return item;
}

function runItem(node: RunTreeNode): TreeItem {
  const item = new TreeItem(nameText(node.label), TreeItemCollapsibleState.Collapsed);
  const count = grouped(node.models);
  const name = nameText(node.label);
  const folder = nameText(workspace.asRelativePath(node.folder));
  item.id = node.id;
  item.contextValue = 'prunability.run';
  item.iconPath = new ThemeIcon('history');
  const counted = node.models === 1 ? l10n.t('1 checkpoint') : l10n.t('{0} checkpoints', count);
  item.description = node.parent?.kind === 'folder' ? counted : `${counted} · ${folder}`;
  const first = node.checkpoints[0]?.step ?? 0;
  const last = node.checkpoints.at(-1)?.step ?? first;
  item.tooltip = l10n.t('Run {0} in {1}: {2}, from {3} to {4}', name, folder, counted, first, last);
  item.accessibilityInformation = { label: l10n.t('{0}, run with {1}', name, counted) };
  return item;
}

function modelItem(node: ModelTreeNode, description: DescriptionResult | undefined): TreeItem {
  const { entry, uri } = node;
  const name = nameText(node.label);
  const item = new TreeItem(name, TreeItemCollapsibleState.None);
  const { text, spoken } = facts(entry, description, name);
  item.id = node.id;
  item.resourceUri = uri;
  if (description?.state === 'unreadable') item.contextValue = 'prunability.unreadable';
  else item.contextValue = entry.isFolder ? 'prunability.modelFolder' : 'prunability.model';
  item.iconPath = iconOf(entry, description);
  item.description = isListed(node) ? [text, nameText(folderOf(entry.label))].filter(Boolean).join(' · ') : text;
  item.accessibilityInformation = { label: spoken };
  return item;
}

/** Whether the items around do not tell the model's folder. */
function isListed({ parent, label, entry }: ModelTreeNode): boolean {
  return (parent === undefined || parent.kind === 'root') && label !== entry.label;
}

function iconOf({ shards, isFolder }: ModelEntry, description: DescriptionResult | undefined): ThemeIcon {
  if (description?.state === 'unreadable') return new ThemeIcon('error', new ThemeColor('list.errorForeground'));
  if (isFolder) return new ThemeIcon('package');
  if (shards === undefined) return new ThemeIcon('file-binary');
  if (isIncomplete(shards)) return new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  return new ThemeIcon('files');
}

/** What is most worth knowing: as a few figures beside the name, and for a screen reader with the name. */
function facts(
  { size, shards, isFolder }: ModelEntry,
  description: DescriptionResult | undefined,
  name: string,
): { text: string; spoken: string } {
  if (description?.state === 'unreadable') {
    const reason = nameText(description.reason);
    return { text: l10n.t('not readable'), spoken: l10n.t('{0}, model, not readable: {1}', name, reason) };
  }
  if (shards !== undefined && isIncomplete(shards)) {
    const text = incompleteText(shards);
    return { text: `${text} · ${byteSize(size)}`, spoken: l10n.t('{0}, model, incomplete: {1}', name, text) };
  }
  // What a folder holds beside what was searched for is not known yet: its size would be wrong.
  if (description === undefined && isFolder)
    return { text: l10n.t('folder'), spoken: l10n.t('{0}, model, a folder', name) };
  if (description === undefined) {
    return { text: byteSize(size), spoken: l10n.t('{0}, model of {1}', name, byteSize(size)) };
  }
  const count = shortCount(description.prunableCount > 0 ? description.prunableCount : description.count);
  const { analysis } = description;
  if (analysis === null) {
    const bytes = byteSize(description.file.bytes);
    return {
      text: `${count} · ${bytes}`,
      spoken: l10n.t('{0}, model with {1} parameters, not analyzed', name, count),
    };
  }
  if (analysis.initialisation === 'at-initialisation') {
    return {
      text: `${l10n.t('untrained')} · ${count}`,
      spoken: l10n.t('{0}, model with {1} parameters, untrained', name, count),
    };
  }
  if (analysis.limit === null) {
    return { text: count, spoken: l10n.t('{0}, model with {1} parameters, analyzed, without a limit', name, count) };
  }
  const limit = limitPercent(analysis.limit);
  return {
    text: `${limit} · ${count}`,
    spoken: l10n.t('{0}, model with {1} parameters, prune limit {2}', name, count, limit),
  };
}

function incompleteText({ found, expected, indexed }: ShardSet): string {
  if (expected === null) return l10n.t('no shards beside the index');
  if (found === expected && !indexed) return l10n.t('the index of the shards is missing');
  return l10n.t('{0} of {1} shards', found, expected);
}
