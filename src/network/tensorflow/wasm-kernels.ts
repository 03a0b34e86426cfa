import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, KernelFunc, Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

const BACKEND = 'wasm';

type Window4D = Parameters<typeof tf.backend_util.computeConv2DInfo>;

/** Attributes of the kernels of convolutions and their derivatives. */
interface Sliding {
  readonly strides: Window4D[2];
  readonly pad: Window4D[4];
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: Window4D[5];
  readonly inputShape: Window4D[0];
  readonly filterShape: Window4D[1];
}

interface PoolingWithPlaces {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: number | 'same' | 'valid';
  readonly includeBatchInIndex?: boolean;
}

/** Kernels are given the tensors that the operations were given. */
function tensorsOf<Names extends string>(inputs: Record<string, TensorInfo | undefined>): Record<Names, Tensor> {
  return inputs as Record<Names, Tensor>;
}

/** The numbers of a tensor where they lie: to be read before memory is asked for, which may move them. */
function valuesOf(tensor: Tensor): Float32Array | Int32Array {
  const backend: Pick<BackendWasm, 'typedArrayFromHeap'> = tf.backend() as never;
  return backend.typedArrayFromHeap(tensor) as Float32Array | Int32Array;
}

/** The kernel of products is fast on matrices as they are, and about ten times slower on transposed ones. */
function untransposedProduct(stock: KernelConfig): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const { a, b } = tensorsOf<'a' | 'b'>(inputs);
    const { transposeA, transposeB } = attrs as { transposeA?: boolean; transposeB?: boolean };
    if (transposeA !== true && transposeB !== true) return stock.kernelFunc({ inputs, attrs: attrs ?? {}, backend });
    return tf.tidy(() => {
      const left = transposeA === true ? swapLast(a) : a;
      const right = transposeB === true ? swapLast(b) : b;
      return tf.matMul(left, right);
    });
  };
}

function swapLast(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/**
 * The gradient of a convolution by its input, where the filter moves by single steps: the convolution of dy with the
 * filter turned round, which takes the fast kernel.
 */
function convolutionByInput(stock: KernelConfig): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const { dy, filter } = tensorsOf<'dy' | 'filter'>(inputs) as Record<'dy' | 'filter', Tensor4D>;
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs as unknown as Sliding;
    const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad, dimRoundingMode);
    const top = info.filterHeight - 1 - info.padInfo.top;
    const left = info.filterWidth - 1 - info.padInfo.left;
    const bottom = info.inHeight - info.outHeight + info.padInfo.top;
    const right = info.inWidth - info.outWidth + info.padInfo.left;
    const single = info.strideHeight === 1 && info.strideWidth === 1;
    if (dataFormat === 'NCHW' || !single || Math.min(top, left, bottom, right) < 0) {
      return stock.kernelFunc({ inputs, attrs: attrs ?? {}, backend });
    }
    return tf.tidy(() => {
      const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
      return tf.conv2d(dy, turned, 1, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]);
    });
  };
}

/**
 * The gradient of a convolution by its filter: a convolution of the input, its channels as the batch, with dy as a
 * filter over the whole image whose channels are the batch; the stride becomes a dilation.
 */
const convolutionByFilter: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = tensorsOf<'x' | 'dy'>(inputs) as Record<'x' | 'dy', Tensor4D>;
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs as unknown as Sliding;
  if (dataFormat === 'NCHW') throw new Error('Conv2DBackpropFilter: channels first are not supported');
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { top, left } = info.padInfo;
  const bottom = info.filterHeight + (info.outHeight - 1) * info.strideHeight - info.inHeight - top;
  const right = info.filterWidth + (info.outWidth - 1) * info.strideWidth - info.inWidth - left;
  return tf.tidy(() => {
    const slope = tf.conv2d(
      tf.transpose(x, [3, 1, 2, 0]),
      tf.transpose(dy, [1, 2, 0, 3]),
      1,
      [
        [0, 0],
        [top, Math.max(bottom, 0)],
        [left, Math.max(right, 0)],
        [0, 0],
      ],
      'NHWC',
      [info.strideHeight, info.strideWidth],
    );
    // Rows of the input that no step of the filter reaches give places beyond the filter.
    const inside =
      bottom < 0 || right < 0
        ? tf.slice(slope, [0, 0, 0, 0], [info.inChannels, info.filterHeight, info.filterWidth, info.outChannels])
        : slope;
    return tf.transpose(inside, [1, 2, 0, 3]);
  });
};

type DepthwiseInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/**
 * Walks over all pairs of a place of the input and a place of the filter that meet in a depthwise convolution.
 * @param visit is given the indices of their first channels in the input, the output and the filter
 */
function forEachMeeting(info: DepthwiseInfo, visit: (input: number, output: number, filter: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, filterHeight, filterWidth, padInfo } = info;
  for (let sample = 0; sample < batchSize; sample++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const output = ((sample * outHeight + row) * outWidth + column) * outChannels;
        for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
          const inputRow = row * strideHeight - padInfo.top + filterRow * dilationHeight;
          if (inputRow < 0 || inputRow >= inHeight) continue;
          for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
            const inputColumn = column * strideWidth - padInfo.left + filterColumn * dilationWidth;
            if (inputColumn < 0 || inputColumn >= inWidth) continue;
            visit(
              ((sample * inHeight + inputRow) * inWidth + inputColumn) * inChannels,
              output,
              (filterRow * filterWidth + filterColumn) * outChannels,
            );
          }
        }
      }
    }
  }
}

/** The gradient of a depthwise convolution by its input. */
const depthwiseByInput: KernelFunc = ({ inputs, attrs }) => {
  const { dy, filter } = tensorsOf<'dy' | 'filter'>(inputs) as Record<'dy' | 'filter', Tensor4D>;
  const { strides, pad, dimRoundingMode, inputShape } = attrs as unknown as Sliding;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad, dimRoundingMode, true);
  const [slopes, weights] = [valuesOf(dy), valuesOf(filter)];
  const result = new Float32Array(info.batchSize * info.inHeight * info.inWidth * info.inChannels);
  const multiplier = info.outChannels / info.inChannels;
  forEachMeeting(info, (x, y, f) => {
    let channel = x;
    for (let output = 0; output < info.outChannels; channel++) {
      let sum = result[channel] ?? 0;
      for (const end = output + multiplier; output < end; output++) {
        sum += (slopes[y + output] ?? 0) * (weights[f + output] ?? 0);
      }
      result[channel] = sum;
    }
  });
  return tf.tensor(result, [...inputShape]);
};

/** The gradient of a depthwise convolution by its filter. */
const depthwiseByFilter: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = tensorsOf<'x' | 'dy'>(inputs) as Record<'x' | 'dy', Tensor4D>;
  const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as Sliding;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode, true);
  const [values, slopes] = [valuesOf(x), valuesOf(dy)];
  const result = new Float64Array(info.filterHeight * info.filterWidth * info.outChannels);
  const multiplier = info.outChannels / info.inChannels;
  forEachMeeting(info, (first, y, f) => {
    let channel = first;
    for (let output = 0; output < info.outChannels; channel++) {
      const value = values[channel] ?? 0;
      for (const end = output + multiplier; output < end; output++) {
        result[f + output] = (result[f + output] ?? 0) + value * (slopes[y + output] ?? 0);
      }
    }
  });
  return tf.tensor(new Float32Array(result), [...filterShape]);
};

/** Maximum pooling with the places of the (first) maxima; the backend's own kernel gives wrong places. */
const maximaAndPlaces: KernelFunc = ({ inputs, attrs }) => {
  const x = tensorsOf<'x'>(inputs).x as Tensor4D;
  const { filterSize, strides, pad, includeBatchInIndex } = attrs as unknown as PoolingWithPlaces;
  const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad);
  const { inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
  const values = valuesOf(x);
  const size = info.batchSize * outHeight * outWidth * channels;
  const maxima = new Float32Array(size).fill(-Infinity);
  const places = new Int32Array(size);
  for (let sample = 0, output = 0; sample < info.batchSize; sample++) {
    const base = includeBatchInIndex === true ? 0 : sample * inHeight * inWidth * channels;
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - padInfo.top;
      const endRow = Math.min(top + info.filterHeight, inHeight);
      for (let column = 0; column < outWidth; column++, output += channels) {
        const left = column * info.strideWidth - padInfo.left;
        const endColumn = Math.min(left + info.filterWidth, inWidth);
        for (let inputRow = Math.max(top, 0); inputRow < endRow; inputRow++) {
          for (let inputColumn = Math.max(left, 0); inputColumn < endColumn; inputColumn++) {
            const input = ((sample * inHeight + inputRow) * inWidth + inputColumn) * channels;
            for (let channel = 0; channel < channels; channel++) {
              const value = values[input + channel] ?? 0;
              if (value > (maxima[output + channel] ?? 0)) {
                maxima[output + channel] = value;
                places[output + channel] = input + channel - base;
              }
            }
          }
        }
      }
    }
  }
  return [tf.tensor(maxima, info.outShape), tf.tensor(places, info.outShape, 'int32')];
};

