import { basename, isAbsolute } from 'node:path';
import {
  CancellationError,
  l10n,
  LanguageModelTextPart,
  LanguageModelToolResult,
  lm,
  MarkdownString,
  workspace,
  type CancellationToken,
  type Disposable,
  type LanguageModelTool,
  type PreparedToolInvocation,
} from 'vscode';
import { agentTools, type AgentBackend, type AgentTool } from '../../agents/agent-tools';
import { failureText } from '../../agents/failure';
import { absolutePath, isModelBelow } from '../../agents/file-access';
import { InputError } from '../../agents/tool-input';
import { MAX_NAME_LENGTH, MAX_TEXT_LENGTH, untrustedText } from '../../agents/untrusted-text';
import { CancelledError } from '../../formats/errors';

/** What the tools are given to work with; without `compare` there is no `compare_checkpoints`. */
export type AgentServices = Omit<AgentBackend, 'locate'>;

/** Registers the language-model tools that the manifest contributes. */
export function registerLanguageModelTools(services: AgentServices): Disposable[] {
  return agentTools({ ...services, locate }).map((tool) => lm.registerTool(tool.name, new EditorTool(tool)));
}

/** An agents' tool as VS Code calls it. The input is the model's, and checked by the tool itself. */
export class EditorTool implements LanguageModelTool<unknown> {
  constructor(private readonly tool: Pick<AgentTool, 'name' | 'call'>) {}

  /** Files of the workspace are read without a question, as by VS Code's own tools; the user decides about others. */
  async prepareInvocation({ input }: { readonly input: unknown }): Promise<PreparedToolInvocation> {
    const paths = pathsIn(input);
    const files = await Promise.all(paths.map((path) => absolutePath(path, folders())));
    const outside = await Promise.all(files.map(async (file) => !(await isModelBelow(file, folders()))));
    const asked = files.filter((_, i) => outside[i]);
    return {
      invocationMessage: this.message(files.map((file) => escaped(basename(file), MAX_NAME_LENGTH))),
      ...(asked.length === 0
        ? {}
        : {
            confirmationMessages: {
              title: l10n.t('Read model files outside the workspace?'),
              message: new MarkdownString(
                l10n.t(
                  'Prunability is to read {0}. Nothing in it is executed; what is found there, names included, is given to the language model.',
                  asked.map((file) => escaped(file, MAX_TEXT_LENGTH)).join(', '),
                ),
              ),
            },
          }),
    };
  }

  /** @throws {Error} with what is wrong and what would be right, for the model */
  async invoke({ input }: { readonly input: unknown }, token: CancellationToken): Promise<LanguageModelToolResult> {
    const controller = new AbortController();
    const listener = token.onCancellationRequested(() => {
      controller.abort();
    });
    if (token.isCancellationRequested) controller.abort();
    try {
      const outcome = await this.tool.call(input, controller.signal, () => undefined);
      if (!outcome.ok) throw new Error(failureText(outcome.failure));
      return new LanguageModelToolResult([new LanguageModelTextPart(JSON.stringify(outcome.result))]);
    } catch (error) {
      if (error instanceof CancelledError) throw new CancellationError();
      throw error;
    } finally {
      listener.dispose();
    }
  }

  /** While the tool runs. The names are escaped. */
  private message([first = '', second = '']: readonly string[]): MarkdownString {
    switch (this.tool.name) {
      case 'analyze_prunability':
        return new MarkdownString(l10n.t('Analyzing {0}', first));
      case 'compare_checkpoints':
        return new MarkdownString(l10n.t('Comparing {0} with {1}', second, first));
      case 'describe_model':
        return new MarkdownString(l10n.t('Reading the header of {0}', first));
    }
  }
}

/** The input has not been checked yet: whatever is no path is left for the call to refuse. */
function pathsIn(input: unknown): string[] {
  const { path, before, after } = (input ?? {}) as Readonly<Record<string, unknown>>;
  return [path, before, after].filter((value) => typeof value === 'string');
}

/** @throws {InputError} where a relative path has nothing to start from */
async function locate(path: string): Promise<string> {
  const start = folders();
  if (start.length === 0 && !isAbsolute(path)) {
    throw new InputError('No folder is open in this window: give an absolute path.');
  }
  return absolutePath(path, start);
}

function folders(): string[] {
  return (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

/** A stranger's text inside Markdown. */
function escaped(text: string, maxLength: number): string {
  // appendText leaves this one to the renderer.
  return new MarkdownString().appendText(untrustedText(text, maxLength)).value.replaceAll('<', '&lt;');
}
