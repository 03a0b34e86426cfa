import { readdir } from 'node:fs/promises';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { useFirst, type NativePackage, type PackagePlace, type PackageTrial } from './native-packages';
import { installTensorflowKernels } from './tensorflow-kernels';

/** That for graphics cards first: who has installed it wants it. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

const ADDON = 'tfjs_binding.node';

/** What the package's files take from its own TensorFlow.js, and are given ours instead. */
const CORE = new Set(['@tensorflow/tfjs', '@tensorflow/tfjs-core']);

/** Messages of saved models and TensorBoard, which need a library that nothing else does. */
const MESSAGES = './proto/api_pb';

/** Node's own way of loading modules, which its types leave out. */
interface Loader {
  _load: (this: Loader, request: string, parent: unknown, isMain: boolean) => unknown;
}

interface BackendModule {
  readonly NodeJSKernelBackend: new (binding: unknown, packageName: string) => tf.KernelBackend;
}

let loaded: string | undefined;

/**
 * Loads TensorFlow itself, as backend `tensorflow`, once for the process: only the kernels and the native code of the package, on
 * our core. With the TensorFlow.js that the package depends on there would be two cores with one registry, in which the last one
 * to be loaded would replace the gradients.
 * @returns the package, for people
 * @throws {NotInstalledError} if it is nowhere
 * @throws Error for people, if it cannot be loaded
 */
export async function prepareTensorflow(places: readonly PackagePlace[], tryFirst?: PackageTrial): Promise<string> {
  loaded ??= await useFirst(PACKAGES, places, load, tryFirst);
  return loaded;
}

async function load({ name, version, folder }: NativePackage): Promise<string> {
  if (version !== tf.version_core) {
    throw new Error(l10n.t('version {0} does not fit TensorFlow.js {1}', version, tf.version_core));
  }
  const addon = await addonOf(folder);
  if (addon === undefined) {
    throw new Error(l10n.t('its native code is missing ({0}); “npm rebuild” gets it', ADDON));
  }
  restoreUtilities();
  // Otherwise it tells on the standard error which instructions the processor has.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const packageRequire = createRequire(join(folder, 'package.json'));
  const binding: unknown = packageRequire(addon);
  const { NodeJSKernelBackend } = withOwnCore(() => {
    packageRequire('./dist/register_all_kernels.js');
    return packageRequire('./dist/nodejs_kernel_backend.js') as BackendModule;
  });
  installTensorflowKernels();
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, name));
  return `${name} ${version}`;
}

/** The native code for the newest interface that this Node knows. */
async function addonOf(folder: string): Promise<string | undefined> {
  const known = Number(process.versions.napi);
  const library = join(folder, 'lib');
  const interfaces = (await readdir(library).catch((): string[] => []))
    .flatMap((name) => /^napi-v(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((version) => version <= known)
    .sort((a, b) => b - a);
  for (const version of interfaces) {
    const build = join(library, `napi-v${version}`);
    if ((await readdir(build)).includes(ADDON)) return join(build, ADDON);
  }
  return undefined;
}

/** Version 4.22 calls two functions that Node 23 has removed. */
function restoreUtilities(): void {
  const utilities = util as unknown as Record<string, unknown>;
  utilities.isNullOrUndefined ??= (value: unknown): boolean => value === undefined || value === null;
  utilities.isArray ??= Array.isArray;
}

/** Our core, with a class that code for ECMAScript 5, which the package is, can extend: it calls the constructor as a function. */
function coreToExtend(): object {
  function KernelBackend(): void {
    // That of the class does nothing.
  }
  KernelBackend.prototype = tf.KernelBackend.prototype;
  return { ...tf, KernelBackend };
}

function withOwnCore<Result>(work: () => Result): Result {
  const core = coreToExtend();
  const loader = Module as unknown as Loader;
  const original = loader._load;
  loader._load = (request, parent, isMain) => {
    if (CORE.has(request)) return core;
    return request === MESSAGES ? {} : original.call(loader, request, parent, isMain);
  };
  try {
    return work();
  } finally {
    loader._load = original;
  }
}
