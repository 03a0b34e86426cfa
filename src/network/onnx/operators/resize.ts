import * as tf from '@tensorflow/tfjs-core';
import type { Operator, OperatorCall } from '../onnx-call';
import { channelsLastValue, withChannelsLast, type Value } from '../onnx-value';

/** Each place of an image repeated a whole number of times: nearest neighbours. */
function resize(call: OperatorCall): Value {
  const value = call.input(0);
  const mode = call.text('mode', 'nearest');
  if (mode !== 'nearest') throw call.refusalOf('mode', mode);
  call.ignore('cubic_coeff_a', 'exclude_outside', 'extrapolation_value', 'antialias');
  const isOld = call.node.operator === 'Upsample' || call.opset < 11;
  const origin = call.text('coordinate_transformation_mode', isOld ? 'asymmetric' : 'half_pixel');
  const rounding = call.text('nearest_mode', isOld ? 'floor' : 'round_prefer_floor');
  // For whole factors, these are the combinations by which every place is repeated alike.
  const repeats =
    (origin === 'asymmetric' && rounding === 'floor') ||
    (['half_pixel', 'pytorch_half_pixel'].includes(origin) && rounding === 'round_prefer_floor');
  if (!repeats) throw call.refusalOf('nearest_mode', `${origin}, ${rounding}`);
  const factors = factorsOf(call, value.shape, isOld);
  const [batch = 1, channels = 1, down = 1, across = 1] = factors;
  const whole = factors.every((factor) => Number.isInteger(factor) && factor >= 1);
  if (value.shape.length !== 4 || factors.length !== 4 || batch !== 1 || channels !== 1 || !whole) {
    throw call.refusalOf('scales', `[${factors.join(', ')}]`);
  }
  const image = withChannelsLast(value);
  const [samples, height, width, depth] = image.shape;
  call.checkShape([samples, height * down, width * across, depth]);
  const rows = tf.tile(tf.reshape(image, [samples * height, 1, width * depth]), [1, down, 1]);
  const places = tf.reshape(rows, [samples * height * down * width, 1, depth]);
  const wide = tf.tile(places, [1, across, 1]);
  return channelsLastValue(tf.reshape(wide, [samples, height * down, width * across, depth]));
}

function factorsOf(call: OperatorCall, shape: readonly number[], isOld: boolean): readonly number[] {
  const attribute = call.floats('scales');
  if (attribute !== undefined) return attribute;
  const scales = call.optionalNumbers(isOld ? 1 : 2);
  if (scales !== undefined && scales.length > 0) return scales;
  return call.numbers(3).map((size, index) => size / (shape[index] ?? 1));
}

/** Enlarging of images. */
export const RESIZE: Readonly<Record<string, Operator>> = {
  Resize: resize,
  Upsample: resize,
};
