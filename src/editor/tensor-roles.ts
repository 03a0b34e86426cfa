import { workspace, type Disposable } from 'vscode';
import type { EngineSettings } from '../protocol/engine';

const SETTING = 'prunability.tensorRoles';

/** What the person has set for the engine. The engine checks it: anything may stand in a settings file. */
export function engineSettings(): EngineSettings {
  const roles = workspace.getConfiguration().get<unknown>(SETTING);
  const pairs = typeof roles === 'object' && roles !== null ? Object.entries(roles) : [];
  return {
    tensorRoles: pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  };
}

/** Calls back whenever the roles of tensors were set anew. */
export function onTensorRoles(changed: () => void): Disposable {
  return workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(SETTING)) changed();
  });
}
