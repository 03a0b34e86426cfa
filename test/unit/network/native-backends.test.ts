import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ComputationError } from '../../../src/formats/errors';
import { startBackend, type BackendOptions } from '../../../src/network/tensorflow/backends';
import { WASM_FOLDER } from './wasm-folder';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'prunability-native-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A package as npm would have it installed. */
function install(name: string, version: string, files: Readonly<Record<string, string>> = {}): string {
  const at = path.join(folder, 'node_modules', name);
  for (const [file, content] of Object.entries({ 'package.json': JSON.stringify({ name, version }), ...files })) {
    mkdirSync(path.dirname(path.join(at, file)), { recursive: true });
    writeFileSync(path.join(at, file), content);
  }
  return at;
}

async function reason(options: Partial<BackendOptions> = {}, trusted = true): Promise<string> {
  const places = [{ folder, trusted }];
  return (await startBackend({ wasmFolder: WASM_FOLDER, places, ...options })).reason;
}

test('what is not installed is no word worth', async () => {
  expect(await reason()).toMatch(/^wasm: started/);
});

test('what is asked for and not installed is', async () => {
  for (const backend of ['tensorflow', 'webgpu'] as const) {
    const starting = startBackend({ wasmFolder: WASM_FOLDER, backends: [backend] });
    await expect(starting).rejects.toThrow(ComputationError);
    await expect(starting).rejects.toThrow(/is not installed/);
  }
});

test.each(['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu', 'webgpu'])(
  '%s of a workspace that is not trusted is not run',
  async (name) => {
    // Loading it would end the test.
    const at = install(name, '4.22.0', { 'dist/register_all_kernels.js': 'process.exit(1)' });
    expect(await reason({}, false)).toContain(`${at}: the workspace is not trusted; wasm: started`);
  },
);

test('kernels for another version of TensorFlow.js are refused', async () => {
  install('@tensorflow/tfjs-node', '4.21.0');
  expect(await reason()).toMatch(/^tensorflow: .*: version 4\.21\.0 does not fit TensorFlow\.js 4\.22\.0; wasm: /);
});

test('a package without its native code is refused, and the next one is tried', async () => {
  install('@tensorflow/tfjs-node-gpu', '4.22.0');
  install('@tensorflow/tfjs-node', '4.22.0', { 'lib/napi-v8/tfjs_binding.node': 'no library' });
  const [refused = ''] = (await reason()).split('; wasm: ');
  expect(refused).toMatch(/tfjs-node-gpu: its native code is missing \(tfjs_binding\.node\)/);
  expect(refused).toMatch(/tfjs-node: \S/);
  expect(refused).not.toContain('\n');
});

test('Dawn for another platform is refused', async () => {
  const at = install('webgpu', '0.6.2', { 'dist/amiga-m68k/dawn.node': '' });
  expect(await reason()).toContain(`webgpu: ${at}: no native code for ${process.platform}-`);
});

test('the folder of the package itself will do', async () => {
  folder = path.join(folder, 'extension');
  const at = install('webgpu', '0.6.2');
  const starting = startBackend({
    wasmFolder: WASM_FOLDER,
    backends: ['webgpu'],
    places: [{ folder: at, trusted: true }],
  });
  await expect(starting).rejects.toThrow(`${at}: no native code`);
  folder = path.dirname(folder);
});
