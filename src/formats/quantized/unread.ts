import type { TensorEntry } from '../checkpoint';
import { stemOf } from './parts';

/** A way to quantise weights that is recognised, but not decoded. */
interface UnreadMethod {
  readonly name: string;
  /** Last parts of the names of the tensors that hold the codes. */
  readonly codes: string;
  /** Last parts of the names of what must lie beside them. */
  readonly beside: readonly string[];
  /** Last parts of the names of what else belongs to the weight. */
  readonly parts: readonly string[];
  /** Integer types, where the names alone are too common. */
  readonly dtypes?: readonly string[];
}

/** By the names that the libraries give to their tensors, as published models have them. */
const UNREAD: readonly UnreadMethod[] = [
  { name: 'AQLM', codes: 'codes', beside: ['codebooks', 'scales'], parts: [] },
  { name: 'QuIP#', codes: 'Qidxs', beside: ['SU', 'SV'], parts: ['codebook_id', 'Wscale', 'A', 'B'] },
  { name: 'QTIP', codes: 'trellis', beside: ['SU', 'SV'], parts: ['rcp', 'tlut', 'tp_rank'] },
  { name: 'EXL3', codes: 'trellis', beside: ['suh', 'svh'], parts: ['su', 'sv', 'mcg', 'mul1'] },
  {
    name: 'EXL2',
    codes: 'q_weight',
    beside: ['q_scale', 'q_groups'],
    parts: ['q_scale_max', 'q_invperm', 'q_perm', 'q_group_map'],
  },
  {
    name: 'SpQR',
    codes: 'dense_weights',
    beside: ['row_offsets', 'col_vals'],
    parts: ['in_perm', 'W_scale_raw', 'W_scale_scale', 'W_zero_raw', 'col_ptrs', 'second_order_data'],
  },
  {
    name: 'VPTQ',
    codes: 'indices',
    beside: ['centroids.weight'],
    parts: ['res_centroids.weight', 'outlier_centroids.weight', 'weight_scale', 'weight_bias', 'perm'],
  },
  { name: 'HQQ', codes: 'W_q', beside: [], parts: ['scale', 'zero', 'meta', 'zero_scale', 'shape', 'nbits'] },
  { name: 'EETQ', codes: 'weight', beside: ['weight_scales'], parts: [], dtypes: ['int8'] },
  { name: 'Marlin', codes: 'B', beside: ['s'], parts: ['workspace', 'reduce'], dtypes: ['int32'] },
  { name: 'QQQ', codes: 'B', beside: ['s_channel'], parts: ['s_group', 'workspace'], dtypes: ['int32'] },
  { name: 'QoQ', codes: 'qweight', beside: ['s1_scales'], parts: ['s2_scales', 's2_zeros', 's1_szeros'] },
  {
    name: 'FP-Quant',
    codes: 'qweight',
    beside: ['scales', 'forward_hadamard_matrix'],
    parts: ['backward_hadamard_matrix', 'weight_global_scale', 'act_global_scale'],
  },
  {
    name: 'HIGGS',
    codes: 'weight',
    beside: ['tables', 'scales'],
    parts: ['tables2'],
    dtypes: ['uint8', 'int16', 'int32'],
  },
  { name: 'Quanto', codes: 'weight._data._data', beside: ['weight._scale'], parts: ['weight._shift'] },
  { name: 'BitNet', codes: 'weight', beside: ['weight_scale'], parts: [], dtypes: ['uint8'] },
  { name: 'sparse-24-bitmask', codes: 'weight.compressed', beside: ['weight.bitmask'], parts: ['weight.shape'] },
  { name: 'sparse-bitmask', codes: 'compressed', beside: ['bitmask'], parts: ['shape', 'row_offsets'] },
  {
    name: 'Marlin-24',
    codes: 'weight_packed',
    beside: ['meta'],
    parts: ['scale_packed', 'weight_shape'],
    dtypes: ['int32'],
  },
];

/** By the last part of the name that holds the codes. */
const BY_LAST: ReadonlyMap<string, readonly UnreadMethod[]> = new Map(
  [...new Set(UNREAD.map(({ codes }) => lastPart(codes)))].map((last) => [
    last,
    UNREAD.filter(({ codes }) => lastPart(codes) === last),
  ]),
);

/** A weight that stays as it is stored. */
export interface UnreadWeight {
  readonly method: string;
  /** The tensor with the codes, and what belongs to it. */
  readonly parts: readonly TensorEntry[];
}

/** The weight whose codes the tensor holds, if it is quantised in a way that is recognised but not decoded. */
export function unreadWeight(codes: TensorEntry, tensors: ReadonlyMap<string, TensorEntry>): UnreadWeight | undefined {
  const method = BY_LAST.get(lastPart(codes.name))?.find((candidate) => isOf(candidate, codes, tensors));
  if (method === undefined) return undefined;
  const stem = stemOf(codes.name, method.codes);
  const parts = [...method.beside, ...method.parts].flatMap((part) => tensors.get(stem + part) ?? []);
  return { method: method.name, parts: [codes, ...parts] };
}

function isOf(method: UnreadMethod, { name, dtype }: TensorEntry, tensors: ReadonlyMap<string, TensorEntry>): boolean {
  const { codes, beside, dtypes } = method;
  if (!name.endsWith(codes) || (name.length > codes.length && name.at(-codes.length - 1) !== '.')) return false;
  const stem = stemOf(name, codes);
  const isInteger = dtype.startsWith('int') || dtype.startsWith('uint');
  return (dtypes?.includes(dtype) ?? isInteger) && beside.every((part) => tensors.has(stem + part));
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
