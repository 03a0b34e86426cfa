/**
 * The network's graph, as far as analyses need it: which tensor feeds which operator, along which dimensions channels
 * run, and which operator feeds which. Plain data.
 */
export interface Topology {
  /** In the order of execution where the format has one. */
  readonly nodes: readonly GraphNode[];
  /** Names of the values that the network is given, and that it gives. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** An operator or a layer. An edge leads from the node that has a value among its outputs to those that have it among their inputs. */
export interface GraphNode {
  readonly name: string;
  /** As the format calls it: `Conv`, `CONV_2D`, `Conv2D`. */
  readonly operator: string;
  /** Names of the values it takes, those of parameters left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly parameters: readonly NodeParameter[];
  /** Of a layer of Keras that is called with more than its inputs by position. */
  readonly call?: CallArguments;
}

/** What a layer of Keras is called with. */
export interface CallArguments {
  /** Names of the arguments that the inputs are; undefined for those by position. */
  readonly inputNames: readonly (string | undefined)[];
  /** The arguments that are no inputs, but for those that are null or false. */
  readonly settings: readonly (readonly [name: string, value: unknown])[];
}

/** A tensor of the checkpoint that an operator takes. */
export interface NodeParameter {
  /** Name of the tensor in the checkpoint. */
  readonly tensor: string;
  readonly use: 'weight' | 'bias' | 'scale' | 'offset' | 'mean' | 'variance' | 'other';
  /** The dimension of the tensor along which the operator's output channels run, and the one of its input channels. */
  readonly outputChannels?: number;
  readonly inputChannels?: number;
}