/** Numbers a row from which on adding up rows is faster than the kernel. */
const LONG_ROW = 64;

/**
 * Sums over the first dimensions, as gradients of biases are: row by row. The kernel transposes first, which takes ten times as
 * long for rows of 64 numbers, whose columns are all in the same lines of the processor's cache.
 */
function sumsOfRows(stock: KernelConfig): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const { x } = tensorsOf<'x'>(inputs);
    const { axis, keepDims } = attrs as { axis?: number | number[]; keepDims?: boolean };
    const axes = tf.util.parseAxisParam(axis ?? [], x.shape).sort((a, b) => a - b);
    const rest = x.shape.slice(axes.length);
    const width = tf.util.sizeFromShape(rest);
    const leading = axes.length > 0 && axes.every((each, index) => each === index);
    if (!leading || width < LONG_ROW || x.dtype !== 'float32') {
      return stock.kernelFunc({ inputs, attrs: attrs ?? {}, backend });
    }
    const values = valuesOf(x);
    const sums = new Float64Array(width);
    for (let row = 0; row < values.length; row += width) {
      for (let column = 0; column < width; column++) {
        sums[column] = (sums[column] ?? 0) + (values[row + column] ?? 0);
      }
    }
    return tf.tensor(Float32Array.from(sums), keepDims === true ? [...axes.map(() => 1), ...rest] : rest);
  };
}

/** The kernel writes integers into what it calls float32. */
function oneHotInFloat(stock: KernelConfig): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const asIntegers = stock.kernelFunc({ inputs, attrs: { ...attrs, dtype: 'int32' }, backend }) as TensorInfo;
    const { dtype } = attrs as { dtype?: 'float32' | 'int32' | 'bool' };
    if (dtype === undefined || dtype === 'int32') return asIntegers;
    const { dataId, shape } = asIntegers;
    return tf.tidy(() => tf.cast(tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: 'int32' }), dtype));
  };
}

/** Sums of the rows of x (along its first dimension) by index: what gathering and maximum pooling need for their gradients. */
const sumsByIndex: KernelFunc = ({ inputs, attrs }) => {
  const { x, segmentIds } = tensorsOf<'x' | 'segmentIds'>(inputs);
  const { numSegments } = attrs as { numSegments: number };
  const [values, places] = [valuesOf(x), valuesOf(segmentIds)];
  const width = x.size / places.length;
  const result = new Float32Array(numSegments * width);
  for (let row = 0; row < places.length; row++) {
    const place = places[row] ?? -1;
    if (place < 0 || place >= numSegments) continue;
    for (let column = 0; column < width; column++) {
      const index = place * width + column;
      result[index] = (result[index] ?? 0) + (values[row * width + column] ?? 0);
    }
  }
  return tf.tensor(result, [numSegments, ...x.shape.slice(segmentIds.rank)]);
};

function replace(kernelName: string, made: (stock: KernelConfig) => KernelFunc): void {
  const stock = tf.getKernel(kernelName, BACKEND) as KernelConfig | undefined;
  if (stock === undefined) throw new Error(`The wasm backend has no kernel ${kernelName}`);
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({ ...stock, kernelFunc: made(stock) });
}

let installed = false;

/** Gives the wasm backend the kernels that gradients need and that it lacks or has wrong, and faster ones for some; once. */
export function installWasmKernels(): void {
  if (installed) return;
  installed = true;
  replace('BatchMatMul', untransposedProduct);
  replace('Conv2DBackpropInput', convolutionByInput);
  replace('Sum', sumsOfRows);
  replace('OneHot', oneHotInFloat);
  replace('MaxPoolWithArgmax', () => maximaAndPlaces);
  const missing: Readonly<Record<string, KernelFunc>> = {
    Conv2DBackpropFilter: convolutionByFilter,
    DepthwiseConv2dNativeBackpropInput: depthwiseByInput,
    DepthwiseConv2dNativeBackpropFilter: depthwiseByFilter,
    UnsortedSegmentSum: sumsByIndex,
  };
  for (const [kernelName, kernelFunc] of Object.entries(missing)) {
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
  }
}
