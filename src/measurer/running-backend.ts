import { startBackend } from '../network/tensorflow/backends';
import type { BackendChoice, MeasureRequest } from '../protocol/measurement';
import type { BackendFacts } from '../report/measurement';
import { packageTrial } from './package-trial';

/** Starts what was chosen; for all of the process, where it has not been started before. */
export class RunningBackend {
  private started: { readonly key: string; readonly facts: Promise<BackendFacts> } | undefined;

  /**
   * @param wasmFolder where the files of the wasm backend are
   * @param script the bundle that may run as further threads, each with the same backend, and as a process that tries native code;
   * without it there are none
   */
  constructor(
    private readonly wasmFolder: string,
    readonly script?: string,
  ) {}

  /** @param places where packages with native code may be; without them only what comes with the extension is tried */
  start(choice: BackendChoice, places: MeasureRequest['places'] = []): Promise<BackendFacts> {
    const key = JSON.stringify([choice, places]);
    if (this.started?.key === key) return this.started.facts;
    const { wasmFolder } = this;
    // Whoever wants WebGPU and nothing else wants it on an emulated graphics card, too.
    const chosen = choice === 'auto' ? {} : { backends: [choice], emulated: true };
    const tryFirst = this.script === undefined ? {} : { tryFirst: packageTrial(this.script) };
    const facts = startBackend({ wasmFolder, places, ...tryFirst, ...chosen });
    const started = { key, facts };
    this.started = started;
    // What could not be started may be tried again.
    facts.catch(() => {
      if (this.started === started) this.started = undefined;
    });
    return facts;
  }
}
