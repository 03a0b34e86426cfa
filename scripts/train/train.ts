import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadNetwork } from '../../src/network/load-network';
import { createNetworkObjective, parameterLayout } from '../../src/network/network-objective';
import { startBackend } from '../../src/network/tensorflow/backends';
import { digits } from '../../test/unit/measurement/digits';
import { MlpObjective } from '../../test/unit/measurement/mlp-objective';
import { trained, type Trainee } from './gradient-descent';
import { mlpOnnx, parameterShapes } from './mlp-onnx';
import { inputs, mnist } from './mnist';
import { RECIPES, type Recipe, type RecipeName } from './recipes';

export interface Training {
  readonly name: RecipeName;
  /** Weight of the sum of the magnitudes of all parameters; that of the recipe if not given. */
  readonly penalty?: number;
  readonly seed: number;
  /** Where the network is written. */
  readonly folder: string;
  /** Folder of the fixtures of the tests, which hold the digits. */
  readonly fixtures: string;
  /** Folder of the IDX files of MNIST. */
  readonly mnist: string;
  /** Folder of the .wasm files of TensorFlow.js. */
  readonly wasmFolder: string;
  readonly told: (line: string) => void;
}

/** What a network is called, without its file name's ending: digits-l1-1e-3; without a penalty: digits. */
export function networkName(name: RecipeName, penalty: number = RECIPES[name].penalty): string {
  return penalty === 0 ? name : `${name}-l1-${penalty.toExponential()}`;
}

/** Trains a network and writes it as an ONNX file; resolves to its path. */
export async function train(training: Training): Promise<string> {
  const { name, folder, penalty = RECIPES[name].penalty, seed, told } = training;
  const recipe: Recipe = { ...RECIPES[name], penalty };
  const title = networkName(name, penalty);
  const path = join(folder, `${title}.onnx`);
  await mkdir(folder, { recursive: true });
  const trainee =
    recipe.data === 'digits' ? await digitsTrainee(recipe, training) : await mnistTrainee(title, recipe, training);
  const started = performance.now();
  const weights = await trained(trainee, recipe, seed, (epoch) => {
    const seconds = (performance.now() - started) / 1000;
    told(`${title}: epoch ${epoch} of ${recipe.epochs}, ${seconds.toFixed(0)} s`);
  });
  await writeNetwork(path, title, recipe.sizes, new Float32Array(weights));
  return path;
}

/** Weights in the order of {@link parameterShapes}, one after the other. */
async function writeNetwork(
  path: string,
  title: string,
  sizes: readonly number[],
  weights: Float32Array,
): Promise<void> {
  let offset = 0;
  const parameters = parameterShapes(sizes).map(({ name, shape }) => {
    const start = offset;
    offset += shape.reduce((product, size) => product * size, 1);
    return { name, shape, values: weights.slice(start, offset) };
  });
  await writeFile(`${path}.part`, mlpOnnx(title, sizes, parameters));
  await rename(`${path}.part`, path);
}

/** In float64 and plain TypeScript: small enough, and the tests compare with it. */
async function digitsTrainee({ sizes }: Recipe, { fixtures }: Training): Promise<Trainee> {
  const network = new MlpObjective(sizes, 'relu', (await digits(fixtures)).train);
  return {
    layout: network.layout,
    samples: network.samples,
    gradient: (weights, samples) => Promise.resolve(network.exactGradient(weights, samples).gradient),
  };
}

/** With the backend that comes with the extension, on the network as the extension reads it from its file. */
async function mnistTrainee(
  title: string,
  { sizes }: Recipe,
  { mnist: data, folder, wasmFolder }: Training,
): Promise<Trainee> {
  const images = await mnist(data);
  await startBackend({ wasmFolder, backends: ['wasm'] });
  const untrained = join(folder, `${title}-untrained.onnx`);
  const size = parameterShapes(sizes).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  await writeNetwork(untrained, 'untrained', sizes, new Float32Array(size));
  const network = await loadNetwork(untrained, undefined);
  await rm(untrained);
  const never = new AbortController().signal;
  return {
    layout: parameterLayout(network),
    samples: images.count,
    gradient: async (weights, samples) => {
      const labels = Int32Array.from(samples, (sample) => images.labels[sample]!);
      const batch = {
        count: samples.length,
        inputs: [{ shape: network.inputs[0].shape, values: inputs(images, samples) }],
        targets: { kind: 'classes', classes: 10, labels },
      } as const;
      const objective = createNetworkObjective(network, batch, samples.length);
      return (await objective.gradient(new Float32Array(weights), never)).gradient;
    },
  };
}

export { RECIPES } from './recipes';
