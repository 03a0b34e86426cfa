import * as assert from 'node:assert/strict';
import { cp, mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import { activated, sample } from './extension';

const FIXTURES = resolve(__dirname, '..', '..', '..', 'test', 'fixtures');
const FOLDER = 'all formats';

/** A model of each format, with the files and folders that belong to it. */
const MODELS: readonly (readonly [label: RegExp, model: string, ...others: string[]])[] = [
  [/^ONNX/, 'onnx/fmnist.onnx'],
  [/^ONNX/, 'onnx/fmnist_external.onnx', 'onnx/fmnist_external.data'],
  [/^GGUF/, 'gguf/kinds.gguf'],
  [/^GGUF/, 'gguf/shards-00001-of-00003.gguf', 'gguf/shards-00002-of-00003.gguf', 'gguf/shards-00003-of-00003.gguf'],
  [/^TensorFlow Lite/, 'tflite/graph.tflite'],
  [/^Keras/, 'keras/functional.keras'],
  [/^Keras/, 'keras/keras2.h5'],
  [/^Flax/, 'flax/flax_model.msgpack'],
  [/^PaddlePaddle/, 'paddle/model.pdparams'],
  [/^MATLAB/, 'matlab/plain.mat'],
  [/^PyTorch/, 'pytorch/exported.pt2'],
];

suite('Every format', () => {
  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(sample(FOLDER).fsPath, { recursive: true, force: true });
  });

  for (const [label, ...files] of MODELS) {
    const [model] = files;
    test(`is described, and read to the end: ${model}`, async () => {
      const api = await activated();
      for (const file of files) {
        const target = sample(`${FOLDER}/${file}`).fsPath;
        await mkdir(dirname(target), { recursive: true });
        await cp(join(FIXTURES, file), target, { recursive: true });
      }
      const uri = sample(`${FOLDER}/${model}`);
      const description = await api.descriptions.describe(uri);
      assert.equal(description.state, 'readable', JSON.stringify(description));
      assert.match(description.file.formatLabel, label);
      await vscode.commands.executeCommand('prunability.analyze', uri);
      const session = api.session(uri);
      assert.equal(session?.status.state, 'complete', JSON.stringify(session?.status));
      assert.ok(session.report?.complete);
      assert.ok(session.report.tensors.length > 0);
      assert.ok(session.report.tensors.some(({ prunable }) => prunable));
    });
  }
});
