import type { Objective } from '../measurement/objective';
import { loadNetwork } from '../network/load-network';
import type { Network } from '../network/network';
import { createNetworkObjective } from '../network/network-objective';
import { errorCodec } from '../protocol/error-codec';
import { RpcPeer, type Handlers, type NoMethods, type Port } from '../protocol/rpc';
import type { ObjectiveMethods, SharedVectors } from './objective-protocol';
import { RunningBackend } from './running-backend';

/**
 * The side of a thread: a network with a backend of its own, which computes what it is asked for.
 * @param folder where the files of the backend are
 * @param load gives the network of a model file
 */
export function serveObjectives(
  port: Port,
  folder: string,
  load: (model: string, signal: AbortSignal) => Promise<Network> = loadNetwork,
): void {
  const objectives = new Map<number, Objective>();
  let loaded: { readonly network: Network; readonly vectors: SharedVectors } | undefined;
  const given = (): { readonly network: Network; readonly vectors: SharedVectors } => {
    if (loaded === undefined) throw new Error('There is no network yet');
    return loaded;
  };
  const objectiveOf = (number: number): Objective => {
    const objective = objectives.get(number);
    if (objective === undefined) throw new Error(`There is no objective ${number}`);
    return objective;
  };
  const handlers: Handlers<ObjectiveMethods> = {
    load: async ({ model, backend, vectors }, { signal }) => {
      await new RunningBackend(folder).start(backend);
      const network = await load(model, signal);
      loaded = { network, vectors };
      return network.parameters.reduce((sum, { values }) => sum + values.length, 0);
    },
    add: ({ objective, samples, batch, loss }) => {
      objectives.set(objective, createNetworkObjective(given().network, samples, batch, loss));
      return undefined;
    },
    remove: ({ objective }) => {
      objectives.delete(objective);
      return undefined;
    },
    evaluate: ({ objective }, { signal }) => objectiveOf(objective).evaluate(given().vectors.weights, signal),
    gradient: async ({ objective }, { signal }) => {
      const { weights, result } = given().vectors;
      const { loss, gradient } = await objectiveOf(objective).gradient(weights, signal);
      result.set(gradient);
      return loss;
    },
    hessianTimes: async ({ objective }, { signal }) => {
      const { weights, direction, result } = given().vectors;
      result.set(await objectiveOf(objective).hessianTimes(weights, direction, signal));
      return undefined;
    },
    squaredGradients: async ({ objective }, { signal }) => {
      const { weights, result } = given().vectors;
      result.set(await objectiveOf(objective).squaredGradients(weights, signal));
      return undefined;
    },
    inputNorms: ({ objective }, { signal }) => objectiveOf(objective).inputNorms(given().vectors.weights, signal),
  };
  // The conversation ends with the thread.
  new RpcPeer<ObjectiveMethods, NoMethods>(port, handlers, errorCodec);
}
