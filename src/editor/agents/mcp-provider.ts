import * as vscode from 'vscode';

/** Of the manifest's `mcpServerDefinitionProviders`. */
const PROVIDER_ID = 'prunability.mcp';

/** Its setting that switches the server off. */
const SETTING = 'prunability.agents.mcpServer';

/** What VS Code has from version 1.101 on, as far as it is used here; the types that we build with are older. */
interface McpApi {
  readonly lm: {
    readonly registerMcpServerDefinitionProvider: (
      id: string,
      provider: McpServerDefinitionProvider,
    ) => vscode.Disposable;
  };
  readonly McpStdioServerDefinition: new (
    label: string,
    command: string,
    args: string[],
    env: Record<string, string>,
    version: string,
  ) => McpStdioServerDefinition;
}

interface McpServerDefinitionProvider {
  readonly onDidChangeMcpServerDefinitions: vscode.Event<void>;
  readonly provideMcpServerDefinitions: () => McpStdioServerDefinition[];
}

/** A program that speaks MCP on its standard input and output. */
export interface McpStdioServerDefinition {
  readonly label: string;
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string | number | null>;
  cwd?: vscode.Uri;
}

/**
 * Offers `prunability mcp` to VS Code as an MCP server, which may read below the workspace's folders. Undefined where this
 * VS Code has no such interface.
 */
export function registerMcpServer(cli: string, version: string): McpServerOffer | undefined {
  const api = vscode as unknown as Partial<McpApi>;
  const Definition = api.McpStdioServerDefinition;
  const register = api.lm?.registerMcpServerDefinitionProvider;
  return Definition === undefined || register === undefined
    ? undefined
    : new McpServerOffer(cli, version, register, Definition);
}

/** The offer follows the setting and the workspace's folders; without a folder there is nothing to serve. */
export class McpServerOffer implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly disposables: readonly { readonly dispose: () => unknown }[];

  constructor(
    private readonly cli: string,
    private readonly version: string,
    register: McpApi['lm']['registerMcpServerDefinitionProvider'],
    private readonly Definition: McpApi['McpStdioServerDefinition'],
  ) {
    this.disposables = [
      this.changed,
      register(PROVIDER_ID, {
        onDidChangeMcpServerDefinitions: this.changed.event,
        provideMcpServerDefinitions: () => this.definitions(),
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.changed.fire();
      }),
    ];
  }

  /** One server, or none. */
  definitions(): McpStdioServerDefinition[] {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const [first] = folders;
    if (first === undefined || !vscode.workspace.getConfiguration().get<boolean>(SETTING, true)) return [];
    const roots = folders.flatMap(({ uri }) => ['--root', uri.fsPath]);
    const definition = new this.Definition(
      'Prunability',
      // VS Code's own program, as the Node that it contains.
      process.execPath,
      [this.cli, 'mcp', ...roots],
      { ELECTRON_RUN_AS_NODE: '1' },
      this.version,
    );
    definition.cwd = first.uri;
    return [definition];
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }
}
