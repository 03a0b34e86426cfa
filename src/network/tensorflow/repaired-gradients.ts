import { getGradient, registerGradient, unregisterGradient } from '@tensorflow/tfjs-core';
import type { GradConfig } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { GRADIENTS_OF_ACTIVATIONS } from './gradients-of-activations';
import { GRADIENTS_OF_CONVOLUTIONS } from './gradients-of-convolutions';
import { GRADIENTS_OF_POOLING } from './gradients-of-pooling';
import { GRADIENTS_OF_SHAPES } from './gradients-of-shapes';

const GRADIENTS = [
  ...GRADIENTS_OF_ACTIVATIONS,
  ...GRADIENTS_OF_CONVOLUTIONS,
  ...GRADIENTS_OF_POOLING,
  ...GRADIENTS_OF_SHAPES,
];

let installed = false;

/** Puts gradients that can be differentiated themselves into the place of those of TensorFlow.js, for all backends; once. */
export function installGradients(): void {
  if (installed) return;
  installed = true;
  for (const gradient of GRADIENTS) {
    const stock = getGradient(gradient.kernelName) as GradConfig | undefined;
    if (stock !== undefined) unregisterGradient(gradient.kernelName);
    registerGradient(gradient);
  }
}
