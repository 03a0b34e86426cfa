import { basename, dirname } from 'node:path';
import { l10n, type LogOutputChannel, type Uri } from 'vscode';
import { ComputationError, FormatError } from '../formats/errors';
import type { AnalysisStatus } from '../protocol/panel';
import { DisconnectedError, RemoteError } from '../protocol/rpc';
import { displayPath } from './models/model-source';

/** What to tell of an error that has ended the work on a model: what happened, where, and what to do. It goes to the log, too. */
export function failure(error: unknown, uri: Uri, log: LogOutputChannel): Extract<AnalysisStatus, { state: 'failed' }> {
  if (error instanceof FormatError) {
    const { file, reason, offset, tensor, remedy } = error.detail;
    const shown = shownPath(file, uri);
    log.error(error.message);
    const where = [
      shown,
      tensor === undefined ? undefined : l10n.t('tensor {0}', tensor),
      offset === undefined ? undefined : l10n.t('byte {0}', offset),
    ];
    return {
      state: 'failed',
      message: l10n.t('{0} {1}.', basename(shown), reason),
      where: where.filter((part) => part !== undefined).join(' · '),
      remedy,
    };
  }
  const where = displayPath(uri);
  if (error instanceof ComputationError) {
    log.error(`${where}: ${error.message}`);
    return { state: 'failed', message: error.message, where };
  }
  if (error instanceof DisconnectedError) {
    log.error(`${where}: ${error.message}`);
    return {
      state: 'failed',
      message: `${error.message}.`,
      where,
      remedy: l10n.t('What was read until then is shown. Run the analysis again: it starts a new process.'),
    };
  }
  log.error(error instanceof RemoteError ? (error.remote.stack ?? error.message) : (error as Error));
  return {
    state: 'failed',
    message: l10n.t('Something went wrong inside Prunability: {0}', (error as Error).message),
    where,
    remedy: l10n.t('Please report it, with what the log says.'),
  };
}

/** A model that is not of this machine was read as a copy, whose place means nothing to anybody. */
function shownPath(file: string, uri: Uri): string {
  if (uri.scheme === 'file') return file;
  return displayPath(uri.with({ path: `${dirname(uri.path)}/${basename(file)}` }));
}
