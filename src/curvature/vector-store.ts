import { mkdtemp, open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { byteSize } from '../report/number-text';

/** So many bytes of vectors stay in memory: 128 vectors of two million numbers; the others go to a file. */
export const VECTOR_MEMORY_BYTES = 2 ** 30;

/** So much of the disk is left to others: they fail in stranger ways than we do. */
const LEFT_FREE_BYTES = 2 ** 30;

/** A file is read and written in pieces of so many bytes: the calls of the system take less than 2 GiB. */
const TRANSFER_BYTES = 2 ** 26;

/** Vectors of float32 numbers, all of one length, one after another: in memory as far as they fit, then in a temporary file. */
export class VectorStore {
  private readonly inMemory: Float32Array[] = [];
  private file: TemporaryFile | undefined;
  private buffer: Float32Array | undefined;
  private stored = 0;

  constructor(
    readonly size: number,
    private readonly memoryBytes = VECTOR_MEMORY_BYTES,
  ) {}

  get count(): number {
    return this.stored;
  }

  /** Keeps a copy of the vector. Rejects if the disk is full; the vector is not there then. */
  async append(vector: Float32Array): Promise<void> {
    if ((this.inMemory.length + 1) * this.vectorBytes <= this.memoryBytes) {
      this.inMemory.push(vector.slice());
    } else {
      this.file ??= await TemporaryFile.create();
      await transfer(this.file.handle, 'write', vector, (this.stored - this.inMemory.length) * this.vectorBytes);
    }
    this.stored++;
  }

  /** The vector with this index, to be read, not changed, and only until the next call, which may use the memory again. */
  async read(index: number): Promise<Float32Array> {
    const vector = this.inMemory[index];
    if (vector !== undefined) return vector;
    if (this.file === undefined || index >= this.stored) throw new RangeError(`There is no vector ${index}.`);
    this.buffer ??= new Float32Array(this.size);
    await transfer(this.file.handle, 'read', this.buffer, (index - this.inMemory.length) * this.vectorBytes);
    return this.buffer;
  }

  /** Gives memory and disk back. */
  async close(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    this.buffer = undefined;
    this.inMemory.length = 0;
    this.stored = 0;
    await file?.remove();
  }

  private get vectorBytes(): number {
    return this.size * Float32Array.BYTES_PER_ELEMENT;
  }
}

/**
 * Rejects, for people, if so many vectors would fill the disk that temporary files are on: better at once than after hours.
 * @param size numbers in each
 */
export async function roomForVectors(count: number, size: number, memoryBytes: number): Promise<void> {
  const vectorBytes = size * Float32Array.BYTES_PER_ELEMENT;
  const needed = Math.max(0, count - Math.floor(memoryBytes / vectorBytes)) * vectorBytes;
  if (needed === 0) return;
  const { bavail, bsize } = await statfs(tmpdir());
  const free = bavail * bsize;
  if (needed + LEFT_FREE_BYTES <= free) return;
  throw new Error(
    l10n.t('{0} of temporary files are needed in {1}, where {2} are free', byteSize(needed), tmpdir(), byteSize(free)),
  );
}

/** A file that is gone when the process is. */
class TemporaryFile {
  private constructor(
    readonly handle: FileHandle,
    private readonly folder: string,
  ) {}

  static async create(): Promise<TemporaryFile> {
    const folder = await mkdtemp(join(tmpdir(), 'prunability-'));
    const file = new TemporaryFile(await open(join(folder, 'vectors.f32'), 'wx+', 0o600), folder);
    // An open file without a name leaves nothing behind if the process is killed; Windows keeps the names of open files.
    if (process.platform !== 'win32') await rm(folder, { recursive: true, force: true });
    return file;
  }

  async remove(): Promise<void> {
    await this.handle.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Reads or writes the whole vector at this place of a file; float32 numbers as the machine has them. */
export async function transfer(
  file: FileHandle,
  direction: 'read' | 'write',
  vector: Float32Array,
  position: number,
): Promise<void> {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(TRANSFER_BYTES, bytes.length - done);
    const moved =
      direction === 'read'
        ? (await file.read(bytes, done, length, position + done)).bytesRead
        : (await file.write(bytes, done, length, position + done)).bytesWritten;
    if (moved === 0) throw new Error('The file of vectors is shorter than it should be.');
    done += moved;
  }
}
