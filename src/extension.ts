import './editor/language';
import { join } from 'node:path';
import { Uri, window, type ExtensionContext } from 'vscode';
import { markerKind } from './catalog/folder-markers';
import { modelNameCertainty } from './catalog/model-names';
import { Analyses } from './editor/analysis/analyses';
import type { AnalysisSession } from './editor/analysis/analysis-session';
import { registerCommands } from './editor/commands';
import { LastMeasurements } from './editor/measurement/last-measurements';
import type { MeasurementSession } from './editor/measurement/measurement-session';
import { Measurements } from './editor/measurement/measurements';
import { nativePlaces } from './editor/measurement/native-places';
import type { ComparisonSession } from './editor/comparison/comparison-session';
import { Comparisons } from './editor/comparison/comparisons';
import { ModelDescriptions } from './editor/models/descriptions';
import { EngineClient } from './editor/engine-client';
import { engineSettings, onTensorRoles } from './editor/tensor-roles';
import { ExplorerDecorations } from './editor/explorer/explorer-decorations';
import { modelCard } from './editor/hover/model-card';
import { ModelsTree } from './editor/side-bar/models-tree';
import { registerModelsTree } from './editor/side-bar/models-tree-commands';
import { registerPathHover } from './editor/hover/path-hover';
import { registerLanguageModelTools } from './editor/agents/language-model-tools';
import { registerMcpServer, type McpServerOffer } from './editor/agents/mcp-provider';
import { CatalogFolders } from './editor/explorer/catalog-folders';
import { RunningWork } from './editor/running-work';
import { SummaryView } from './editor/side-bar/summary-view';
import { WorkspaceModels } from './editor/side-bar/workspace-models';
import { MEASUREMENT_SCHEMA } from './report/measurement';

/** Builds the services and registers them. No process is started before there is a model to look at. */
export function activate(context: ExtensionContext): ExtensionApi {
  const log = window.createOutputChannel('Prunability', { log: true });
  const engine = new EngineClient(
    join(context.extensionPath, 'dist', 'engine.js'),
    join(context.globalStorageUri.fsPath, 'results'),
    engineSettings,
    log,
  );
  const descriptions = new ModelDescriptions(engine, log);
  const work = new RunningWork();
  const { version } = context.extension.packageJSON as { readonly version: string };
  const measurements: Measurements = new Measurements(
    join(context.extensionPath, 'dist', 'measurer.js'),
    () => nativePlaces(context),
    join(context.globalStorageUri.fsPath, 'measurements'),
    new LastMeasurements(join(context.globalStorageUri.fsPath, 'measured'), `${version} ${MEASUREMENT_SCHEMA}`),
    (model) => analyses.open(model),
    work,
    log,
  );
  const analyses = new Analyses(context, engine, descriptions, measurements, work, log);
  const comparisons = new Comparisons(context.extensionUri, engine, descriptions, work, log);
  const summary = new SummaryView(context.extensionUri, analyses, descriptions);
  const models = new WorkspaceModels(descriptions, log);
  const catalogFolders = new CatalogFolders(models, descriptions);
  const modelsTree = new ModelsTree({ models, descriptions, card: modelCard, memory: context.workspaceState, log });
  const showLog = (): void => {
    log.show();
  };
  modelsTree.view.onDidChangeSelection(({ selection: [node] }) => {
    if (node?.kind === 'model') void summary.select(node.uri);
  });
  const mcpServer = registerMcpServer(join(context.extensionPath, 'dist', 'cli.js'), version);
  context.subscriptions.push(
    log,
    engine,
    descriptions,
    work,
    measurements,
    analyses,
    comparisons,
    summary,
    models,
    modelsTree,
    catalogFolders,
    new ExplorerDecorations(descriptions, catalogFolders),
    registerPathHover({
      descriptions,
      names: { certainty: modelNameCertainty, opensFolder: (path) => markerKind(path) !== undefined },
      log,
    }),
    ...registerModelsTree(modelsTree),
    ...registerLanguageModelTools({
      analyze: async (path, signal) => {
        const report = await engine.call('analyze', { path, hash: false }, { signal });
        descriptions.changed(Uri.file(path));
        return report;
      },
      describe: (path, signal) => engine.call('describe', { path, contentOnly: false }, { signal }),
      compare: (request, signal) => engine.call('compare', request, { signal }),
      log: (error) => {
        log.error(error as Error);
      },
    }),
    onTensorRoles(() => {
      engine.settingsChanged();
      descriptions.allChanged();
      analyses.rerun();
    }),
    ...(mcpServer === undefined ? [] : [mcpServer]),
    ...registerCommands({ context, analyses, comparisons, measurements, work, log, showLog }),
  );
  return {
    get enginePid() {
      return engine.pid;
    },
    get statusBarText() {
      return work.text;
    },
    session: (uri) => analyses.session(uri),
    measurement: (uri) => measurements.session(uri),
    comparison: () => comparisons.active(),
    descriptions,
    summary,
    modelsTree,
    mcpServer,
  };
}

/** For the tests in the extension host; not a public interface. */
export interface ExtensionApi {
  readonly enginePid: number | undefined;
  readonly statusBarText: string | undefined;
  session(uri: Uri): AnalysisSession | undefined;
  measurement(uri: Uri): MeasurementSession | undefined;
  /** Of the comparison that was used last. */
  comparison(): ComparisonSession | undefined;
  readonly descriptions: ModelDescriptions;
  readonly summary: SummaryView;
  readonly modelsTree: ModelsTree;
  /** Undefined where VS Code knows no MCP servers. */
  readonly mcpServer: McpServerOffer | undefined;
}
