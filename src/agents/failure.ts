import { CancelledError, FormatError } from '../formats/errors';
import { InputError } from './tool-input';
import { MAX_TEXT_LENGTH, untrustedText } from './untrusted-text';

/** Why a tool has no result. Absent fields are undefined, so that JSON leaves them out. */
export interface ToolFailure {
  /** `unreadable`: the file is at fault; `invalid-input`: the call is; `not-allowed`: the file is outside the roots; `internal`: we are. */
  readonly kind: 'unreadable' | 'invalid-input' | 'not-allowed' | 'internal';
  /** Absolute path of the file at fault. */
  readonly file?: string | undefined;
  readonly reason: string;
  /** Offset in the file. */
  readonly byte?: number | undefined;
  readonly tensor?: string | undefined;
  /** What can be done about it. */
  readonly remedy?: string | undefined;
}

/** The path leads to where the user of the tool has not let it go. */
export class AccessError extends Error {
  override readonly name = 'AccessError';

  constructor(
    readonly file: string,
    readonly roots: readonly string[],
  ) {
    super(`${file} is outside ${roots.join(', ')}`);
  }
}

/** What to tell of an error. @throws CancelledError, which is no failure: nobody waits for an answer any more. */
export function toolFailure(error: unknown): ToolFailure {
  if (error instanceof CancelledError) throw error;
  if (error instanceof InputError) return { kind: 'invalid-input', reason: shown(error.message) };
  if (error instanceof AccessError) {
    return {
      kind: 'not-allowed',
      file: shown(error.file),
      reason: 'is outside the folders that this server may read',
      remedy: shown(`Ask for a file below ${error.roots.join(' or ')}, or start the server with another --root.`),
    };
  }
  if (error instanceof FormatError) {
    const { file, reason, offset, tensor, remedy } = error.detail;
    return unreadable({ path: file, reason, offset, tensor, remedy });
  }
  const reason = shown(`Prunability failed: ${error instanceof Error ? error.message : String(error)}`);
  return { kind: 'internal', reason, remedy: 'Please report it, with what the log says.' };
}

/** The failure of a file that cannot be read. */
export function unreadable(what: {
  readonly path: string;
  readonly reason: string;
  readonly offset?: number | undefined;
  readonly tensor?: string | undefined;
  readonly remedy: string;
}): ToolFailure {
  return {
    kind: 'unreadable',
    file: shown(what.path),
    reason: shown(what.reason),
    byte: what.offset,
    tensor: what.tensor === undefined ? undefined : shown(what.tensor),
    remedy: shown(what.remedy),
  };
}

/** The failure as a sentence or two. */
export function failureText({ file, tensor, reason, byte, remedy }: ToolFailure): string {
  const what = [file, tensor === undefined ? undefined : `tensor ${tensor}`, reason].filter(
    (part) => part !== undefined,
  );
  const at = byte === undefined ? '' : ` (byte ${byte})`;
  const sentence = `${what.join(': ')}${at}`;
  return remedy === undefined ? sentence : `${sentence.replace(/\.$/, '')}. ${remedy}`;
}

function shown(text: string): string {
  return untrustedText(text, MAX_TEXT_LENGTH);
}
