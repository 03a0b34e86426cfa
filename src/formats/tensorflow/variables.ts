import type { TensorRole } from '../checkpoint';
import type { DType } from '../dtype';
import { tensorRole } from '../roles';
import type { ObjectGraph } from './object-graph';

/** A variable of a checkpoint, by the key of its value. */
export interface Variable {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Same values have the same. */
  readonly checksum: number;
}

/** What a variable is called and is for. */
export interface NamedVariable<T extends Variable> {
  readonly variable: T;
  readonly name: string;
  readonly role: TensorRole;
  readonly aliasOf?: string;
}

/** What object-based checkpoints (TensorFlow 2) add to the path of a variable. */
const VALUE_SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE';

/** What a variable without a name is called. */
const NO_NAME = /^Variable(_\d+)?$/;

/** Keras 3 stores all variables of an exported model a second time, in a list of this name. */
const KERAS_COPIES = '_all_variables/';

/**
 * What belongs to an optimiser in object-based checkpoints. The trainable variables that Keras 3 keeps there are the
 * weights of the model, which are stored under the first path that leads to them.
 */
const OPTIMIZER_KEY = /(^|\/)(\.OPTIMIZER_SLOT|_?optimizer(\/(?!_trainable_variables\/)|$))/;

/** What training counts, and what it measures. */
const COUNTER_KEY = /(^|\/)(save_counter|global_step|keras_api\/metrics\/|compiled_metrics\/|_seed_generators?\/)/;

/**
 * Names of slots (what an optimiser keeps of each variable) and of averages, as TensorFlow 1, BERT and T5 add them to a
 * variable's name.
 */
const SLOT_NAME =
  /^(.+)(?:\/(?:(?:Momentum|Adam(?:Optimizer|W)?|RMSProp|Adagrad|AdagradDA|Adadelta|Ftrl|ProximalAdagrad|LAMB|NadamOptimizer)(?:_\d+)?|ExponentialMovingAverage|(?:adam|lamb)_[mv]|gradient_squared_accumulator)|_slot_(?:vc|vr|v|m))$/i;

/** The powers of Adam's decay rates, and counters. */
const OPTIMIZER_SCALAR = /(^|\/)(beta[12]_power(_\d+)?|beta_?[12]|decay|learning_rate|iter(ation)?s?)$/;

/**
 * Names and roles: the name that a variable was given where the graph of objects tells it and it is its alone, else
 * the path that leads to it. What is stored twice, Keras' copies, comes last, as aliases.
 */
export function nameVariables<T extends Variable>(
  variables: readonly T[],
  graph: ObjectGraph,
): readonly NamedVariable<T>[] {
  const keys = new Set(variables.map(({ key }) => key));
  const fullNameOf = ({ key }: Variable): string | undefined => {
    const fullName = graph.fullNames.get(key);
    return fullName === undefined || NO_NAME.test(fullName) ? undefined : fullName;
  };
  const isCopy = ({ key }: Variable): boolean => key.startsWith(KERAS_COPIES);
  const firsts = new Map<string, T | undefined>();
  for (const variable of variables) {
    if (isCopy(variable)) continue;
    const fullName = fullNameOf(variable);
    // Several variables of one name: the name tells nothing.
    if (fullName !== undefined) firsts.set(fullName, firsts.has(fullName) ? undefined : variable);
  }
  const used = new Set<string>();
  const named: NamedVariable<T>[] = [];
  const add = (variable: T, wanted: string, fullName: string | undefined, aliasOf?: string): void => {
    const path = pathOf(variable.key);
    const name = [wanted, path, variable.key].find((candidate) => !used.has(candidate)) ?? variable.key;
    used.add(name);
    named.push({
      variable,
      name,
      role: variableRole(variable, fullName ?? path, keys, graph),
      ...(aliasOf === undefined ? {} : { aliasOf }),
    });
  };
  const names = new Map<T, string>();
  for (const variable of variables) {
    if (isCopy(variable)) continue;
    const fullName = fullNameOf(variable);
    const isItsAlone = fullName !== undefined && firsts.get(fullName) === variable && !keys.has(fullName);
    add(variable, isItsAlone ? fullName : pathOf(variable.key), fullName);
    names.set(variable, named.at(-1)?.name ?? '');
  }
  for (const variable of variables) {
    if (!isCopy(variable)) continue;
    const fullName = fullNameOf(variable);
    const original = fullName === undefined ? undefined : firsts.get(fullName);
    const isSame = original?.checksum === variable.checksum && original.shape.join() === variable.shape.join();
    const known = fullName !== undefined && firsts.has(fullName);
    add(
      variable,
      fullName === undefined || known ? pathOf(variable.key) : fullName,
      fullName,
      isSame ? names.get(original) : undefined,
    );
  }
  return named;
}

function pathOf(key: string): string {
  return key.endsWith(VALUE_SUFFIX) ? key.slice(0, -VALUE_SUFFIX.length) : key;
}

function variableRole(
  { key, shape, dtype }: Variable,
  name: string,
  keys: ReadonlySet<string>,
  { slots }: ObjectGraph,
): TensorRole {
  if (slots.has(key) || OPTIMIZER_KEY.test(key)) return 'optimizer';
  const base = SLOT_NAME.exec(key)?.[1];
  if (base !== undefined && keys.has(base)) return 'optimizer';
  if (shape.length === 0 && OPTIMIZER_SCALAR.test(name)) return 'optimizer';
  if (COUNTER_KEY.test(key)) return shape.length === 0 ? 'constant' : 'buffer';
  return tensorRole(name, shape, dtype);
}
