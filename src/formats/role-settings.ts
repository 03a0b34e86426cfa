import { TENSOR_ROLES, type Checkpoint, type TensorRole } from './checkpoint';
import { roleByConvention } from './roles';

/** Which role tensors have whose name matches a pattern; the first match decides. */
export type RoleSettings = readonly (readonly [pattern: string, role: TensorRole])[];

/**
 * Reads what a person has written, as pairs of a pattern and a role. In patterns `*` stands for any characters, separators
 * included, and `?` for one.
 * @returns the settings, and what of them is not understood
 */
export function parseRoleSettings(pairs: Iterable<readonly [string, unknown]>): {
  readonly settings: RoleSettings;
  readonly wrong: readonly string[];
} {
  const settings: [string, TensorRole][] = [];
  const wrong: string[] = [];
  for (const [pattern, role] of pairs) {
    const known = TENSOR_ROLES.find((name) => name === role);
    if (known === undefined || pattern === '') wrong.push(pattern);
    else settings.push([pattern, known]);
  }
  return { settings, wrong };
}

/** The checkpoint with each tensor's role as the settings have it, and what has decided it. */
export function withRoles(checkpoint: Checkpoint, settings: RoleSettings): Checkpoint {
  const tensors = checkpoint.tensors.map((tensor) => {
    const setting = settings.find(([pattern]) => matches(tensor.name, pattern));
    if (setting !== undefined) return { ...tensor, role: setting[1], roleFrom: 'setting' as const };
    const { role, roleFrom } = roleByConvention(tensor.name, tensor.shape, tensor.dtype);
    return { ...tensor, roleFrom: tensor.role === role ? roleFrom : ('format' as const) };
  });
  return { ...checkpoint, tensors };
}

/**
 * Whether a name matches a pattern. In time proportional to the product of their lengths, whatever they are: a `*` gives
 * up characters one by one, and only the last one is tried again.
 */
export function matches(name: string, pattern: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern++;
      starAt = at;
    } else if (wanted === '?' || wanted === name[at]) {
      at++;
      inPattern++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
