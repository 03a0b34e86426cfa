import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import { openCheckpoint } from '../../../src/formats/registry';
import { MAX_RUN_PARAMETERS, readTensorValues } from '../../../src/network/tensor-values';
import { engineValues } from '../formats/engine-values';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');

describe('values of a tensor for running', () => {
  it.each(['keras/functional.keras', 'keras/keras2.h5', 'tfjs/model.json', 'onnx/fmnist.onnx', 'pytorch/views.pt'])(
    'are those that the analysis reads of %s',
    async (file) => {
      const opened = await openCheckpoint(path.join(FIXTURES, file));
      const { checkpoint } = opened;
      try {
        expect(checkpoint.tensors.length).toBeGreaterThan(0);
        for (const tensor of checkpoint.tensors.filter(({ dtype }) => dtype === 'float32')) {
          const expected = tensor.count === 0 ? new Float32Array() : await engineValues(checkpoint, tensor);
          expect(await readTensorValues(checkpoint, tensor, undefined)).toEqual(expected);
        }
      } finally {
        await opened.close();
      }
    },
  );

  it('are refused where they are more than can be run, before they are allocated', async () => {
    const opened = await openCheckpoint(path.join(FIXTURES, 'onnx/fmnist.onnx'));
    const { checkpoint } = opened;
    const [tensor] = checkpoint.tensors;
    await opened.close();
    if (tensor === undefined) throw new Error('The fixture has no tensor');
    const huge = { ...tensor, shape: [MAX_RUN_PARAMETERS + 1], count: MAX_RUN_PARAMETERS + 1 };
    await expect(readTensorValues(checkpoint, huge, undefined)).rejects.toThrow(FormatError);
    const spread = { ...tensor, shape: [2], count: 2 };
    const strided = { ...spread, storage: { ...tensor.storage, strides: [MAX_RUN_PARAMETERS] } };
    await expect(readTensorValues(checkpoint, strided, undefined)).rejects.toThrow(FormatError);
    await expect(readTensorValues(checkpoint, tensor, AbortSignal.abort())).rejects.toThrow(CancelledError);
  });
});
