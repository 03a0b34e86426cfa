import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { l10n, type Disposable, type LogOutputChannel } from 'vscode';
import { childPort } from '../protocol/child-port';
import { errorCodec } from '../protocol/error-codec';
import {
  DisconnectedError,
  RpcPeer,
  type CallOptions,
  type MethodMap,
  type NoMethods,
  type Progress,
} from '../protocol/rpc';

/** After this time without work the process is stopped: starting it again takes a tenth of a second. */
const IDLE_STOP_MS = 60_000;

export interface ChildProgram {
  /** How the log calls it. */
  readonly name: string;
  readonly script: string;
  readonly arguments: readonly string[];
  /** Above this its heap is a leak: it dies with a message, and the editor keeps its memory. */
  readonly heapMegabytes: number;
  /** How its unexpected end is told (a signal or an exit code), where it is not the analysis that ends. */
  readonly ended?: (how: string) => string;
}

interface Running<M extends MethodMap<M>> {
  readonly process: ChildProcess;
  readonly peer: RpcPeer<NoMethods, M>;
}

/** A program of ours in a process of its own, as the extension host sees it: started by the first call, stopped when idle, replaced when it has died. */
export class ChildClient<M extends MethodMap<M>> implements Disposable {
  private running: Running<M> | undefined;
  private calls = 0;
  private outdated = false;
  private idle: NodeJS.Timeout | undefined;

  /** @param greet makes the calls that a process needs before all others */
  constructor(
    private readonly program: ChildProgram,
    private readonly log: LogOutputChannel,
    private readonly greet: (peer: RpcPeer<NoMethods, M>) => void = () => undefined,
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

  /** Greets the process, if there is one, again: what it was told does not hold any more. */
  protected greetAgain(): void {
    if (this.running !== undefined) this.greet(this.running.peer);
  }

  /** Makes a call; rejects with {@link DisconnectedError} if the process ends before it answers. */
  async call<K extends keyof M & string>(
    method: K,
    params: M[K]['params'],
    options: CallOptions<Progress<M[K]>> = {},
  ): Promise<M[K]['result']> {
    clearTimeout(this.idle);
    this.running ??= this.start();
    this.calls++;
    try {
      return await this.running.peer.call(method, params, options);
    } finally {
      this.calls--;
      if (this.calls === 0) this.rest();
    }
  }

  /** The next call gets a process of its own; those that are not answered yet keep theirs until they are. */
  renew(): void {
    if (this.calls === 0) this.stop();
    else this.outdated = true;
  }

  dispose(): void {
    clearTimeout(this.idle);
    this.stop();
  }

  private start(): Running<M> {
    const { name, script, heapMegabytes } = this.program;
    const child = fork(script, [...this.program.arguments], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${heapMegabytes}`],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', PRUNABILITY_L10N: l10n.uri?.fsPath ?? '' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.log.info(`${name} started (process ${child.pid ?? '?'})`);
    const peer = new RpcPeer<NoMethods, M>(childPort(child), {}, errorCodec);
    const running = { process: child, peer };
    this.greet(peer);
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
      this.log.info(`${name} ended (${how})`);
      gone(this.program.ended?.(how) ?? l10n.t('The analysis process ended unexpectedly ({0})', how));
    });
    return running;
  }

  private forward(stream: Readable | null, write: (line: string) => void): void {
    if (stream !== null) createInterface({ input: stream }).on('line', write);
  }

  private rest(): void {
    if (this.outdated) this.stop();
    else this.stopWhenIdle();
  }

  private stopWhenIdle(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      this.log.debug(`${this.program.name} idle: stopping it`);
      this.stop();
    }, IDLE_STOP_MS);
    this.idle.unref();
  }

  /** Stops the process, if there is one: the next call starts another. */
  stop(): void {
    const running = this.running;
    this.running = undefined;
    this.outdated = false;
    running?.peer.dispose();
    running?.process.kill();
  }
}
