import type { OnnxProgramNode } from '../../formats/onnx/onnx-program';
import type { Operator } from './onnx-call';
import { ACTIVATION } from './operators/activations';
import { CONVOLUTION } from './operators/convolution';
import { ELEMENTWISE } from './operators/elementwise';
import { GATHERING } from './operators/gathering';
import { MATRICES } from './operators/matrices';
import { NORMALISATION } from './operators/normalisation';
import { POOLING } from './operators/pooling';
import { QUANTISATION } from './operators/quantisation';
import { REDUCTION } from './operators/reductions';
import { RESIZE } from './operators/resize';
import { SHAPES } from './operators/shapes';

/** The operators that can be run, by name; those of other domains than that of ONNX with the domain before it. */
const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [
    ...[ACTIVATION, CONVOLUTION, ELEMENTWISE, GATHERING, MATRICES, NORMALISATION],
    ...[POOLING, QUANTISATION, REDUCTION, RESIZE, SHAPES],
  ].flatMap((operators) => Object.entries(operators)),
);

/** What runs a node; undefined if nothing at hand does. */
export function operatorFor({ operator, domain }: Pick<OnnxProgramNode, 'operator' | 'domain'>): Operator | undefined {
  return OPERATORS.get(domain === '' ? operator : `${domain}.${operator}`);
}
