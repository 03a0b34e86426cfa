import { describe, expect, it } from 'vitest';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import { errorCodec } from '../../../src/protocol/error-codec';
import {
  DisconnectedError,
  RemoteError,
  RpcPeer,
  type Handlers,
  type NoMethods,
  type Port,
} from '../../../src/protocol/rpc';

interface Maths {
  readonly double: { readonly params: number; readonly result: number };
  readonly countTo: { readonly params: number; readonly result: string; readonly progress: number };
  readonly forever: { readonly params: null; readonly result: null };
  readonly fail: { readonly params: 'format' | 'bug'; readonly result: null };
}

/** Two ports joined back to back; messages are cloned, as a process or a webview would. */
function joined(): [Port, Port, unknown[]] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const traffic: unknown[] = [];
  const port = (own: number, other: number): Port => ({
    post: (message) => {
      traffic.push(message);
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => {
        for (const listener of listeners[other] ?? []) listener(copy);
      });
    },
    onMessage: (listener) => {
      listeners[own]?.push(listener);
      return () => {
        listeners[own] = (listeners[own] ?? []).filter((known) => known !== listener);
      };
    },
  });
  return [port(0, 1), port(1, 0), traffic];
}

const handlers: Handlers<Maths> = {
  double: (value) => 2 * value,
  countTo: (last, { report }) => {
    for (let value = 1; value <= last; value++) report(value);
    return 'done';
  },
  forever: (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new CancelledError());
      });
    }),
  fail: (how) => {
    if (how === 'bug') throw new TypeError('undefined is not a function');
    throw new FormatError({ file: '/m.pt', reason: 'is cut off', offset: 12, remedy: 'Copy it again.' });
  },
};

function peers(): { client: RpcPeer<NoMethods, Maths>; server: RpcPeer<Maths, NoMethods>; traffic: unknown[] } {
  const [a, b, traffic] = joined();
  return {
    client: new RpcPeer<NoMethods, Maths>(a, {}, errorCodec),
    server: new RpcPeer<Maths, NoMethods>(b, handlers, errorCodec),
    traffic,
  };
}

describe('RpcPeer', () => {
  it('answers calls, each with its own result', async () => {
    const { client } = peers();
    await expect(Promise.all([client.call('double', 2), client.call('double', 21)])).resolves.toEqual([4, 42]);
  });

  it('reports progress in order, before the result', async () => {
    const { client } = peers();
    const seen: number[] = [];
    const result = await client.call('countTo', 3, { onProgress: (value) => seen.push(value) });
    expect(result).toBe('done');
    expect(seen).toEqual([1, 2, 3]);
  });

  it('brings foreseen errors over as themselves, with their data', async () => {
    const { client } = peers();
    const error: unknown = await client.call('fail', 'format').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).detail).toEqual({
      file: '/m.pt',
      reason: 'is cut off',
      offset: 12,
      remedy: 'Copy it again.',
    });
    expect((error as FormatError).message).toBe('/m.pt: is cut off (byte 12)');
  });

  it('brings other errors over with the stack of the other side', async () => {
    const { client } = peers();
    const error: unknown = await client.call('fail', 'bug').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemoteError);
    expect((error as RemoteError).remote.name).toBe('TypeError');
    expect((error as RemoteError).remote.stack).toContain('rpc.test');
  });

  it('refuses a call that the other side does not have, also inherited ones', async () => {
    const { client } = peers();
    const call = client.call.bind(client) as unknown as (method: string, params: null) => Promise<unknown>;
    await expect(call('toString', null)).rejects.toThrow('No such call: toString');
    await expect(call('__proto__', null)).rejects.toThrow('No such call: __proto__');
  });

  it('cancels on the other side', async () => {
    const { client } = peers();
    const controller = new AbortController();
    const call = client.call('forever', null, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
  });

  it('cancels a call whose signal was raised before', async () => {
    const { client } = peers();
    await expect(client.call('forever', null, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
  });

  it('rejects what is open, and every later call, when it is disposed', async () => {
    const { client } = peers();
    const call = client.call('forever', null);
    client.dispose(new DisconnectedError('the process died'));
    await expect(call).rejects.toThrow('the process died');
    await expect(client.call('double', 1)).rejects.toBeInstanceOf(DisconnectedError);
  });

  it('raises the signal of the calls it runs when it is disposed, and says nothing more', async () => {
    const [a, b, traffic] = joined();
    const client = new RpcPeer<NoMethods, Maths>(a, {}, errorCodec);
    let aborted = false;
    const forever: Handlers<Maths>['forever'] = (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve(null);
        });
      });
    const server = new RpcPeer<Maths, NoMethods>(b, { ...handlers, forever }, errorCodec);
    void client.call('forever', null);
    await new Promise((resolve) => setTimeout(resolve, 5));
    server.dispose();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(aborted).toBe(true);
    expect(traffic).toHaveLength(1);
  });

  it('notifies without an answer', async () => {
    const { client, traffic } = peers();
    client.notify('double', 3);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(traffic).toEqual([{ kind: 'notify', method: 'double', params: 3 }]);
  });
});
