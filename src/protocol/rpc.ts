/** Anything that carries messages both ways in order: a child process, a worker thread, a webview. */
export interface Port {
  post(message: unknown): void;
  /** Calls `listener` for every message; returns a function that stops it. */
  onMessage(listener: (message: unknown) => void): () => void;
}

/** The calls that one side answers: parameters, result, and what it reports on the way. */
export type MethodMap<M> = { [K in keyof M]: { params: unknown; result: unknown; progress?: unknown } };

/** A side that answers no calls. */
export type NoMethods = object;

/** What a method reports on the way. */
export type Progress<T> = T extends { progress: infer P } ? P : never;

export interface CallOptions<P> {
  /** Raising it cancels the call on the other side; the promise rejects with what that side answers. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: P) => void) | undefined;
}

/** What a handler gets beside its parameters. */
export interface CallContext<P> {
  readonly signal: AbortSignal;
  readonly report: (progress: P) => void;
}

export type Handlers<M extends MethodMap<M>> = {
  [K in keyof M]: (
    params: M[K]['params'],
    context: CallContext<Progress<M[K]>>,
  ) => M[K]['result'] | Promise<M[K]['result']>;
};

/** An error as it travels: its class by name, and its own data. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly detail?: unknown;
}

/** The other side is gone: every open call ends with this. */
export class DisconnectedError extends Error {
  override readonly name = 'DisconnectedError';
}

/** The other side failed with something it does not count as a foreseen error. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly remote: WireError;

  constructor(remote: WireError) {
    super(remote.message);
    this.remote = remote;
  }
}

/** Turns errors into {@link WireError}s and back, so that `instanceof` holds on both sides for the classes it knows. */
export interface ErrorCodec {
  encode(error: unknown): WireError;
  decode(error: WireError): Error;
}

type Message =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notify'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError };

interface OpenCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: never) => void) | undefined;
  readonly forgetSignal: () => void;
}

/**
 * One end of a typed conversation: answers the calls of `Local` with `handlers`, and makes the calls of `Remote`.
 * Handlers' errors travel back; a raised signal travels over; disposal rejects what is open and stops what runs here.
 */
export class RpcPeer<Local extends MethodMap<Local>, Remote extends MethodMap<Remote>> {
  private readonly open = new Map<number, OpenCall>();
  private readonly running = new Map<number, AbortController>();
  private readonly stopListening: () => void;
  private nextId = 1;
  private gone: Error | undefined;

  constructor(
    private readonly port: Port,
    private readonly handlers: Handlers<Local>,
    private readonly errors: ErrorCodec,
  ) {
    this.stopListening = port.onMessage((message) => {
      this.receive(message as Message);
    });
  }

  call<K extends keyof Remote & string>(
    method: K,
    params: Remote[K]['params'],
    options: CallOptions<Progress<Remote[K]>> = {},
  ): Promise<Remote[K]['result']> {
    if (this.gone !== undefined) return Promise.reject(this.gone);
    const id = this.nextId++;
    const { signal, onProgress } = options;
    return new Promise<unknown>((resolve, reject) => {
      const cancel = (): void => {
        this.send({ kind: 'cancel', id });
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const forgetSignal = (): void => {
        signal?.removeEventListener('abort', cancel);
      };
      this.open.set(id, { resolve, reject, onProgress, forgetSignal });
      this.send({ kind: 'call', id, method, params });
      if (signal?.aborted === true) cancel();
    });
  }

  /** Makes a call that nobody answers: for a side that may not be there, as a hidden webview is not. */
  notify<K extends keyof Remote & string>(method: K, params: Remote[K]['params']): void {
    this.send({ kind: 'notify', method, params });
  }

  /** Ends the conversation from this side. Open calls reject with `reason`; handlers that run get their signal raised. */
  dispose(reason: Error = new DisconnectedError('The connection was closed')): void {
    if (this.gone !== undefined) return;
    this.gone = reason;
    this.stopListening();
    for (const call of this.open.values()) {
      call.forgetSignal();
      call.reject(reason);
    }
    this.open.clear();
    for (const controller of this.running.values()) controller.abort();
    this.running.clear();
  }

  private send(message: Message): void {
    if (this.gone === undefined) this.port.post(message);
  }

  private receive(message: Message): void {
    switch (message.kind) {
      case 'call':
        void this.answer(message.id, message.method, message.params);
        return;
      case 'notify':
        void this.handle(message.method, message.params, {
          signal: new AbortController().signal,
          report: () => undefined,
        });
        return;
      case 'cancel':
        this.running.get(message.id)?.abort();
        return;
      case 'progress':
        this.open.get(message.id)?.onProgress?.(message.progress as never);
        return;
      case 'result':
        this.close(message.id)?.resolve(message.result);
        return;
      case 'error':
        this.close(message.id)?.reject(this.errors.decode(message.error));
    }
  }

  private close(id: number): OpenCall | undefined {
    const call = this.open.get(id);
    this.open.delete(id);
    call?.forgetSignal();
    return call;
  }

  private async answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.running.set(id, controller);
    try {
      const result = await this.handle(method, params, {
        signal: controller.signal,
        report: (progress: unknown) => {
          this.send({ kind: 'progress', id, progress });
        },
      });
      this.send({ kind: 'result', id, result });
    } catch (error) {
      this.send({ kind: 'error', id, error: this.errors.encode(error) });
    } finally {
      this.running.delete(id);
    }
  }

  private async handle(method: string, params: unknown, context: CallContext<unknown>): Promise<unknown> {
    if (!Object.hasOwn(this.handlers, method)) throw new Error(`No such call: ${method}`);
    return this.handlers[method as keyof Local](params, context);
  }
}
