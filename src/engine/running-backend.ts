import { startBackend } from '../network/tensorflow/backends';
import type { BackendChoice } from '../protocol/measurement';
import type { BackendFacts } from '../report/measurement';

/** Starts what was chosen; for all of the process, where it has not been started before. */
export class RunningBackend {
  private started: { readonly choice: BackendChoice; readonly facts: Promise<BackendFacts> } | undefined;

  /**
   * @param wasmFolder where the files of the wasm backend are
   * @param script the bundle that may run as further threads, each with the same backend; without it there are none
   */
  constructor(
    private readonly wasmFolder: string,
    readonly script?: string,
  ) {}

  start(choice: BackendChoice): Promise<BackendFacts> {
    if (this.started?.choice === choice) return this.started.facts;
    const { wasmFolder } = this;
    const facts = startBackend(choice === 'auto' ? { wasmFolder } : { wasmFolder, backends: [choice] });
    const started = { choice, facts };
    this.started = started;
    // What could not be started may be tried again.
    facts.catch(() => {
      if (this.started === started) this.started = undefined;
    });
    return facts;
  }
}
