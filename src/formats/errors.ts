import * as l10n from '@vscode/l10n';

/** Where in a file something is wrong, and what its user can do about it. */
export interface FormatErrorDetail {
  /** Absolute path of the file that is at fault (for a sharded model: the shard). */
  readonly file: string;
  /** What is wrong, as a sentence without the file's name. */
  readonly reason: string;
  /** Byte offset in `file` that the reason is about, where there is one. */
  readonly offset?: number | undefined;
  /** Tensor that the reason is about, where there is one. */
  readonly tensor?: string | undefined;
  /** What the user can do: "Download the file again", "Run `git lfs pull`" … */
  readonly remedy: string;
}

/**
 * The file cannot be read: malformed, truncated, unsupported, or over a limit. The only error that reading a file
 * may raise apart from {@link CancelledError}; anything else is a bug of ours.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly detail: FormatErrorDetail;

  constructor(detail: FormatErrorDetail) {
    const { file, tensor, reason, offset } = detail;
    const about = tensor === undefined ? '' : `${l10n.t('tensor "{0}"', tensor)}: `;
    const at = offset === undefined ? '' : ` (${l10n.t('byte {0}', offset)})`;
    super(`${file}: ${about}${reason}${at}`);
    this.detail = detail;
  }
}

/**
 * What was asked for cannot be computed: numbers are not finite, targets do not fit the network, the memory is not enough. The
 * message is a sentence for people.
 */
export class ComputationError extends Error {
  override readonly name: string = 'ComputationError';
}

/**
 * There was no more memory to compute in. The heap of a WebAssembly program is not to be trusted after that: its allocator has
 * handed out places that are not there. The process has to be replaced.
 */
export class OutOfMemoryError extends ComputationError {
  override readonly name = 'OutOfMemoryError';
}

/** The user (or the window that closes) stopped the work. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  constructor() {
    super('Cancelled');
  }
}

/** Throws {@link CancelledError} if the signal has been raised. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new CancelledError();
}
