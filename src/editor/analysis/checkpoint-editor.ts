import {
  EventEmitter,
  window,
  type CustomDocument,
  type CustomReadonlyEditorProvider,
  type Disposable,
  type Uri,
  type WebviewPanel,
} from 'vscode';
import type { AnalysisSession } from './analysis-session';
import { showAnalysis, type AnalysisServices } from './analysis-view';
import { watchModel } from '../models/model-watcher';

/** Identifier of the custom editor in the manifest. */
export const CHECKPOINT_EDITOR = 'prunability.checkpoint';

/** What the provider tells of the editors that come and go. */
export interface OpenCheckpoint {
  readonly uri: Uri;
  readonly session: AnalysisSession;
  /** The analysis that began when the document was opened: resolves when it has ended. */
  readonly firstRun: Promise<unknown>;
}

class CheckpointDocument implements CustomDocument, OpenCheckpoint {
  readonly firstRun: Promise<unknown>;
  private readonly watcher: Disposable;

  constructor(
    readonly session: AnalysisSession,
    private readonly onDispose: () => void,
  ) {
    this.firstRun = session.run('use');
    this.watcher = watchModel(session.uri, () => void session.runIfChanged());
  }

  get uri(): Uri {
    return this.session.uri;
  }

  dispose(): void {
    this.watcher.dispose();
    this.session.dispose();
    this.onDispose();
  }
}

/**
 * Shows model files in read-only editors. All editors of one file show the same session; it begins when the first is
 * opened and ends when the last is closed.
 */
export class CheckpointEditors implements CustomReadonlyEditorProvider<CheckpointDocument>, Disposable {
  private readonly documents = new Map<string, CheckpointDocument>();
  private readonly subscriptions: Disposable[];
  /** The editor that commands mean: the one used last. VS Code's own `active` is told only some time after it is. */
  private current: { readonly panel: WebviewPanel; readonly document: CheckpointDocument } | undefined;
  private readonly openEmitter = new EventEmitter<OpenCheckpoint>();
  private readonly currentEmitter = new EventEmitter<OpenCheckpoint | undefined>();
  readonly onDidOpen = this.openEmitter.event;
  /** Another editor is the one used last, or none is left. */
  readonly onDidChangeCurrent = this.currentEmitter.event;

  constructor(
    private readonly extensionUri: Uri,
    private readonly createSession: (uri: Uri) => AnalysisSession,
    private readonly services: AnalysisServices,
  ) {
    this.subscriptions = [
      window.registerCustomEditorProvider(CHECKPOINT_EDITOR, this, {
        supportsMultipleEditorsPerDocument: true,
        webviewOptions: { retainContextWhenHidden: false },
      }),
      // VS Code tells of no change on some network drives, in folders it is told not to watch, nor in some that were made too fast.
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) for (const { session } of this.documents.values()) void session.runIfChanged();
      }),
    ];
  }

  openCustomDocument(uri: Uri): CheckpointDocument {
    const key = uri.toString();
    const document = new CheckpointDocument(this.createSession(uri), () => {
      if (this.documents.get(key) === document) this.documents.delete(key);
    });
    this.documents.set(key, document);
    this.openEmitter.fire(document);
    return document;
  }

  resolveCustomEditor(document: CheckpointDocument, panel: WebviewPanel): void {
    showAnalysis(panel, this.extensionUri, document.session, this.services);
    const use = (): void => {
      this.current = { panel, document };
      this.currentEmitter.fire(document);
    };
    if (panel.active) use();
    panel.onDidChangeViewState(() => {
      if (!panel.active) return;
      use();
      void document.session.runIfChanged();
    });
    panel.onDidDispose(() => {
      if (this.current?.panel !== panel) return;
      this.current = undefined;
      this.currentEmitter.fire(undefined);
    });
  }

  /** The document of the editor that was used last, if that is still open. */
  active(): OpenCheckpoint | undefined {
    return this.current?.document;
  }

  /** All that are open. */
  all(): Iterable<OpenCheckpoint> {
    return this.documents.values();
  }

  document(uri: Uri): OpenCheckpoint | undefined {
    return this.documents.get(uri.toString());
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.openEmitter.dispose();
    this.currentEmitter.dispose();
  }
}
