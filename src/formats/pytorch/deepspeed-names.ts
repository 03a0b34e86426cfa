import path from 'node:path';

/** What DeepSpeed says about a file of a checkpoint by its name. */
export interface DeepspeedName {
  /** `model`: the module, or what ZeRO stage 3 leaves of it; `optimizer`: the state of the optimiser of one process. */
  readonly kind: 'model' | 'optimizer';
  /** Number of the data-parallel process; undefined for the module that all have (without ZeRO, stages 1 and 2). */
  readonly rank: number | undefined;
  /** Number of the model-parallel part, as it is written. */
  readonly part: string;
  /** What the files of the optimiser begin with if the network is trained in bfloat16: `bf16_`, or nothing. */
  readonly prefix: string;
}

/** Prefixes of the files of the optimiser, as {@link DeepspeedName.prefix}. */
export const PREFIXES: readonly string[] = ['', 'bf16_'];

const NAME = /^(?:(bf16_)?zero_pp_rank_(\d{1,5})_)?mp_rank_(\d{2,3})_(model|optim)_states\.pt$/;

/**
 * The parts of the name of a file that DeepSpeed's engine writes (`_get_ckpt_name`, `_get_rank_zero_ckpt_name` in
 * `deepspeed/runtime/engine.py`); undefined for other names.
 */
export function deepspeedName(file: string): DeepspeedName | undefined {
  const [, prefix = '', rank, part, kind] = NAME.exec(path.basename(file)) ?? [];
  if (part === undefined || (kind === 'optim' && rank === undefined)) return undefined;
  return {
    kind: kind === 'optim' ? 'optimizer' : 'model',
    rank: rank === undefined ? undefined : Number(rank),
    part,
    prefix,
  };
}

/** Name of the file with the state of the optimiser of a process. */
export function optimStatesName(prefix: string, rank: number, part: string): string {
  return `${prefix}zero_pp_rank_${rank}_mp_rank_${part}_optim_states.pt`;
}

/** Name of the file with the module; that of a process from stage 3 on. */
export function modelStatesName(stage: number, rank: number, part: string): string {
  return stage < 3 ? `mp_rank_${part}_model_states.pt` : `zero_pp_rank_${rank}_mp_rank_${part}_model_states.pt`;
}
