import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { l10n, type Disposable, type LogOutputChannel } from 'vscode';
import { errorCodec } from '../protocol/error-codec';
import type { EngineMethods, EngineSettings } from '../protocol/engine';
import { DisconnectedError, RpcPeer, type CallOptions, type NoMethods, type Progress } from '../protocol/rpc';

/** The process reads by ranges and keeps compact sketches; above this its heap is a leak, and the editor's memory matters more. */
const ENGINE_HEAP_MB = 192;

/** After this time without work the process is stopped: starting it again takes a tenth of a second. */
const IDLE_STOP_MS = 60_000;

interface Running {
  readonly process: ChildProcess;
  readonly peer: RpcPeer<NoMethods, EngineMethods>;
}

/** The engine as the extension host sees it: started by the first call, stopped when idle, replaced when it has died. */
export class EngineClient implements Disposable {
  private running: Running | undefined;
  private calls = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly script: string,
    /** Folder where the engine keeps results. */
    private readonly cacheFolder: string,
    private readonly settings: () => EngineSettings,
    private readonly log: LogOutputChannel,
  ) {}

  /** Identifier of the process, while there is one. */
  get pid(): number | undefined {
    return this.running?.process.pid;
  }

  /** Starts the process, which takes a tenth of a second, for a call that will come. */
  warmUp(): void {
    this.running ??= this.start();
    if (this.calls === 0) this.stopWhenIdle();
  }

  /** Tells the process, if there is one, what the settings are now. */
  settingsChanged(): void {
    if (this.running !== undefined) this.configure(this.running);
  }

  /** Makes a call; rejects with {@link DisconnectedError} if the process ends before it answers. */
  async call<K extends keyof EngineMethods>(
    method: K,
    params: EngineMethods[K]['params'],
    options: CallOptions<Progress<EngineMethods[K]>> = {},
  ): Promise<EngineMethods[K]['result']> {
    clearTimeout(this.idle);
    this.running ??= this.start();
    this.calls++;
    try {
      return await this.running.peer.call(method, params, options);
    } finally {
      this.calls--;
      if (this.calls === 0) this.stopWhenIdle();
    }
  }

  dispose(): void {
    clearTimeout(this.idle);
    this.stop();
  }

  private start(): Running {
    const child = fork(this.script, [this.cacheFolder], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${ENGINE_HEAP_MB}`],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', PRUNABILITY_L10N: l10n.uri?.fsPath ?? '' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.log.info(`Engine started (process ${child.pid ?? '?'})`);
    const peer = new RpcPeer<NoMethods, EngineMethods>(
      {
        post: (message) => {
          // A process that is just dying has closed its channel; its exit ends the open calls.
          if (child.connected) child.send(message as object);
        },
        onMessage: (listener) => {
          child.on('message', listener);
          return () => child.off('message', listener);
        },
      },
      {},
      errorCodec,
    );
    const running = { process: child, peer };
    this.configure(running);
    this.forward(child.stdout, (line) => {
      this.log.info(line);
    });
    this.forward(child.stderr, (line) => {
      this.log.error(line);
    });
    const gone = (reason: string): void => {
      peer.dispose(new DisconnectedError(reason));
      if (this.running === running) this.running = undefined;
    };
    child.on('error', (error) => {
      this.log.error(error);
      gone(l10n.t('The analysis process could not be started: {0}', error.message));
    });
    child.on('exit', (code, signal) => {
      const how = signal ?? l10n.t('exit code {0}', code ?? '?');
      this.log.info(`Engine ended (${how})`);
      gone(l10n.t('The analysis process ended unexpectedly ({0})', how));
    });
    return running;
  }

  /** Calls are answered in their order: those after this one know the settings. */
  private configure({ peer }: Running): void {
    peer.call('configure', this.settings()).catch((error: unknown) => {
      if (!(error instanceof DisconnectedError)) this.log.error(error as Error);
    });
  }

  private forward(stream: Readable | null, write: (line: string) => void): void {
    if (stream !== null) createInterface({ input: stream }).on('line', write);
  }

  private stopWhenIdle(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      this.log.debug('Engine idle: stopping it');
      this.stop();
    }, IDLE_STOP_MS);
    this.idle.unref();
  }

  private stop(): void {
    const running = this.running;
    this.running = undefined;
    running?.peer.dispose();
    running?.process.kill();
  }
}
