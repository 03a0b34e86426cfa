import * as l10n from '@vscode/l10n';
import type { Checkpoint, TensorEntry } from '../../formats/checkpoint';
import { FormatError } from '../../formats/errors';
import { isFloatingPoint } from '../../formats/dtype';
import type { LayerCall } from './layer-sequence';
import type { LayerVariable } from './layer';

/**
 * The tensors of the checkpoint that are a layer's variables, in the order of the variables.
 * @throws {FormatError} if one is missing, or has another shape
 */
export function variableTensors(
  { path, layer, tensors }: LayerCall,
  byName: ReadonlyMap<string, TensorEntry>,
  { files }: Checkpoint,
): TensorEntry[] {
  const own = tensors.flatMap((name) => byName.get(name) ?? []);
  return layer.variables.map((variable, index) => {
    const { part, rest } = partOf(variable);
    const before = layer.variables.slice(0, index).filter((other) => partOf(other).part === part).length;
    const entry = find(rest, before, part === '' ? own : ofPart(part, own));
    const fail = (reason: string): FormatError =>
      new FormatError({
        file: files[0]?.path ?? '',
        reason,
        remedy: l10n.t('Save the whole model again, its weights and its configuration together.'),
      });
    const wanted = `${path}/${variable.name}`.slice(0, 200);
    if (entry === undefined) throw fail(l10n.t('lacks the weights "{0}" of its network', wanted));
    const fits =
      entry.shape.length === variable.shape.length && entry.shape.every((size, d) => size === variable.shape[d]);
    if (!fits || !isFloatingPoint(entry.dtype)) {
      throw fail(
        l10n.t(
          'has weights "{0}" of the shape [{1}]; the network takes [{2}]',
          wanted,
          entry.shape.join(', '),
          variable.shape.join(', '),
        ),
      );
    }
    return entry;
  });
}

/** `forward` and `kernel` of `forward/kernel`. */
function partOf({ name }: LayerVariable): { readonly part: string; readonly rest: string } {
  const cut = name.indexOf('/');
  return { part: name.slice(0, Math.max(cut, 0)), rest: name.slice(cut + 1) };
}

/** By its name; by its number within its part of the layer, in files that number them. */
function find(name: string, number: number, own: readonly TensorEntry[]): TensorEntry | undefined {
  const names = new Set([name]);
  // Keras 3 has given it the name that other layers' kernels have.
  if (name === 'depthwise_kernel') names.add('kernel');
  const named = own.find((entry) => names.has(lastPart(entry.name)));
  if (named !== undefined) return named;
  const isNumbered = own.length > 0 && own.every((entry) => /^\d+$/.test(lastPart(entry.name)));
  return isNumbered ? own[number] : undefined;
}

/** The tensors of a part of a layer: of the scope `query`, or of `forward_lstm` for the part `forward`. */
function ofPart(part: string, own: readonly TensorEntry[]): readonly TensorEntry[] {
  const scopesOf = ({ name }: TensorEntry): string[] => name.split('/').slice(0, -1);
  const exactly = own.filter((entry) => scopesOf(entry).at(-1) === part);
  if (exactly.length > 0) return exactly;
  return own.filter((entry) => scopesOf(entry).some((scope) => scope.startsWith(`${part}_`)));
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/:0$/, '');
}
