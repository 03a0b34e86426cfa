import { openCheckpoint, type OpenedCheckpoint } from '../formats/registry';
import { withRoles, type RoleSettings } from '../formats/role-settings';

/** What the person has set, of this process: every model is read by it. */
let roles: RoleSettings = [];

/** From now on, tensors have these roles. */
export function useRoles(settings: RoleSettings): void {
  roles = settings;
}

/**
 * Opens a model file, or the model in a folder, and decides what each tensor is for.
 * @throws {FormatError} if it cannot be read, {@link CancelledError} if `signal` is raised
 */
export async function openModel(path: string, signal?: AbortSignal): Promise<OpenedCheckpoint> {
  const opened = await openCheckpoint(path, signal);
  return { ...opened, checkpoint: withRoles(opened.checkpoint, roles) };
}
