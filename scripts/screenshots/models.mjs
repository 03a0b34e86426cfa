/** The models that the pictures show: the samples, and what is made from them. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { analyze } from '../../test/host/ui/panel.mjs';

/** Cut off while it was downloaded. */
export const BROKEN = 'downloaded.safetensors';
export const WHOLE = 'fashion-mnist/epoch3.safetensors';
/** {@link WHOLE} without its smallest weights. */
export const PRUNED = 'fashion-mnist/epoch3-pruned.safetensors';
export const PROGRAM = 'evaluate.py';
export const UNTRAINED = 'fashion-mnist/untrained.pt';

const PRUNED_FRACTION = 0.6;
const SOURCE = `"""Accuracy of a checkpoint on the test images of Fashion-MNIST."""

import torch

from data import test_images
from network import Network

checkpoint = torch.load("fashion-mnist/epoch3.pt", weights_only=True)
network = Network()
network.load_state_dict(checkpoint)
network.eval()

correct = 0
for images, labels in test_images(batch_size=500):
    with torch.no_grad():
        correct += (network(images).argmax(dim=1) == labels).sum().item()
print(f"{correct / 10_000:.1%}")
`;

/** @param {string} workspace that has the samples @returns {Promise<void>} */
export async function addModels(workspace) {
  const whole = await readFile(join(workspace, WHOLE));
  await writeFile(join(workspace, BROKEN), whole.subarray(0, 20_000));
  await writeFile(join(workspace, PRUNED), pruned(whole, PRUNED_FRACTION));
  await writeFile(join(workspace, PROGRAM), SOURCE);
}

/** So that hovers and views have something to tell. @param {import('./stage.mjs').Workbench} workbench @returns {Promise<void>} */
export async function analyzeModels(workbench) {
  for (const step of [1, 2, 3]) {
    const panel = await analyze(workbench, `fashion-mnist/epoch${step}.pt`);
    await panel.whenComplete();
  }
  const panel = await analyze(workbench, UNTRAINED);
  await panel.whenComplete();
  await workbench.closeEditors();
}

/**
 * Global magnitude pruning of the weights: tensors of two dimensions and more.
 * @param {Buffer} file safetensors of float32
 * @param {number} fraction
 * @returns {Buffer} the file with the smallest weights set to zero
 */
function pruned(file, fraction) {
  const copy = Buffer.from(file);
  const headerEnd = 8 + Number(copy.readBigUInt64LE(0));
  /** @type {Record<string, { shape: number[], data_offsets: [number, number] }>} */
  const header = JSON.parse(copy.toString('utf8', 8, headerEnd));
  const places = Object.entries(header)
    .filter(([name, { shape }]) => name !== '__metadata__' && shape.length > 1)
    .flatMap(
      ([
        ,
        {
          data_offsets: [start, end],
        },
      ]) => Array.from({ length: (end - start) / 4 }, (_, i) => headerEnd + start + 4 * i),
    );
  places.sort((a, b) => Math.abs(copy.readFloatLE(a)) - Math.abs(copy.readFloatLE(b)));
  for (const place of places.slice(0, Math.round(fraction * places.length))) copy.writeFloatLE(0, place);
  return copy;
}
