import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/formats/errors';
import type { EngineMethods } from '../../../src/protocol/engine';
import { errorCodec } from '../../../src/protocol/error-codec';
import { RpcPeer, type NoMethods } from '../../../src/protocol/rpc';
import { fixture } from './analysis';

const root = join(import.meta.dirname, '../../..');
const GERMAN = join(root, 'l10n', 'bundle.l10n.de.json');

type Engine = RpcPeer<NoMethods, EngineMethods>;

let folder: string;
let empty: string;
/** Compressed data that only the thread that reads it finds damaged. */
let damaged: string;
const stops: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-'));
  empty = join(folder, 'empty.safetensors');
  await writeFile(empty, '');
  damaged = join(folder, 'damaged.pt');
  const name = 'floats/data/0';
  const bytes = await readFile(fixture('pytorch/deflated.pt'));
  // The data follow the name and the extra field; a block of type 3 is none.
  const start = bytes.indexOf(name);
  const data = start + name.length + bytes.readUInt16LE(start - 2);
  await writeFile(damaged, bytes.fill(0xff, data, data + 8));
});

afterAll(async () => {
  for (const stop of stops) stop();
  await rm(folder, { recursive: true });
});

/** Starts the engine as the extension host does; without a bundle, the variable is not set at all. */
function engine(bundle: string | undefined): Engine {
  const environment = { ...process.env };
  delete environment.PRUNABILITY_L10N;
  const child = fork(join(root, 'dist', 'engine.js'), [join(folder, 'results')], {
    serialization: 'advanced',
    execArgv: [],
    env: bundle === undefined ? environment : { ...environment, PRUNABILITY_L10N: bundle },
  });
  const peer: Engine = new RpcPeer(
    {
      post: (message) => {
        child.send(message as object);
      },
      onMessage: (listener) => {
        child.on('message', listener);
        return () => child.off('message', listener);
      },
    },
    {},
    errorCodec,
  );
  child.on('exit', () => {
    peer.dispose();
  });
  stops.push(() => child.kill());
  return peer;
}

/** What the engine says of an empty file, of a sample and its limit, and of a file that only a thread finds damaged. */
async function answers(
  peer: Engine,
): Promise<Record<'reason' | 'remedy' | 'verdict' | 'assumption' | 'thread', string>> {
  const description = await peer.call('describe', { path: empty, contentOnly: false });
  if (description.state !== 'unreadable') throw new Error('An empty file has been read');
  const report = await peer.call('analyze', { path: fixture('safetensors/fmnist.safetensors'), hash: false });
  const limit = report.limits.find(({ method }) => method === 'cosine-utopia-grid');
  const failure: unknown = await peer.call('analyze', { path: damaged, hash: false }).catch((error: unknown) => error);
  if (!(failure instanceof FormatError)) throw new Error('A damaged file has been read');
  return {
    reason: description.reason,
    remedy: description.remedy,
    verdict: limit?.verdict ?? '',
    assumption: limit?.assumptions[0] ?? '',
    thread: failure.detail.reason,
  };
}

const ENGLISH = {
  reason: 'is empty',
  remedy: 'Copy or download the file again.',
  verdict: expect.stringMatching(/^Pruning \d+ % keeps a cosine of 0\.\d{3}: the authors' best trade/) as string,
  assumption: 'The network has been trained: at initialisation the size of a weight says nothing about its use.',
  thread: expect.stringMatching(/^cannot be decompressed \(/) as string,
};

describe('the language of the engine', () => {
  it('is that of the bundle which the environment names, in its threads too', async () => {
    expect(await answers(engine(GERMAN))).toEqual({
      reason: 'ist leer',
      remedy: 'Die Datei erneut kopieren oder herunterladen.',
      verdict: expect.stringMatching(
        /^Werden \d+ % geprunt, bleibt ein Kosinus von 0\.\d{3}: nach den Autoren/,
      ) as string,
      assumption:
        'Das Netz ist trainiert: Im Initialisierungszustand sagt der Betrag eines Gewichts nichts über seinen Nutzen.',
      thread: expect.stringMatching(/^lässt sich nicht dekomprimieren \(/) as string,
    });
  });

  it('is English without a bundle', async () => {
    expect(await answers(engine(undefined))).toEqual(ENGLISH);
  });

  it.each([
    ['is not there', undefined],
    ['is cut off', '{ "is empty": "ist le'],
    ['is no object', '"is empty"'],
    ['has no texts as values', '{ "is empty": 7, "Copy or download the file again.": { "comment": [] } }'],
  ])('is English with a bundle that %s', async (name, content) => {
    const bundle = join(folder, `${name}.json`);
    if (content !== undefined) await writeFile(bundle, content);
    expect(await engine(bundle).call('describe', { path: empty, contentOnly: false })).toMatchObject({
      reason: ENGLISH.reason,
      remedy: ENGLISH.remedy,
    });
  });
});
