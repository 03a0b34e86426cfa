import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_EXTENSION, writeAtomically } from '../files/write-atomically';
import type { AnalysisEvent } from '../protocol/analysis';
import type { AnalysisSummary } from '../protocol/description';
import { packArrays, unpackArrays } from '../protocol/packed-arrays';
import type { ModelReport } from '../report/report';
import type { ModelKey } from './model-key';

/** All that an analysis has told. */
export interface AnalysisResult {
  readonly report: ModelReport;
  /** `opened`, all `layers`, the last `model`. */
  readonly events: readonly AnalysisEvent[];
  readonly summary: AnalysisSummary;
}

/** Results of some hundred models of ordinary size; one of a thousand layers takes 8 MB. */
const CAPACITY_BYTES = 256 * 1024 * 1024;

/** No result is as large: cells and reports are bounded for any number of tensors. A larger file is not ours. */
const MAX_ENTRY_BYTES = 128 * 1024 * 1024;

/** Head of an entry with its summary; only these bytes are read to describe a model. */
const MAX_HEAD_BYTES = 64 * 1024;

/** A temporary file of this age is what a killed process has left. */
const STALE_TEMPORARY_MS = 60 * 60 * 1000;

const EXTENSION = '.result';

/** The first lines of an entry, in JSON. */
interface Head {
  readonly version: string;
  readonly key: ModelKey;
  readonly summary: AnalysisSummary;
  /** Of the JSON text and of the buffer of arrays that follow. */
  readonly jsonBytes: number;
  readonly arrayBytes: number;
  readonly sha256: string;
}

/**
 * Results on disk, one file a model: the SHA-256 of the head, a line feed, the head in one line, then the body (JSON and the
 * typed arrays of {@link packArrays}). An entry is used only if its checksums hold and it was made of this very file
 * by this very version; any other is removed. The entries used least recently go when there are too many bytes.
 * Several processes may share a folder: entries are written to a temporary file and renamed.
 */
export class ResultCache {
  /**
   * @param folder made when the first result is written.
   * @param version of everything that decides what a result says.
   */
  constructor(
    private readonly folder: string,
    private readonly version: string,
    private readonly capacityBytes = CAPACITY_BYTES,
  ) {}

  /** Undefined if there is no result of this very file. Never rejects. */
  async summary(key: ModelKey): Promise<AnalysisSummary | undefined> {
    const bytes = await this.entry(key, MAX_HEAD_BYTES);
    return bytes === undefined ? undefined : (await this.head(key, bytes))?.head.summary;
  }

  /** Undefined if there is no result of this very file. Never rejects. */
  async result(key: ModelKey): Promise<AnalysisResult | undefined> {
    const bytes = await this.entry(key, MAX_ENTRY_BYTES);
    if (bytes === undefined) return undefined;
    const found = await this.head(key, bytes);
    if (found === undefined) return undefined;
    const { head, end } = found;
    const body = bytes.subarray(end);
    try {
      if (body.length !== head.jsonBytes + head.arrayBytes || sha256(body) !== head.sha256) throw new Error('Damaged');
      const json = JSON.parse(body.toString('utf8', 0, head.jsonBytes)) as unknown;
      const arrays = new Uint8Array(body.subarray(head.jsonBytes)).buffer;
      const { report, events } = unpackArrays({ packed: json, buffer: arrays }) as Omit<AnalysisResult, 'summary'>;
      await this.touch(key);
      return { report, events, summary: head.summary };
    } catch {
      await this.discard(key);
      return undefined;
    }
  }

  /** Keeps a result. Rejects if the disk does not take it; then what was there before still is. */
  async store(key: ModelKey, { report, events, summary }: AnalysisResult): Promise<void> {
    const { packed, buffer } = packArrays({ report, events });
    const json = Buffer.from(JSON.stringify(packed));
    const body = Buffer.concat([json, new Uint8Array(buffer)]);
    const head: Head = {
      version: this.version,
      key,
      summary,
      jsonBytes: json.length,
      arrayBytes: buffer.byteLength,
      sha256: sha256(body),
    };
    const line = Buffer.from(JSON.stringify(head));
    if (line.length + body.length > Math.min(MAX_ENTRY_BYTES, this.capacityBytes)) return;
    await mkdir(this.folder, { recursive: true });
    await writeAtomically(
      this.file(key),
      Buffer.concat([Buffer.from(`${sha256(line)}\n`), line, Buffer.from('\n'), body]),
    );
    await this.evict();
  }

  /** One entry a path: a file that has changed replaces what was known of it. */
  private file({ path }: ModelKey): string {
    return join(this.folder, `${sha256(Buffer.from(path))}${EXTENSION}`);
  }

  /** The first bytes of the entry; undefined if there is none. */
  private async entry(key: ModelKey, maxBytes: number): Promise<Buffer | undefined> {
    try {
      const handle = await open(this.file(key), 'r');
      try {
        const { size } = await handle.stat();
        const bytes = Buffer.alloc(Math.min(size, maxBytes));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch {
      return undefined;
    }
  }

  private async head(key: ModelKey, bytes: Buffer): Promise<{ head: Head; end: number } | undefined> {
    const first = bytes.indexOf(0x0a);
    const second = bytes.indexOf(0x0a, first + 1);
    const line = bytes.subarray(first + 1, second);
    try {
      if (first < 0 || second < 0 || bytes.toString('latin1', 0, first) !== sha256(line)) throw new Error('Damaged');
      const head = JSON.parse(line.toString('utf8')) as Head;
      if (head.version !== this.version || JSON.stringify(head.key) !== JSON.stringify(key))
        throw new Error('Outdated');
      return { head, end: second + 1 };
    } catch {
      await this.discard(key);
      return undefined;
    }
  }

  private async discard(key: ModelKey): Promise<void> {
    await rm(this.file(key), { force: true }).catch(() => undefined);
  }

  private async touch(key: ModelKey): Promise<void> {
    const now = new Date();
    await utimes(this.file(key), now, now).catch(() => undefined);
  }

  private async evict(): Promise<void> {
    const entries: { file: string; size: number; mtimeMs: number }[] = [];
    for (const name of await readdir(this.folder)) {
      const file = join(this.folder, name);
      // Another process may have removed it meanwhile.
      const stats = await stat(file).catch(() => undefined);
      if (stats === undefined) continue;
      const { size, mtimeMs } = stats;
      if (name.endsWith(EXTENSION)) entries.push({ file, size, mtimeMs });
      else if (name.endsWith(TEMPORARY_EXTENSION) && Date.now() - mtimeMs > STALE_TEMPORARY_MS)
        await rm(file, { force: true });
    }
    let bytes = entries.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of entries.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= this.capacityBytes) return;
      await rm(file, { force: true });
      bytes -= size;
    }
  }
}

/**
 * A version that changes with every change of the code that makes results: the hash of the programs themselves.
 * @param programs files of the engine; `language` since results hold sentences.
 */
export function resultVersion(programs: readonly string[], language: string): string {
  const hash = createHash('sha256').update(language);
  for (const program of programs) hash.update(readFileSync(program));
  return hash.digest('hex');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
