import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { ComputationError } from '../../formats/errors';
import { useFirst, type NativePackage, type PackagePlace, type PackageTrial } from './native-packages';

/** What is used of the package `webgpu`: Dawn, the WebGPU of Chromium, for Node. */
interface Dawn {
  create(flags: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    /** Computed by the processor. */
    readonly isFallbackAdapter?: boolean;
  };
}

const BACKEND = 'webgpu';

/** Names of drivers that compute on the processor, where they do not say so themselves. */
const EMULATION = /swiftshader|llvmpipe|lavapipe|basic render|warp/i;

/** A graphics card, and what it was found by: the card is gone with it. */
interface Found {
  readonly gpu: Gpu;
  readonly adapter: string;
  readonly emulated: boolean;
}

let found: Found | undefined;
let registered = false;

/**
 * Gives the process what a browser has as `navigator.gpu`, and registers the backend `webgpu`; once.
 * @param emulated takes a graphics card that is but emulated, too
 * @returns the graphics card, for people
 * @throws {NotInstalledError} if Dawn is nowhere
 * @throws Error for people, without a graphics card
 */
export async function prepareWebgpu(
  places: readonly PackagePlace[],
  emulated: boolean,
  tryFirst?: PackageTrial,
): Promise<string> {
  found ??= await useFirst(['webgpu'], places, find, tryFirst);
  const { adapter, gpu } = found;
  if (found.emulated && !emulated) {
    throw new Error(l10n.t('no graphics card, but an emulated one ({0}), which is slow', adapter));
  }
  if (!registered) {
    registered = true;
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
    await import('@tensorflow/tfjs-backend-webgpu');
    sumFewAtATime();
    tellErrors();
  }
  return found.emulated ? l10n.t('{0}, emulated', adapter) : adapter;
}

async function find({ folder }: NativePackage): Promise<Found> {
  const dawn = createRequire(join(folder, 'package.json'))(await addonOf(folder)) as Dawn;
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error(l10n.t('no graphics card that it can use'));
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  Object.assign(globalThis, dawn.globals);
  return {
    gpu,
    adapter: description === '' ? `${vendor} ${architecture}`.trim() : description,
    emulated: isFallbackAdapter === true || EMULATION.test(`${architecture} ${description}`),
  };
}

/** Tensors that one shader can add: eight buffers are all that WebGPU promises it, and one of them is for the sum. */
const MOST_SUMMANDS = 7;

/** The kernel of the backend gives a shader all summands at once; with more than there may be its sum is whatever was in the memory. */
function sumFewAtATime(): void {
  const stock = tf.getKernel('AddN', BACKEND);
  tf.unregisterKernel('AddN', BACKEND);
  tf.registerKernel({
    ...stock,
    kernelFunc: ({ inputs, backend, attrs = {} }) => {
      let summands = inputs as unknown as readonly Tensor[];
      return tf.tidy(() => {
        while (summands.length > MOST_SUMMANDS) {
          summands = [tf.addN(summands.slice(0, MOST_SUMMANDS)), ...summands.slice(MOST_SUMMANDS)];
        }
        return stock.kernelFunc({ inputs: summands as unknown as typeof inputs, backend, attrs }) as Tensor;
      });
    },
  });
}

/** What is used of the backend. */
interface Backend extends tf.KernelBackend {
  readonly device: {
    readonly lost: Promise<{ readonly message: string }>;
    onuncapturederror: ((event: { readonly error: { readonly message: string } }) => void) | null;
  };
}

/** A command that the graphics card refuses leaves the numbers as they are, and nobody hears of it: here reading them fails. */
function tellErrors(): void {
  const make = tf.findBackendFactory(BACKEND) as () => Promise<Backend>;
  tf.removeBackend(BACKEND);
  tf.registerBackend(BACKEND, async () => {
    const backend = await make();
    let refused: string | undefined;
    backend.device.onuncapturederror = ({ error }) => {
      refused ??= error.message;
    };
    void backend.device.lost.then(({ message }) => {
      refused ??= message;
    });
    const read = backend.read.bind(backend);
    backend.read = async (id) => {
      const values = await read(id).catch((error: unknown) => {
        throw refused === undefined ? error : failed(refused);
      });
      if (refused !== undefined) throw failed(refused);
      return values;
    };
    return backend;
  });
}

function failed(reason: string): ComputationError {
  return new ComputationError(l10n.t('The graphics card has failed: {0}', reason));
}

/** Versions before 0.6 have the builds side by side, later ones in a folder each. */
async function addonOf(folder: string): Promise<string> {
  const platform = `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
  for (const name of [join(platform, 'dawn.node'), `${platform}.dawn.node`]) {
    const addon = join(folder, 'dist', name);
    const exists = await stat(addon).then(
      (entry) => entry.isFile(),
      () => false,
    );
    if (exists) return addon;
  }
  throw new Error(l10n.t('no native code for {0}', platform));
}
