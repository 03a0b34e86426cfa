import { basename } from 'node:path';
import { commands, window, type Disposable, type Uri, type WebviewView, type WebviewViewProvider } from 'vscode';
import { CancelledError } from '../../formats/errors';
import type { DescriptionResult } from '../../protocol/description';
import { errorCodec } from '../../protocol/error-codec';
import { RpcPeer } from '../../protocol/rpc';
import type { SummaryHostMethods, SummaryState, SummaryViewMethods } from '../../protocol/summary';
import type { Analyses } from '../analysis/analyses';
import { CHECKPOINT_EDITOR } from '../analysis/checkpoint-editor';
import type { ModelDescriptions } from '../models/descriptions';
import { showPage } from '../webview/webview-page';
import { webviewPort } from '../webview/webview-port';

const SUMMARY_VIEW = 'prunability.summary';

/** The selected model in few words, in the side bar: that of the tree, or of the editor used last. */
export class SummaryView implements WebviewViewProvider, Disposable {
  private uri: Uri | undefined;
  private description: DescriptionResult | null = null;
  private peer: RpcPeer<SummaryHostMethods, SummaryViewMethods> | undefined;
  private readonly disposables: Disposable[];

  constructor(
    private readonly extensionUri: Uri,
    private readonly analyses: Analyses,
    private readonly descriptions: ModelDescriptions,
  ) {
    this.disposables = [
      window.registerWebviewViewProvider(SUMMARY_VIEW, this),
      analyses.editors.onDidChangeCurrent((document) => {
        if (document !== undefined) void this.select(document.uri);
      }),
      analyses.onDidProgress((uri) => {
        if (uri.toString() === this.uri?.toString()) this.show();
      }),
      descriptions.onDidChange((uris) => {
        const { uri } = this;
        if (uri !== undefined && uris.some((changed) => changed.toString() === uri.toString())) void this.select(uri);
      }),
    ];
  }

  /** What the view shows; for the tests, too. */
  get state(): SummaryState {
    const { uri, description } = this;
    if (uri === undefined) return { state: 'none' };
    return {
      state: 'model',
      path: uri.fsPath,
      name: basename(uri.path),
      description,
      progress: this.analyses.progress(uri),
    };
  }

  /** Shows this model. Only its header is read. */
  async select(uri: Uri): Promise<void> {
    if (uri.toString() !== this.uri?.toString()) this.description = null;
    this.uri = uri;
    // A view that nobody sees needs no header.
    if (this.peer === undefined) return;
    this.show();
    try {
      const description = await this.descriptions.describe(uri);
      if (this.uri !== uri) return;
      this.description = description;
      this.show();
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
  }

  resolveWebviewView(view: WebviewView): void {
    const peer = new RpcPeer<SummaryHostMethods, SummaryViewMethods>(
      webviewPort(view.webview),
      {
        ready: () => {
          if (this.uri !== undefined && this.description === null) void this.select(this.uri);
          return this.state;
        },
        analyze: ({ path }) => this.run('prunability.analyze', path),
        compare: ({ path }) => this.run('prunability.compareWith', path),
        open: ({ path }) => {
          const { uri } = this;
          if (uri?.fsPath === path) void commands.executeCommand('vscode.openWith', uri, CHECKPOINT_EDITOR);
          return null;
        },
        cancel: ({ path }) => {
          const { uri } = this;
          if (uri?.fsPath === path) this.analyses.session(uri)?.cancel();
          return null;
        },
      },
      errorCodec,
    );
    this.peer = peer;
    view.onDidDispose(() => {
      peer.dispose();
      if (this.peer === peer) this.peer = undefined;
    });
    showPage(view.webview, this.extensionUri, 'prunability-summary');
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
    this.peer?.dispose();
  }

  private show(): void {
    this.peer?.notify('show', this.state);
  }

  /** The view may only name the model that it shows. */
  private run(command: string, path: string): null {
    const { uri } = this;
    if (uri?.fsPath === path) void commands.executeCommand(command, uri);
    return null;
  }
}
