import * as l10n from '@vscode/l10n';
import { ZipArchive } from '../containers/zip';
import type { ZipEntry } from '../containers/zip-directory';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';
import { tfliteDialect, type TfliteModel } from './tflite-model';

/** Bundles hold some models, vocabularies and labels; one of MediaPipe's has up to 10 entries. */
const MAX_ENTRIES = 1000;

/** Bundles hold bundles: that of gestures holds one for hands, which holds two models. */
const MAX_DEPTH = 3;

/** A model within a file. */
export interface ModelSection {
  /** Path of the entry; empty for a file that is a model itself. */
  readonly name: string;
  readonly dialect: TfliteModel['dialect'];
  readonly start: number;
  readonly size: number;
}

/** Models of a bundle, and entries that look like some but are compressed. */
export interface BundleContent {
  readonly models: readonly ModelSection[];
  readonly compressed: readonly string[];
}

export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;
}

/** Path of the first entry of a zip file, from its first bytes. */
export function firstEntryName(head: Uint8Array): string {
  const length = (head[26] ?? 0) + 256 * (head[27] ?? 0);
  return Buffer.from(head.subarray(30, 30 + length)).toString('latin1');
}

/**
 * The models in a task bundle of MediaPipe: a zip file whose entries are not compressed, so that they can be mapped into
 * memory. Models are told by their content, as those for language models have no extension.
 * @throws {FormatError} if it is no sound zip file
 */
export async function readBundle(source: RandomAccessSource, signal?: AbortSignal): Promise<BundleContent> {
  const models: ModelSection[] = [];
  const compressed: string[] = [];
  let entries = 0;
  const visit = async (section: Section, prefix: string, depth: number): Promise<void> => {
    const zip = await ZipArchive.open(section, signal);
    const candidates = zip.entries.filter((entry) => !entry.name.endsWith('/') && entry.size >= 8);
    entries += candidates.length;
    if (entries > MAX_ENTRIES) {
      throw new FormatError({
        file: source.path,
        reason: l10n.t('is a task bundle with more than {0} files', MAX_ENTRIES),
        remedy: l10n.t('Check where the file comes from.'),
      });
    }
    for (const entry of candidates) {
      const name = prefix + entry.name;
      if (!isPlain(entry)) {
        if (/\.(tflite|task)$/i.test(name)) compressed.push(name);
        continue;
      }
      const offset = await zip.dataOffset(entry, signal);
      const head = await section.read(offset, 8, signal);
      const dialect = tfliteDialect(head);
      const start = section.start + offset;
      if (dialect !== undefined) models.push({ name, dialect, start, size: entry.size });
      else if (isZip(head) && depth < MAX_DEPTH) {
        await visit(new Section(source, start, entry.size), `${name}/`, depth + 1);
      }
    }
  };
  await visit(new Section(source, 0, source.size), '', 1);
  return { models, compressed };
}

function isPlain({ method, encrypted, size, compressedSize }: ZipEntry): boolean {
  return method === 'stored' && !encrypted && size === compressedSize;
}

/** A part of a file that is read as if it were one. */
class Section implements RandomAccessSource {
  readonly path: string;

  constructor(
    private readonly source: RandomAccessSource,
    readonly start: number,
    readonly size: number,
  ) {
    this.path = source.path;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new FormatError({
        file: this.path,
        offset: this.start + this.size,
        reason: l10n.t('has an entry that ends before byte {0} that its header promises', offset + length),
        remedy: l10n.t('The file is incomplete: copy or download it again.'),
      });
    }
    return await this.source.read(this.start + offset, length, signal);
  }

  async close(): Promise<void> {
    // The file is its owner's.
  }
}
