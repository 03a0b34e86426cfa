import { opendir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import {
  Hover,
  languages,
  Range,
  Uri,
  workspace,
  type CancellationToken,
  type Disposable,
  type HoverProvider,
  type LogOutputChannel,
  type MarkdownString,
  type Position,
  type TextDocument,
} from 'vscode';
import { findModels, type FoundModel, type NameJudge, type PathFiles } from '../../paths/find-models';
import { PATH_LANGUAGES, pathLiteralsAt } from '../../paths/path-literals';
import type { PathContext } from '../../paths/places';
import type { DescriptionResult } from '../../protocol/description';
import type { ModelDescriptions } from '../models/descriptions';
import { modelCard } from './model-card';

export interface PathHoverServices {
  readonly descriptions: ModelDescriptions;
  readonly names: NameJudge;
  readonly log: LogOutputChannel;
}

/** Shows the card of a model where its path stands in source code. */
export function registerPathHover(services: PathHoverServices): Disposable {
  return languages.registerHoverProvider(
    [...PATH_LANGUAGES.map((language) => ({ language })), { pattern: '**/*.toml' }],
    new PathHover(services),
  );
}

const LOCAL_FILES: PathFiles = {
  kind: async (file) => {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile() === true) return 'file';
    return stats?.isDirectory() === true ? 'folder' : undefined;
  },
  names: async (folder, atMost) => {
    const names: string[] = [];
    try {
      for await (const { name } of await opendir(folder)) {
        if (names.push(name) >= atMost) break;
      }
    } catch {
      // A folder that may not be read holds nothing for us.
    }
    return names;
  },
};

class PathHover implements HoverProvider {
  constructor(private readonly services: PathHoverServices) {}

  async provideHover(document: TextDocument, position: Position, token: CancellationToken): Promise<Hover | undefined> {
    if (!workspace.getConfiguration('prunability', document).get<boolean>('hover.enabled', true)) return undefined;
    const literals = pathLiteralsAt(document.lineAt(position).text, position.character, languageOf(document));
    if (literals.length === 0) return undefined;
    const controller = new AbortController();
    const subscription = token.onCancellationRequested(() => {
      controller.abort();
    });
    try {
      const context = contextOf(document);
      for (const { text, start, end } of literals) {
        const cards = await this.cards(text, context, controller.signal);
        if (controller.signal.aborted) return undefined;
        if (cards.length > 0) return new Hover(cards, new Range(position.line, start, position.line, end));
      }
      return undefined;
    } catch (error) {
      // A hover that nobody waits for is not worth a word; an engine that died has been told of already.
      if (!controller.signal.aborted) this.services.log.warn(`Hover: ${(error as Error).message}`);
      return undefined;
    } finally {
      subscription.dispose();
    }
  }

  private async cards(text: string, context: PathContext, signal: AbortSignal): Promise<MarkdownString[]> {
    const found = await findModels(text, context, LOCAL_FILES, this.services.names, signal);
    const cards = found.map(async (model) => {
      const uri = Uri.file(model.path);
      const description = await this.services.descriptions.describe(uri, signal);
      return isModel(model, description)
        ? modelCard(description, { uri, location: locationOf(model.path) })
        : undefined;
    });
    return (await Promise.all(cards)).filter((card) => card !== undefined);
  }
}

/** What cannot be read is worth a card only if it is surely meant to be a model. */
function isModel({ path: file, kind, certainty }: FoundModel, description: DescriptionResult): boolean {
  if (description.state === 'readable') return true;
  // A folder with several models, or with none, is no broken model.
  return kind === 'file' ? certainty === 'model' : description.path !== file;
}

/** The folder of the file, as short as VS Code shows it. */
function locationOf(file: string): string | undefined {
  const folder = path.dirname(file);
  const shown = workspace.asRelativePath(folder);
  return workspace.workspaceFolders?.some(({ uri }) => uri.fsPath === folder) === true ? undefined : shown;
}

function contextOf(document: TextDocument): PathContext {
  const uri = notebookOf(document) ?? document.uri;
  return {
    rules: path,
    home: homedir(),
    folder: uri.scheme === 'file' ? path.dirname(uri.fsPath) : undefined,
    roots: (workspace.workspaceFolders ?? [])
      .filter((root) => root.uri.scheme === 'file')
      .map((root) => root.uri.fsPath),
  };
}

/** VS Code brings no TOML: without an extension that does, such a file is plain text. */
function languageOf({ languageId, uri }: TextDocument): string {
  return languageId === 'plaintext' && uri.path.endsWith('.toml') ? 'toml' : languageId;
}

/** A cell is a document of its own, but its paths are those of the notebook. */
function notebookOf(document: TextDocument): Uri | undefined {
  if (document.uri.scheme !== 'vscode-notebook-cell') return undefined;
  return workspace.notebookDocuments.find((notebook) => notebook.getCells().some((cell) => cell.document === document))
    ?.uri;
}
