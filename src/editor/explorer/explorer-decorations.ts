import {
  EventEmitter,
  FileDecoration,
  ThemeColor,
  window,
  workspace,
  type CancellationToken,
  type Disposable,
  type FileDecorationProvider,
  type Uri,
} from 'vscode';
import { modelPathCertainty } from '../../catalog/model-names';
import { CancelledError } from '../../formats/errors';
import type { DescriptionResult } from '../../protocol/description';
import type { ModelDescriptions } from '../models/descriptions';
import type { CatalogFolders } from './catalog-folders';
import { analysisLine, factsLine, unreadableLine } from './model-lines';

/** `off`: none; `header`: a tooltip; `badge`: also the predicted limit, in percent, beside the name. */
type Decorations = 'off' | 'header' | 'badge';

const SETTING = 'prunability.explorer.decorations';

/** A badge has two characters at most. */
const MAX_BADGE_PERCENT = 99;

/** Tells in the explorer (and wherever else names are decorated) what a model file is, or a folder that is one. Reads headers only. */
export class ExplorerDecorations implements FileDecorationProvider, Disposable {
  private readonly changeEmitter = new EventEmitter<Uri | Uri[] | undefined>();
  readonly onDidChangeFileDecorations = this.changeEmitter.event;
  private readonly disposables: readonly Disposable[];

  constructor(
    private readonly descriptions: ModelDescriptions,
    private readonly folders: CatalogFolders,
  ) {
    this.disposables = [
      window.registerFileDecorationProvider(this),
      descriptions.onDidChange((uris) => {
        this.changeEmitter.fire([...uris]);
      }),
      folders.onDidChange((uris) => {
        this.changeEmitter.fire(uris);
      }),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.changeEmitter.fire(undefined);
      }),
    ];
  }

  async provideFileDecoration(uri: Uri, token: CancellationToken): Promise<FileDecoration | undefined> {
    const kind = workspace.getConfiguration().get<Decorations>(SETTING, 'badge');
    if (kind === 'off') return undefined;
    if (modelPathCertainty(uri.path) === 'no' && !this.folders.has(uri)) return undefined;
    const controller = new AbortController();
    const subscription = token.onCancellationRequested(() => {
      controller.abort();
    });
    try {
      return decoration(await this.descriptions.describe(uri, controller.signal), kind);
    } catch (error) {
      if (error instanceof CancelledError) return undefined;
      throw error;
    } finally {
      subscription.dispose();
    }
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
    this.changeEmitter.dispose();
  }
}

function decoration(description: DescriptionResult, kind: Decorations): FileDecoration | undefined {
  if (description.state === 'unreadable') {
    if (!description.recognised) return undefined;
    return new FileDecoration(undefined, unreadableLine(description));
  }
  const tooltip = `${factsLine(description)}\n${analysisLine(description, Date.now())}`;
  const { analysis } = description;
  const limit = analysis?.initialisation === 'at-initialisation' ? null : (analysis?.limit ?? null);
  if (kind === 'header' || limit === null) return new FileDecoration(undefined, tooltip);
  const percent = Math.min(MAX_BADGE_PERCENT, Math.round(100 * limit));
  return new FileDecoration(String(percent), tooltip, new ThemeColor('prunability.analyzedForeground'));
}
