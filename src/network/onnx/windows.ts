import * as l10n from '@vscode/l10n';
import type { OperatorCall } from './onnx-call';

/** How a kernel or a pooling window slides over two dimensions. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Places beside the image that the operator itself counts: top, bottom, left, right. */
  readonly pads: readonly [number, number, number, number];
  /** Further places at the bottom and on the right, of a last window that is not cut off (ceil_mode). */
  readonly beyond: readonly [number, number];
  readonly output: readonly [number, number];
}

/** The padding of one dimension, and how many windows there are. */
interface Line {
  readonly before: number;
  readonly after: number;
  readonly beyond: number;
  readonly count: number;
}

/**
 * Reads the attributes that convolutions and poolings have in common (ONNX: Conv, MaxPool, AveragePool).
 * @param size height and width of the image; for one dimension the height is 1
 * @param kernelSize of the weights; undefined for poolings, which have an attribute for it
 * @throws {FormatError} for attributes that do not fit the image
 */
export function windowsOf(
  call: OperatorCall,
  size: readonly [number, number],
  dimensions: number,
  kernelSize: readonly number[] | undefined,
): Windows {
  const kernelShape = call.integers('kernel_shape') ?? kernelSize;
  if (kernelShape === undefined || kernelSize?.some((size, index) => size !== kernelShape[index]) === true) {
    throw call.refusal(l10n.t('its attribute {0} is not understood', 'kernel_shape'));
  }
  const kernel = pair(call, 'kernel_shape', kernelShape, dimensions);
  const strides = pair(call, 'strides', call.integers('strides'), dimensions);
  const dilations = pair(call, 'dilations', call.integers('dilations'), dimensions);
  const explicit = call.integers('pads');
  const auto = call.text('auto_pad', 'NOTSET');
  const ceil = call.integer('ceil_mode', 0) !== 0;
  if (explicit !== undefined && (explicit.length !== 2 * dimensions || explicit.some((pad) => pad < 0))) {
    throw call.refusalOf('pads', `[${explicit.join(', ')}]`);
  }
  const line = (at: 0 | 1): Line => {
    const span = (kernel[at] - 1) * dilations[at] + 1;
    const own = at - 2 + dimensions;
    const given = own < 0 ? [0, 0] : [explicit?.[own] ?? 0, explicit?.[own + dimensions] ?? 0];
    return lineOf(call, size[at], span, strides[at], auto, given, ceil);
  };
  const rows = line(0);
  const columns = line(1);
  if (rows.count < 1 || columns.count < 1) {
    throw call.refusal(l10n.t('its window is larger than the image of {0} × {1}', size[0], size[1]));
  }
  call.checkShape([size[0] + rows.before + rows.after, size[1] + columns.before + columns.after]);
  return {
    ...{ kernel, strides, dilations },
    pads: [rows.before, rows.after, columns.before, columns.after],
    beyond: [rows.beyond, columns.beyond],
    output: [rows.count, columns.count],
  };
}

function lineOf(
  call: OperatorCall,
  size: number,
  span: number,
  stride: number,
  auto: string,
  given: readonly number[],
  ceil: boolean,
): Line {
  switch (auto) {
    case 'SAME_UPPER':
    case 'SAME_LOWER': {
      const count = Math.ceil(size / stride);
      const total = Math.max((count - 1) * stride + span - size, 0);
      const less = Math.floor(total / 2);
      const before = auto === 'SAME_UPPER' ? less : total - less;
      return { before, after: total - before, beyond: 0, count };
    }
    case 'VALID':
    case 'NOTSET': {
      const [before = 0, after = 0] = auto === 'VALID' ? [] : given;
      const free = size + before + after - span;
      let count = (ceil ? Math.ceil(free / stride) : Math.floor(free / stride)) + 1;
      // A window that would begin beyond the image is left out.
      if (ceil && (count - 1) * stride >= size + before) count--;
      const beyond = Math.max(0, (count - 1) * stride + span - (size + before + after));
      return { before, after, beyond, count };
    }
    default:
      throw call.refusalOf('auto_pad', auto);
  }
}

/** A number a dimension; along the height that one-dimensional operators do not have, 1. */
function pair(
  call: OperatorCall,
  name: string,
  numbers: readonly number[] | undefined,
  dimensions: number,
): readonly [number, number] {
  if (numbers === undefined) return [1, 1];
  if (numbers.length !== dimensions || numbers.some((number) => number < 1)) {
    throw call.refusalOf(name, `[${numbers.join(', ')}]`);
  }
  const [first = 1, second = 1] = numbers;
  return dimensions === 1 ? [1, first] : [first, second];
}
