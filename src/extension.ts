import { join } from 'node:path';
import { window, type ExtensionContext, type Uri } from 'vscode';
import type { AnalysisSession } from './editor/analysis-session';
import { Analyses, registerPanelSerializer } from './editor/analyses';
import { registerCommands } from './editor/commands';
import { EngineClient } from './editor/engine-client';

/** Builds the services and registers them. Nothing is read and no process is started before a command asks for it. */
export function activate(context: ExtensionContext): ExtensionApi {
  const log = window.createOutputChannel('Prunability', { log: true });
  const engine = new EngineClient(
    join(context.extensionPath, 'dist', 'engine.js'),
    join(context.globalStorageUri.fsPath, 'results'),
    log,
  );
  const analyses = new Analyses(context, engine, log);
  context.subscriptions.push(
    log,
    engine,
    analyses,
    registerPanelSerializer(analyses),
    ...registerCommands(analyses, () => {
      log.show();
    }),
  );
  return {
    get enginePid() {
      return engine.pid;
    },
    session: (uri) => analyses.session(uri),
  };
}

/** For the tests in the extension host; not a public interface. */
export interface ExtensionApi {
  readonly enginePid: number | undefined;
  session(uri: Uri): AnalysisSession | undefined;
}
