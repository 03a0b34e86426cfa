import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageTrial } from '../../../src/measurer/package-trial';
import { RunningBackend } from '../../../src/measurer/running-backend';
import { WASM_FOLDER } from '../network/wasm-folder';

const SCRIPT = path.resolve(import.meta.dirname, '../../../dist/measurer.js');
const NAME = '@tensorflow/tfjs-node';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'prunability-trial-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A package of a fitting version, whose native code does what the JavaScript says: Node loads a folder of that name just so. */
async function install(code: string): Promise<void> {
  const addon = path.join(folder, 'lib/napi-v8/tfjs_binding.node');
  await mkdir(addon, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: NAME, version: '4.22.0' }));
  await writeFile(path.join(addon, 'index.js'), code);
}

test('native code that ends its process is passed over, and told of', async () => {
  await install('process.abort()');
  const { name, reason } = await new RunningBackend(WASM_FOLDER, SCRIPT).start('auto', [{ folder, trusted: true }]);
  expect(name).toBe('wasm');
  expect(reason).toMatch(/^tensorflow: .*: has ended the process that tried it \(SIGABRT\); wasm: started/);
});

test('so it is where it is asked for', async () => {
  await install('process.exit(3)');
  const starting = new RunningBackend(WASM_FOLDER, SCRIPT).start('tensorflow', [{ folder, trusted: true }]);
  await expect(starting).rejects.toThrow(/has ended the process that tried it \(0x3\)/);
});

test('what it throws is told by who uses it', async () => {
  await install('throw new Error("made for another library")');
  const found = { name: NAME, version: '4.22.0', folder };
  await packageTrial(SCRIPT)('tensorflow', found);
  const { reason } = await new RunningBackend(WASM_FOLDER, SCRIPT).start('auto', [{ folder, trusted: true }]);
  expect(reason).toMatch(/^tensorflow: .*: made for another library; wasm: started/);
});

test('a package of a workspace that is not trusted is not even tried', async () => {
  await install('process.abort()');
  const { reason } = await new RunningBackend(WASM_FOLDER, SCRIPT).start('auto', [{ folder, trusted: false }]);
  expect(reason).toMatch(/^tensorflow: .*: the workspace is not trusted; wasm: started/);
});
