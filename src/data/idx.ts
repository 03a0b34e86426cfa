import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../formats/dtype';
import { FormatError, throwIfCancelled } from '../formats/errors';
import { elementCount } from '../formats/shape';
import type { RandomAccessSource } from '../formats/source';
import { bytesInMemory, decodeElements, type DataArray } from './data-array';
import { checkRatio, checkSize, MAX_SAMPLE_DIMENSIONS } from './data-limits';

const unzip = promisify(gunzip);

/** Element types by their code (Y. LeCun, C. Cortes, C. Burges: The MNIST database, "The IDX file format"). */
const TYPES: ReadonlyMap<number, DType> = new Map([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

/** No header has more bytes. */
const MAX_HEADER_BYTES = 4 + 4 * MAX_SAMPLE_DIMENSIONS;

/** Compressed bytes that the header is certainly in, even behind a long file name in the header of gzip. */
const HEAD_BYTES = 4096;

/** Whether the first bytes are those of an IDX file, plain or in gzip. */
export function isIdx(head: Uint8Array): boolean {
  const start = isGzip(head) ? inflatedHead(head) : head;
  return start !== undefined && start.length >= 4 && start[0] === 0 && start[1] === 0 && TYPES.has(start[2] ?? 0);
}

/**
 * Reads an IDX file, plain or in gzip: two zeros, the type, the number of dimensions, then their sizes and the values, all
 * big-endian.
 * @throws {FormatError}
 */
export async function readIdx(source: RandomAccessSource, signal?: AbortSignal): Promise<DataArray> {
  const file = source.path;
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES), signal);
  if (!isGzip(head)) {
    const header = readHeader(head, file);
    if (header.end !== source.size) throw wrongLength(file, header.end, source.size);
    const bytes = await source.read(header.start, header.end - header.start, signal);
    return { file, shape: header.shape, values: decodeElements(bytes, header.dtype, true) };
  }
  const start = inflatedHead(head);
  if (start === undefined) throw notUnzipped(file, l10n.t('its header is malformed'));
  const header = readHeader(start, file);
  checkRatio(file, source.size, header.end);
  const bytes = await unzipped(await source.read(0, source.size, signal), header.end, file);
  throwIfCancelled(signal);
  if (bytes.length !== header.end) throw wrongLength(file, header.end, bytes.length);
  return { file, shape: header.shape, values: decodeElements(bytes.subarray(header.start), header.dtype, true) };
}

interface IdxHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Offset of the first value, and of the byte after the last. */
  readonly start: number;
  readonly end: number;
}

function readHeader(head: Uint8Array, file: string): IdxHeader {
  const fail = (reason: string, offset: number): FormatError =>
    new FormatError({ file, offset, reason, remedy: l10n.t('Choose an IDX file, or download it again.') });
  const dtype = TYPES.get(head[2] ?? 0);
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0 || dtype === undefined) {
    throw fail(l10n.t('is not an IDX file: it does not start with two zeros and a type'), 0);
  }
  const dimensions = head[3] ?? 0;
  if (dimensions === 0 || dimensions > MAX_SAMPLE_DIMENSIONS) {
    throw fail(l10n.t('has {0} dimensions; 1 to {1} are read', dimensions, MAX_SAMPLE_DIMENSIONS), 3);
  }
  const start = 4 + 4 * dimensions;
  if (head.length < start) throw fail(l10n.t('ends inside its header'), head.length);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = elementCount(shape);
  if (count === undefined) throw fail(l10n.t('has the impossible shape ({0})', shape.join(', ')), 4);
  checkSize(file, shape[0] ?? 0, Math.max(bytesInMemory(dtype, count), count * BYTES_PER_ELEMENT[dtype]));
  return { dtype, shape, start, end: start + count * BYTES_PER_ELEMENT[dtype] };
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** The first bytes of what is in the gzip file that begins so; undefined if it is malformed. */
function inflatedHead(head: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, MAX_HEADER_BYTES);
  } catch {
    return undefined;
  }
}

async function unzipped(compressed: Uint8Array, length: number, file: string): Promise<Uint8Array> {
  try {
    return await unzip(compressed, { maxOutputLength: length });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_BUFFER_TOO_LARGE') throw notUnzipped(file, message);
    throw new FormatError({
      file,
      reason: l10n.t('is longer than its header says ({0} bytes)', length),
      remedy: l10n.t('The file is damaged: copy or download it again.'),
    });
  }
}

function notUnzipped(file: string, why: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('cannot be decompressed ({0})', why),
    remedy: l10n.t('The file is damaged: copy or download it again.'),
  });
}

function wrongLength(file: string, promised: number, found: number): FormatError {
  return new FormatError({
    file,
    offset: Math.min(promised, found),
    reason: l10n.t('has {0} bytes, but its header says {1}', found, promised),
    remedy: l10n.t('The file is damaged: copy or download it again.'),
  });
}
