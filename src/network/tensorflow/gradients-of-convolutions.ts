import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { gatherAxis, spreadAxis } from './spread-axis';

/** Attributes of the kernels of convolutions that they and their derivatives have in common. */
interface Sliding {
  readonly strides: number | [number, number];
  readonly pad: number | 'same' | 'valid' | [[number, number], [number, number], [number, number], [number, number]];
  readonly dilations?: number | [number, number] | null;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** A convolution and its two derivatives. It is linear in the input and in the filter, so the three are closed under differentiation. */
interface Family {
  readonly forward: string;
  readonly byInput: string;
  readonly byFilter: string;
}

const FULL: Family = { forward: 'Conv2D', byInput: 'Conv2DBackpropInput', byFilter: 'Conv2DBackpropFilter' };
const DEPTHWISE: Family = {
  forward: 'DepthwiseConv2dNative',
  byInput: 'DepthwiseConv2dNativeBackpropInput',
  byFilter: 'DepthwiseConv2dNativeBackpropFilter',
};

function run(kernel: string, inputs: Record<string, Tensor>, attributes: object): Tensor {
  return tf.engine().runKernel<Tensor>(kernel, inputs, attributes as NamedAttrMap);
}

/** Without the dilation: the filter is spread instead, as the derivatives' kernels know none. */
function undilated(attributes: Sliding): Sliding {
  return { ...attributes, dilations: 1 };
}

function dilationsOf({ dilations }: Sliding): [number, number] {
  if (dilations === undefined || dilations === null) return [1, 1];
  return typeof dilations === 'number' ? [dilations, dilations] : dilations;
}

/** y = conv(x, f): by x and by f. */
function gradientOfForward({ forward, byInput, byFilter }: Family): GradConfig {
  return {
    kernelName: forward,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, saved, attributes) => {
      const [x, filter] = saved as [Tensor4D, Tensor4D];
      const sliding = attributes as unknown as Sliding;
      const [rowDilation, columnDilation] = dilationsOf(sliding);
      const plain = undilated(sliding);
      const wide = spreadAxis(spreadAxis(filter, 0, rowDilation), 1, columnDilation);
      return {
        x: () => run(byInput, { dy: dy as Tensor, filter: wide }, { ...plain, inputShape: x.shape }),
        filter: () => {
          const slope = run(byFilter, { x, dy: dy as Tensor }, { ...plain, filterShape: wide.shape });
          return gatherAxis(gatherAxis(slope, 0, rowDilation), 1, columnDilation);
        },
      };
    },
  };
}

/** dx = byInput(dy, f): by dy it is the convolution itself, by f what f's gradient is with dx's in the input's place. */
function gradientByInput({ forward, byInput, byFilter }: Family): GradConfig {
  return {
    kernelName: byInput,
    inputsToSave: ['dy', 'filter'],
    gradFunc: (ddx, saved, attributes) => {
      const [dy, filter] = saved as [Tensor, Tensor];
      const plain = undilated(attributes as unknown as Sliding);
      return {
        dy: () => run(forward, { x: ddx as Tensor, filter }, plain),
        filter: () => run(byFilter, { x: ddx as Tensor, dy }, { ...plain, filterShape: filter.shape }),
      };
    },
  };
}

/** df = byFilter(x, dy): by x what the input's gradient is with df's as the filter, by dy the convolution with it. */
function gradientByFilter({ forward, byInput, byFilter }: Family): GradConfig {
  return {
    kernelName: byFilter,
    inputsToSave: ['x', 'dy'],
    gradFunc: (ddf, saved, attributes) => {
      const [x, dy] = saved as [Tensor, Tensor];
      const plain = undilated(attributes as unknown as Sliding);
      return {
        x: () => run(byInput, { dy, filter: ddf as Tensor }, { ...plain, inputShape: x.shape }),
        dy: () => run(forward, { x, filter: ddf as Tensor }, plain),
      };
    },
  };
}

/** Of convolutions and depthwise convolutions, dilated ones, too, to any order. */
export const GRADIENTS_OF_CONVOLUTIONS: readonly GradConfig[] = [FULL, DEPTHWISE].flatMap((family) => [
  gradientOfForward(family),
  gradientByInput(family),
  gradientByFilter(family),
]);
