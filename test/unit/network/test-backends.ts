import { startBackend, type BackendName, type BackendOptions } from '../../../src/network/tensorflow/backends';
import type { BackendFacts } from '../../../src/report/measurement';
import { WASM_FOLDER } from './wasm-folder';

/** `PRUNABILITY_TEST_BACKEND` runs all tests of networks on that backend. */
const forced = process.env.PRUNABILITY_TEST_BACKEND as BackendName | undefined;

/** Folder that has @tensorflow/tfjs-node or webgpu, for the backends that need them. */
const packages = process.env.PRUNABILITY_NATIVE_PACKAGES;

/** What runs everywhere, unless a backend is forced. */
export const TEST_BACKENDS: readonly BackendName[] = forced === undefined ? ['cpu', 'wasm'] : [forced];

/** Starts a backend, or the one that is forced. */
export function startTestBackend(name: BackendName): Promise<BackendFacts> {
  const options: BackendOptions = {
    wasmFolder: WASM_FOLDER,
    backends: [forced ?? name],
    emulated: true,
    places: packages === undefined ? [] : [{ folder: packages, trusted: true }],
  };
  return startBackend(options);
}
