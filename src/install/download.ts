import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as l10n from '@vscode/l10n';
import { CancelledError } from '../formats/errors';
import { InstallError } from './install-error';

/** A host that sends nothing for so long will not send more. */
const STALLED_MS = 60_000;

export interface Download {
  readonly url: string;
  /** Checksum as of Subresource Integrity: `sha512-…`, in base64. Undefined: the one that the host states is checked. */
  readonly integrity: string | undefined;
  readonly maxBytes: number;
}

/**
 * Downloads a file and checks it; the file is there, and right, when this resolves.
 * @param progress hears of the bytes that have come
 * @throws {InstallError} if the host cannot be reached, or what it sends is too large or not what it should be
 * @throws CancelledError
 */
export async function download(
  { url, integrity, maxBytes }: Download,
  file: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { host } = new URL(url);
  const stalled = new AbortController();
  const stall = (): void => {
    stalled.abort();
  };
  let timer = setTimeout(stall, STALLED_MS);
  const either = AbortSignal.any([signal, stalled.signal]);
  try {
    const response = await fetch(url, { signal: either });
    if (!response.ok || response.body === null) {
      throw new InstallError(l10n.t('{0} answers with status {1} for {2}.', host, response.status, url));
    }
    const tooLarge = (): InstallError => new InstallError(l10n.t('{0} sends more than {1} MB.', url, maxBytes / 1e6));
    if (Number(response.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge();
    const expected = integrity ?? statedChecksum(response.headers, url);
    const [algorithm = '', checksum = ''] = splitOnce(expected);
    const hash = createHash(algorithm);
    let bytes = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(timer);
        timer = setTimeout(stall, STALLED_MS);
        bytes += chunk.length;
        if (bytes > maxBytes) {
          done(tooLarge());
          return;
        }
        hash.update(chunk);
        progress(bytes);
        done(null, chunk);
      },
    });
    const body = Readable.fromWeb(response.body);
    await pipeline(body, counted, createWriteStream(file, { flags: 'wx' }), { signal: either });
    const actual = hash.digest('base64');
    if (actual !== checksum) {
      throw new InstallError(l10n.t('{0} is not what it should be: its {1} checksum is {2}.', url, algorithm, actual));
    }
  } catch (error) {
    if (signal.aborted) throw new CancelledError();
    if (error instanceof InstallError) throw error;
    const reason = stalled.signal.aborted ? l10n.t('it sends nothing any more') : reasonOf(error);
    throw new InstallError(l10n.t('{0} cannot be reached: {1}.', host, reason));
  } finally {
    clearTimeout(timer);
  }
}

/** Google's storage states the MD5 of what it sends: enough to know that all has come as it is there. */
function statedChecksum(headers: Headers, url: string): string {
  const stated = /\bmd5=([A-Za-z0-9+/=]+)/.exec(headers.get('x-goog-hash') ?? '')?.[1];
  if (stated === undefined) throw new InstallError(l10n.t('Nothing says what the checksum of {0} should be.', url));
  return `md5-${stated}`;
}

function splitOnce(integrity: string): readonly string[] {
  const at = integrity.indexOf('-');
  return [integrity.slice(0, at), integrity.slice(at + 1)];
}

/** `fetch` says of all failures that it failed; the cause knows why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}
