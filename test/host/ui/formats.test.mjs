/** Files of other programs, opened as any other: their weights, how they are stored, and what takes them. */

import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { seriousIssues } from './accessibility.mjs';
import { analyze } from './panel.mjs';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures');

/** A model, one of its weights, and what the panel says of it. @type {[model: string, weight: string, facts: RegExp][]} */
const MODELS = [
  ['onnx/quantized.onnx', 'conv.w', /float32, stored as int8, scales along dimension 0 · weight · QLinearConv$/],
  ['gguf/kinds.gguf', 'blk.0.Q4_K', /float32, stored as Q4_K · weight$/],
  ['keras/functional.keras', 'out/kernel', / · float32 · weight · Dense$/],
];

describe('other formats', () => {
  const vscode = useVSCode({ prepare: (folder) => cp(FIXTURES, folder, { recursive: true }) });

  for (const [model, weight, facts] of MODELS) {
    it(`tells of ${weight} in ${model} how it is stored, and what takes it`, async () => {
      const { workbench } = vscode;
      const panel = await analyze(workbench, model);
      await panel.whenComplete();
      await panel.select(weight);
      assert.match(await panel.text('layer-detail .facts'), facts);
      assert.deepEqual(await seriousIssues(workbench, 'prunability-panel'), []);
      await workbench.closeEditors();
    });
  }
});
