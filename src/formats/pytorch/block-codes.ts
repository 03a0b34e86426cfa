import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../checkpoint';
import type { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';
import type { TensorStorage } from '../storage';
import type { PickledMoment } from './adam-moments';
import { storageOf, type TensorStorages } from './tensor-storage';
import { isContiguous, type TensorView } from './tensor-view';

/** Values to a block in bitsandbytes' optimisers, since version 0.44 and before. */
const BLOCK_SIZES = [256, 2048];

/** What a byte can stand for. */
const CODES = 256;

/** Distinct tables of what codes stand for that are read of one file: bitsandbytes has one for all parameters of a kind. */
const MAX_TABLES = 1000;

/** Reads, each once, which shares of the largest value of a block the codes stand for. */
export class CodeTables {
  private readonly known = new Map<string, readonly number[]>();

  constructor(
    private readonly source: RandomAccessSource,
    readonly storages: TensorStorages,
    readonly fail: (reason: string, tensor?: string) => FormatError,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** @throws {FormatError} if it is no table of float32 for all codes, or there are too many */
  async read(view: TensorView, tensor: string): Promise<readonly number[]> {
    const { extents } = plainFloats(view, CODES, tensor, this);
    const [extent] = extents;
    const place = String(extent?.offset);
    const known = this.known.get(place);
    if (known !== undefined) return known;
    if (extent === undefined || this.known.size >= MAX_TABLES) throw unfit(tensor, this);
    const bytes = Uint8Array.from(await this.source.read(extent.offset, extent.length, this.signal));
    const table = Array.from(new Float32Array(bytes.buffer));
    this.known.set(place, table);
    return table;
  }
}

/**
 * Where the values are that codes of bitsandbytes' block-wise quantisation stand for: the share of the code, times the
 * largest value of the block of the tensor in C order (Dettmers et al., "8-bit Optimizers via Block-wise Quantization",
 * ICLR 2022, section 2; `dequantize_blockwise`).
 * @throws {FormatError} if the parts do not fit together
 */
export async function blockStorage(
  { name, count, storage }: TensorEntry,
  codes: TensorView,
  { largest, shares }: NonNullable<PickledMoment['blocks']>,
  tables: CodeTables,
): Promise<{ readonly storage: TensorStorage; readonly storedAs: string }> {
  const size = BLOCK_SIZES.find((candidate) => Math.ceil(count / candidate) === largest.count);
  if (size === undefined || !isPlain(codes, storage)) throw unfit(name, tables);
  const scales = plainFloats(largest, largest.count, name, tables);
  const table = await tables.read(shares, name);
  const coding = { kind: 'packed', bits: 8, wordBytes: 1, columns: 1, table } as const;
  const values: TensorStorage = { dtype: 'float32', extents: storage.extents, coding };
  return {
    storage: {
      dtype: 'float32',
      extents: [],
      coding: { kind: 'scaled', codes: values, shape: [count], block: [size], scales },
    },
    storedAs: `uint8 (bitsandbytes, blocks of ${size})`,
  };
}

/** Storage of float32 numbers that are simply there. @throws {FormatError} if they are not, or not so many */
function plainFloats(
  view: TensorView,
  count: number,
  tensor: string,
  { storages, fail }: Pick<CodeTables, 'storages' | 'fail'>,
): TensorStorage {
  if (view.dtype !== 'float32' || view.count !== count || count === 0) throw unfit(tensor, { fail });
  const storage = storageOf(tensor, view, storages, fail);
  if (!isPlain(view, storage) || storage.bigEndian === true) throw unfit(tensor, { fail });
  return storage;
}

function isPlain(view: TensorView, { coding, deflate, quantization }: TensorStorage): boolean {
  return isContiguous(view) && coding === undefined && deflate === undefined && quantization === undefined;
}

function unfit(tensor: string, { fail }: Pick<CodeTables, 'fail'>): FormatError {
  return fail(l10n.t('is quantised in a way that is not read'), tensor);
}
