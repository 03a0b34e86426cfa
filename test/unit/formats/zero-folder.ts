import type { Checkpoint } from '../../../src/formats/checkpoint';
import { pytorchReader } from '../../../src/formats/pytorch/pytorch';
import { MissingSiblingError } from '../../../src/formats/sibling';
import { BufferSource } from '../../../src/formats/source';
import { call, dict, global, int, ints, list, proto, raw, tensor, zip, type ZipPart } from './pytorch-bytes';

/** Folders of DeepSpeed's ZeRO, byte by byte, as DeepSpeed would not write them. */

export const NONE = raw(0x4e);

/** What is in the files, by their names. */
export type Folder = ReadonlyMap<string, Uint8Array>;

export function optimName(rank: number, prefix = ''): string {
  return `${prefix}zero_pp_rank_${rank}_mp_rank_00_optim_states.pt`;
}

export function modelName(rank?: number): string {
  return `${rank === undefined ? '' : `zero_pp_rank_${rank}_`}mp_rank_00_model_states.pt`;
}

/** A file of `torch.save` with storages 0, 1, … of these float32 values. */
export function saved(root: Uint8Array, storages: readonly (readonly number[])[], deflate = false): Buffer {
  const data = storages.map((values, key): ZipPart => ({
    name: `a/data/${key}`,
    data: new Uint8Array(Float32Array.from(values).buffer),
    deflate,
  }));
  return zip({ name: 'a/data.pkl', data: proto(root) }, ...data);
}

/** A flat tensor that has all of a storage. */
export function flat(key: number, count: number, type = 'FloatStorage'): Buffer {
  return tensor({ key: String(key), numel: count, shape: [count], strides: [1], type });
}

/** `torch.Size` of each parameter. */
export function shapes(parameters: Readonly<Record<string, readonly number[]>>): Buffer {
  const size = (shape: readonly number[]): Buffer => call(global('torch', 'Size'), ints(...shape));
  return dict(Object.fromEntries(Object.entries(parameters).map(([name, shape]) => [name, size(shape)])));
}

/** A file of the optimiser with a share of each group; parts that are undefined are left out. */
export function optim(
  groups: readonly (readonly number[])[],
  parts: Readonly<Record<string, Uint8Array | undefined>> = {},
  stage = 2,
  ranks = 2,
): Buffer {
  const key = stage === 3 ? 'fp32_flat_groups' : 'single_partition_of_fp32_groups';
  const state = {
    zero_stage: int(stage),
    partition_count: stage === 3 ? int(ranks) : list(...groups.map(() => int(ranks))),
    [key]: list(...groups.map((values, index) => flat(index, values.length))),
    ...parts,
  };
  return saved(dict({ optimizer_state_dict: dict(present(state)) }), groups);
}

/** A file of the module: tensors of one value a parameter, unless told otherwise. */
export function model(
  groups: readonly Readonly<Record<string, readonly number[]>>[],
  parts: Readonly<Record<string, Uint8Array | undefined>> = {},
  storages: readonly (readonly number[])[] = [],
): Buffer {
  const names = groups.flatMap((group) => Object.keys(group));
  const state = {
    module: dict(
      Object.fromEntries(names.map((name) => [name, tensor({ key: 'x', numel: 0, shape: [0], strides: [1] })])),
    ),
    buffer_names: list(),
    param_shapes: list(...groups.map(shapes)),
    ...parts,
  };
  return saved(dict(present(state)), storages);
}

function present(parts: Readonly<Record<string, Uint8Array | undefined>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(parts).filter((part): part is [string, Uint8Array] => part[1] !== undefined),
  );
}

/** Opens one of the files. */
export async function openIn(folder: Folder, name: string): Promise<Checkpoint> {
  const main = `/zero/${name}`;
  return await pytorchReader.open({
    source: new BufferSource(main, folder.get(name) ?? new Uint8Array(0)),
    openSibling: (sibling) => {
      const bytes = folder.get(sibling);
      if (bytes === undefined) return Promise.reject(new MissingSiblingError(main, sibling));
      return Promise.resolve(new BufferSource(`/zero/${sibling}`, bytes));
    },
  });
}

/** The float32 values of a tensor, without a coding or strides. */
export function valuesOf({ files, tensors }: Checkpoint, folder: Folder, name: string): number[] {
  const found = tensors.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  const bytes = Buffer.concat(
    found.storage.extents.map(({ file, offset, length }) => {
      const whole = folder.get(files[file]!.path.slice('/zero/'.length))!;
      return whole.subarray(offset, offset + length);
    }),
  );
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
}
