import { basename } from 'node:path';
import { commands, l10n, Uri, window, type Disposable, type ExtensionContext, type LogOutputChannel } from 'vscode';
import type { ExportFormat } from '../protocol/panel';
import type { Analyses } from './analysis/analyses';
import type { Comparisons } from './comparison/comparisons';
import { headRevision } from './comparison/git-revision';
import { isFolder } from './models/folder-files';
import { installBackend } from './measurement/install-backend';
import type { Measurements } from './measurement/measurements';
import { nativeFolder } from './measurement/native-places';
import { activeModelFile, pickModelFile, unanalyzedModelFile } from './models/model-files';
import { pickRun } from './comparison/model-runs';
import type { RunningWork } from './running-work';

const WALKTHROUGH = 'prunability.prunability#prunability.start';

/** The samples that come with the extension: a network trained for three epochs. */
const SAMPLES = ['samples', 'fashion-mnist'] as const;
const SAMPLE_EPOCHS = [1, 2, 3] as const;

export interface CommandServices {
  readonly context: ExtensionContext;
  readonly analyses: Analyses;
  readonly comparisons: Comparisons;
  readonly measurements: Measurements;
  readonly work: RunningWork;
  readonly log: LogOutputChannel;
  showLog(): void;
}

/** Registers the commands on models, comparisons and reports. */
export function registerCommands(services: CommandServices): Disposable[] {
  const { analyses, comparisons, context, log, measurements, work } = services;
  const exportAs = (id: string, format: ExportFormat): Disposable =>
    commands.registerCommand(`prunability.export${id}`, () => analyses.exportActive(format));
  const sampleEpoch = (epoch: number): Uri => Uri.joinPath(context.extensionUri, ...SAMPLES, `epoch${epoch}.pt`);
  return [
    commands.registerCommand('prunability.analyze', async (target?: unknown, selection?: unknown) => {
      const uris = chosen(target, selection);
      const [only] =
        uris.length > 0 ? uris : [unanalyzedModelFile() ?? (await pickModelFile(l10n.t('Model to analyze')))];
      for (const uri of uris.length > 0 ? uris : only === undefined ? [] : [only]) await analyses.open(uri);
    }),
    commands.registerCommand('prunability.compare', async (target?: unknown, selection?: unknown) => {
      const [before, after, ...more] = chosen(target, selection);
      if (more.length > 0) {
        void window.showWarningMessage(l10n.t('Select two models to compare, not {0}.', more.length + 2));
        return;
      }
      await compareTwo(comparisons, before, after);
    }),
    commands.registerCommand('prunability.compareWith', async (target?: unknown) => {
      const [before] = chosen(target, undefined);
      await compareTwo(comparisons, before ?? activeModelFile(), undefined);
    }),
    commands.registerCommand('prunability.compareWithHead', async (target?: unknown) => {
      const uri =
        chosen(target, undefined)[0] ?? activeModelFile() ?? (await pickModelFile(l10n.t('Model to compare')));
      if (uri === undefined) return;
      if (await isFolder(uri)) {
        void window.showWarningMessage(
          l10n.t('{0} is a folder: only a model of one file can be compared with the last commit.', basename(uri.path)),
        );
        return;
      }
      const head = await headRevision(uri);
      if (head === undefined) {
        const message = l10n.t(
          '{0} is in no commit that can be compared with: Git is off, or the file is not in the last commit.',
          basename(uri.path),
        );
        void window.showWarningMessage(message);
        return;
      }
      await comparisons.show({ kind: 'comparison', before: head, after: uri });
    }),
    commands.registerCommand('prunability.compareRun', async (target?: unknown) => {
      const run = await pickRun(target);
      if (run !== undefined) await comparisons.show({ kind: 'run', ...run });
    }),
    commands.registerCommand('prunability.measure', async (target?: unknown, data?: unknown) => {
      const [model = activeModelFile() ?? (await pickModelFile(l10n.t('Model to measure')))] = chosen(
        target,
        undefined,
      );
      if (model === undefined) return;
      const given = uriOf(data);
      await measurements.measure(model, given === undefined ? undefined : { data: given.fsPath });
    }),
    commands.registerCommand('prunability.installBackend', () =>
      installBackend(
        nativeFolder(context),
        () => {
          measurements.installed();
        },
        log,
      ),
    ),
    commands.registerCommand('prunability.cancel', () => {
      const session = analyses.active();
      if (session?.status.state === 'running') session.cancel();
      else work.cancel();
    }),
    commands.registerCommand('prunability.reanalyze', () => analyses.active()?.run('refresh')),
    commands.registerCommand('prunability.showRunning', () => {
      work.show();
    }),
    exportAs('Json', 'json'),
    exportAs('Csv', 'csv'),
    exportAs('Markdown', 'markdown'),
    commands.registerCommand('prunability.showLog', () => {
      services.showLog();
    }),
    commands.registerCommand('prunability.openSample', () => analyses.open(sampleEpoch(3))),
    commands.registerCommand('prunability.compareSamples', () =>
      comparisons.show({
        kind: 'run',
        folder: Uri.joinPath(context.extensionUri, ...SAMPLES),
        checkpoints: SAMPLE_EPOCHS.map((step) => ({ step, uri: sampleEpoch(step) })),
      }),
    ),
    commands.registerCommand('prunability.openWalkthrough', () =>
      commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH, false),
    ),
  ];
}

/** The first is the reference. What is not given is asked for. */
async function compareTwo(comparisons: Comparisons, first: Uri | undefined, second: Uri | undefined): Promise<void> {
  const before = first ?? (await pickModelFile(l10n.t('Model to compare: the earlier one')));
  if (before === undefined) return;
  const after = second ?? (await pickModelFile(l10n.t('Model to compare {0} with', basename(before.path)), before));
  if (after !== undefined) await comparisons.show({ kind: 'comparison', before, after });
}

/**
 * The models that a command was given: from the explorer and the views come the clicked item and the whole selection, from
 * source control its resources, from the palette nothing.
 */
function chosen(target: unknown, selection: unknown): readonly Uri[] {
  const items = Array.isArray(selection) && selection.length > 0 ? (selection as readonly unknown[]) : [target];
  return items.flatMap((item) => uriOf(item) ?? []);
}

function uriOf(item: unknown): Uri | undefined {
  if (item instanceof Uri) return item;
  if (typeof item === 'string') return Uri.parse(item, true);
  if (typeof item !== 'object' || item === null) return undefined;
  if ('uri' in item && item.uri instanceof Uri) return item.uri;
  if ('resourceUri' in item && item.resourceUri instanceof Uri) return item.resourceUri;
  // Command links carry URIs as plain data.
  return 'scheme' in item && 'path' in item ? Uri.from(item as { scheme: string; path: string }) : undefined;
}
