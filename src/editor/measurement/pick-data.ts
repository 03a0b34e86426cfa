import { basename, dirname } from 'node:path';
import {
  l10n,
  ProgressLocation,
  QuickPickItemKind,
  ThemeIcon,
  Uri,
  window,
  workspace,
  type QuickPickItem,
} from 'vscode';
import type { DataSettings } from '../../data/settings';
import { CancelledError } from '../../formats/errors';
import type { DataPreview, MeasurerMethods, SamplePreview } from '../../protocol/measurement';
import type { ChildClient } from '../child-client';
import { findData } from './found-data';
import { pictureUri } from './picture-uri';

/** The remembered data, or files to choose from. */
interface DataItem extends QuickPickItem {
  readonly settings?: DataSettings;
  readonly choose?: 'file' | 'folder';
}

interface PreviewItem extends QuickPickItem {
  readonly action?: 'measure' | 'normalisation';
}

/**
 * Asks for the data that a model is to be measured on, and shows what was guessed of it, until that is right.
 * @param given settings that need no asking which data it is
 * @returns undefined if the person thinks better of it
 * @throws {FormatError} if the data cannot be read or do not fit the network
 */
export async function pickData(
  model: Uri,
  measurer: ChildClient<MeasurerMethods>,
  given?: DataSettings,
): Promise<DataSettings | undefined> {
  const settings = given ?? (await chooseData(model, measurer));
  if (settings === undefined) return undefined;
  const preview = await readPreview(model, settings, measurer);
  return preview === undefined ? undefined : confirm(settings, preview);
}

async function chooseData(model: Uri, measurer: ChildClient<MeasurerMethods>): Promise<DataSettings | undefined> {
  const remembered = await measurer.call('remembered', { model: model.fsPath });
  const items: DataItem[] = [];
  if (remembered?.data !== undefined) {
    items.push({
      label: basename(remembered.data),
      description: l10n.t('remembered in .prunability.json'),
      iconPath: new ThemeIcon('history'),
      settings: remembered,
    });
  }
  for (const uri of await findData(model)) {
    if (uri.fsPath === remembered?.data) continue;
    items.push({
      label: basename(uri.fsPath),
      description: workspace.asRelativePath(Uri.file(dirname(uri.fsPath))),
      iconPath: new ThemeIcon('database'),
      settings: { data: uri.fsPath },
    });
  }
  if (items.length > 0) items.push({ label: '', kind: QuickPickItemKind.Separator });
  items.push(
    { label: l10n.t('Choose a File…'), iconPath: new ThemeIcon('file'), choose: 'file' },
    { label: l10n.t('Choose a Folder…'), iconPath: new ThemeIcon('folder'), choose: 'folder' },
  );
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Data to Measure {0} With', basename(model.path)),
    placeHolder: l10n.t('Samples with labels: IDX, npz, CSV, or a folder of images with one folder a class'),
    matchOnDescription: true,
  });
  if (picked?.choose === undefined) return picked?.settings;
  const [chosen] =
    (await window.showOpenDialog({
      canSelectFiles: picked.choose === 'file',
      canSelectFolders: picked.choose === 'folder',
      defaultUri: Uri.joinPath(model, '..'),
      openLabel: l10n.t('Use as Data'),
    })) ?? [];
  if (chosen === undefined) return undefined;
  return { data: chosen.fsPath };
}

/** Undefined if the person has cancelled. */
async function readPreview(
  model: Uri,
  data: DataSettings,
  measurer: ChildClient<MeasurerMethods>,
): Promise<DataPreview | undefined> {
  return window.withProgress(
    {
      location: ProgressLocation.Notification,
      title: l10n.t('Reading {0}', basename(data.data ?? '')),
      cancellable: true,
    },
    async (_progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => {
        controller.abort();
      });
      try {
        return await measurer.call('preview', { model: model.fsPath, data }, { signal: controller.signal });
      } catch (error) {
        if (error instanceof CancelledError) return undefined;
        throw error;
      }
    },
  );
}

async function confirm(settings: DataSettings, preview: DataPreview): Promise<DataSettings | undefined> {
  let normalisation = settings.normalisation ?? preview.normalisations[0]?.normalisation;
  for (;;) {
    const picked = await window.showQuickPick(previewItems(preview, normalisation), {
      title: l10n.t('Is This the Data the Network Was Trained On?'),
      placeHolder: l10n.t('Enter starts the measurement'),
    });
    if (picked?.action === 'measure') return { ...settings, ...(normalisation === undefined ? {} : { normalisation }) };
    if (picked?.action !== 'normalisation') {
      if (picked === undefined) return undefined;
      continue;
    }
    normalisation = (await pickNormalisation(preview)) ?? normalisation;
  }
}

function previewItems(preview: DataPreview, normalisation: DataSettings['normalisation']): PreviewItem[] {
  const chosen = preview.normalisations.find((each) => same(each.normalisation, normalisation));
  return [
    { label: l10n.t('Measure'), iconPath: new ThemeIcon('play'), action: 'measure' },
    {
      label: l10n.t('Values: {0}', chosen?.label ?? l10n.t('as .prunability.json says')),
      description: l10n.t('how they were prepared for training; choose to change it'),
      iconPath: new ThemeIcon('settings'),
      action: 'normalisation',
    },
    ...preview.warnings.map((warning) => ({ label: warning, iconPath: new ThemeIcon('warning') })),
    { label: l10n.t('What was found'), kind: QuickPickItemKind.Separator },
    ...preview.facts.map(({ title, detail }) => ({
      label: title,
      description: detail,
      iconPath: new ThemeIcon('info'),
    })),
    { label: l10n.t('Some samples'), kind: QuickPickItemKind.Separator },
    ...preview.samples.map(sampleItem),
  ];
}

function sampleItem({ label, text, picture }: SamplePreview): PreviewItem {
  return {
    label,
    ...(text === undefined ? {} : { description: text }),
    iconPath: picture === undefined ? new ThemeIcon('symbol-array') : pictureUri(picture),
  };
}

async function pickNormalisation(preview: DataPreview): Promise<DataSettings['normalisation']> {
  const items = preview.normalisations.map(({ label, normalisation }) => ({ label, normalisation }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t('How Were the Values Prepared for Training?'),
    placeHolder: l10n.t('What fits the network best comes first'),
  });
  return picked?.normalisation;
}

function same(a: DataSettings['normalisation'], b: DataSettings['normalisation']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
