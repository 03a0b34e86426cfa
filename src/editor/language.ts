import * as shared from '@vscode/l10n';
import { l10n } from 'vscode';

/**
 * Gives the translations that VS Code has loaded to what the extension host shares with other processes, which know no
 * `vscode`: errors and the report's writers.
 */
shared.config({ contents: l10n.bundle ?? {} });
