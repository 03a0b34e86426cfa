import type { LogOutputChannel } from 'vscode';
import type { EngineMethods, EngineSettings } from '../protocol/engine';
import { DisconnectedError } from '../protocol/rpc';
import { ChildClient } from './child-client';

/** The process reads by ranges and keeps compact sketches. */
const ENGINE_HEAP_MB = 192;

/** The process that reads models. */
export class EngineClient extends ChildClient<EngineMethods> {
  /**
   * @param cacheFolder where the engine keeps results
   * @param settings as they are now; the process is told when it starts
   */
  constructor(script: string, cacheFolder: string, settings: () => EngineSettings, log: LogOutputChannel) {
    super({ name: 'Engine', script, arguments: [cacheFolder], heapMegabytes: ENGINE_HEAP_MB }, log, (peer) => {
      // Calls are answered in their order: those after this one know the settings.
      peer.call('configure', settings()).catch((error: unknown) => {
        if (!(error instanceof DisconnectedError)) log.error(error as Error);
      });
    });
  }

  /** Tells the process, if there is one, what the settings are now. */
  settingsChanged(): void {
    this.greetAgain();
  }
}
