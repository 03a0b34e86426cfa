import type { ProtobufRange } from '../containers/protobuf';
import type { ProtoSparseTensor, ProtoTensor, TypedNumbers } from './onnx-tensor';

/** What a Constant node gives. */
export type ConstantValue =
  | { readonly kind: 'tensor'; readonly tensor: ProtoTensor }
  | { readonly kind: 'sparse'; readonly sparse: ProtoSparseTensor }
  /** One number (no dimension) or a list of them, float32 or int64. */
  | { readonly kind: 'numbers'; readonly scalar: boolean; readonly numbers: TypedNumbers; readonly offset: number }
  | { readonly kind: 'string' };

export interface OnnxNode {
  /** May be empty. */
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, readonly number[]>;
  /** All its attributes in the file (AttributeProto), if the reader was asked to remember them. */
  readonly attributePlaces?: readonly ProtobufRange[];
  /** Bodies of If, Loop and Scan, by attribute. */
  readonly graphs: readonly { readonly attribute: string; readonly graph: OnnxGraph }[];
  readonly constant?: ConstantValue;
}

export interface OnnxGraph {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Where the types of inputs and outputs stand (ValueInfoProto), in the same order. */
  readonly inputPlaces: readonly ProtobufRange[];
  readonly outputPlaces: readonly ProtobufRange[];
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly ProtoTensor[];
  readonly sparseInitializers: readonly ProtoSparseTensor[];
}

/** A function that the model itself defines. Its inputs are formal parameters. */
export interface OnnxFunction extends OnnxGraph {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Version of the operators of ONNX itself; 0 if the model does not say it. */
  readonly opset: number;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  /** Graphs of training_info: how the model's parameters are set and updated. */
  readonly training: readonly OnnxGraph[];
}
