import type { TensorRole } from '../checkpoint';
import type { StoredTensor } from './onnx-storage';

/** A tensor of the model, and what is found out about it from the operators that take it. */
export interface TensorRecord {
  readonly name: string;
  readonly stored: StoredTensor;
  readonly training: boolean;
  /** Its numbers may be codes of a quantised tensor: integers, and floats of at most 8 bits. */
  readonly isCode: boolean;
  readonly roles: Set<TensorRole>;
  /** It is a scale or a zero point. */
  isQuantizationParameter: boolean;
  /** What operators make of its codes. */
  readonly quantizations: Quantization[];
}

/** What an operator makes of stored codes: (code − zero) × scale. */
export interface Quantization {
  readonly kind: 'linear' | 'nbits';
  readonly scale: TensorRecord;
  readonly zero?: TensorRecord | undefined;
  /** A second scale that the first is multiplied with. */
  readonly otherScale?: TensorRecord | undefined;
  /** Which block each column belongs to, where it is not the one that contains it. */
  readonly groups?: TensorRecord | undefined;
  /** Dimension of the codes along which scales change; undefined if it is not known. */
  readonly axis?: number | undefined;
  /** Elements that share a scale along that dimension; 0 if each has its own. */
  readonly block: number;
  /** The result is rounded to the type that `output` (TensorProto.DataType) names, or to that of the scale. */
  readonly rounds?: boolean;
  readonly output?: number | undefined;
  /** Of MatMulNBits: the matrix whose codes are packed into bytes. */
  readonly nBits?: { readonly bits: number; readonly rows: number; readonly columns: number };
}
