import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as l10n from '@vscode/l10n';
import { ComputationError } from '../../formats/errors';
import type { BackendFacts } from '../../report/measurement';
import { NotInstalledError, type NativePackage, type PackagePlace } from './native-packages';
import { installGradients } from './repaired-gradients';
import { SELF_TEST_BOUND, selfTestError } from './self-test';
import { prepareTensorflow } from './tensorflow-node';
import { installWasmKernels } from './wasm-kernels';
import { prepareWebgpu } from './webgpu';

export type BackendName = BackendFacts['name'];

export interface BackendOptions {
  /** The folder that the `.wasm` files of @tensorflow/tfjs-backend-wasm lie in. */
  readonly wasmFolder: string;
  /** Where packages with native code may be; none if not given. */
  readonly places?: readonly PackagePlace[];
  /** What to try, in this order; {@link DEFAULT_BACKENDS} if not given. */
  readonly backends?: readonly BackendName[];
  /** Takes a graphics card that is but emulated, too. */
  readonly emulated?: boolean;
  /** Is run before a package with native code is; see {@link PackageTrial}. */
  readonly tryFirst?: (backend: BackendName, found: NativePackage) => Promise<void>;
}

/** Fastest first; that of plain JavaScript runs everywhere. */
export const DEFAULT_BACKENDS: readonly BackendName[] = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/**
 * Makes a backend known to TensorFlow.js; throws with a reason for people where it cannot be on this computer.
 * @returns what it runs on, where there is more to say than its name
 */
type Preparation = (options: BackendOptions) => Promise<string> | undefined;

let wasmFolderIsSet = false;

const PREPARATIONS: Readonly<Record<BackendName, Preparation>> = {
  tensorflow: ({ places = [], tryFirst }) => prepareTensorflow(places, (found) => tryFirst?.('tensorflow', found)),
  webgpu: ({ places = [], emulated = false, tryFirst }) =>
    prepareWebgpu(places, emulated, (found) => tryFirst?.('webgpu', found)),
  wasm: ({ wasmFolder }) => {
    installWasmKernels();
    // The package takes the folder once, before its first start.
    if (!wasmFolderIsSet) setWasmPaths(wasmFolder.endsWith('/') ? wasmFolder : `${wasmFolder}/`);
    wasmFolderIsSet = true;
    return undefined;
  },
  cpu: () => undefined,
};

/**
 * Starts the first backend that can be started here and whose Hessian-vector product is right, for all of the thread. Packages
 * that are not installed are worth no word, unless there is nothing else.
 * @throws {@link ComputationError} naming what was wrong with each, if there is none
 */
export async function startBackend(options: BackendOptions): Promise<BackendFacts> {
  const refused: string[] = [];
  const missing: string[] = [];
  for (const name of options.backends ?? DEFAULT_BACKENDS) {
    try {
      const { error, on } = await start(name, options);
      const chosen =
        on === undefined
          ? l10n.t('{0}: started, relative error of its second derivatives {1}', name, error.toExponential(1))
          : l10n.t(
              '{0} ({1}): started, relative error of its second derivatives {2}',
              name,
              on,
              error.toExponential(1),
            );
      return { name, reason: [...refused, chosen].join('; '), selfTestError: error };
    } catch (error) {
      const reason = l10n.t('{0}: {1}', name, error instanceof Error ? error.message : String(error));
      (error instanceof NotInstalledError ? missing : refused).push(reason);
    }
  }
  throw new ComputationError(l10n.t('Nothing to compute with: {0}', [...refused, ...missing].join('; ')));
}

/** The relative error of the self-test; throws with the reason if the backend is not to be used. */
async function start(name: BackendName, options: BackendOptions): Promise<{ error: number; on: string | undefined }> {
  installGradients();
  const on = await PREPARATIONS[name](options);
  // A backend that fails to start resolves to false, and the operations would go on with another one.
  if (!(await tf.setBackend(name)) || tf.getBackend() !== name) throw new Error(l10n.t('does not start'));
  const error = await selfTestError();
  if (!(error <= SELF_TEST_BOUND)) {
    throw new Error(l10n.t('its second derivatives are wrong by {0}', error.toExponential(1)));
  }
  return { error, on };
}
