import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import type { Value } from '../onnx-value';

/** Weights have been dequantised when they were read; what the network itself rounds has no useful derivative. */
function dequantizeLinear(call: OperatorCall): Value {
  call.ignore('axis', 'block_size', 'output_dtype');
  const value = call.input(0);
  if (value.dequantised === true) return value;
  throw call.refusal(l10n.t('numbers that are rounded while the network runs cannot be differentiated'));
}

/** Scales of quantised tensors. */
export const QUANTISATION: Readonly<Record<string, Operator>> = { DequantizeLinear: dequantizeLinear };
