import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CancelledError } from '../../../src/formats/errors';
import { InstallError } from '../../../src/install/install-error';
import { installPackage } from '../../../src/install/install-package';
import type { Archive } from '../../../src/install/native-packages';
import { tarGz } from './made-archives';

let folder = '';
let server: Server;
let answer: RequestListener;
const never = new AbortController().signal;
const silent = (): void => undefined;

const ARCHIVE = tarGz([
  { name: 'package/package.json', content: '{"name":"@some/native"}' },
  { name: 'package/dist/native.node', content: 'code' },
  { name: 'package/README.md', content: 'not wanted' },
]);

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'prunability-install-'));
  answer = (_, response) => response.end(ARCHIVE);
  server = createServer((request, response) => {
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function checksum(algorithm: string, bytes: Uint8Array): string {
  return `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`;
}

function install(
  archive: Partial<Archive> = {},
  signal = never,
  progress: (text: string) => void = silent,
): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const archives = [
    {
      url: `http://127.0.0.1:${port}/native-1.0.0.tgz`,
      integrity: checksum('sha512', ARCHIVE),
      maxBytes: 1e6,
      maxUnpackedBytes: 1e6,
      place: (entry: string) => (entry.endsWith('.md') ? undefined : entry.slice('package/'.length)),
      ...archive,
    },
  ];
  return installPackage({ name: '@some/native', version: '1.0.0', archives }, folder, progress, signal);
}

/** Neither a package nor anything that was begun. */
function nothingIsLeft(): boolean {
  return readdirSync(folder).length === 0;
}

test('a package is downloaded, checked and unpacked, and replaces the one before it', async () => {
  const target = path.join(folder, 'node_modules/@some/native');
  mkdirSync(target, { recursive: true });
  writeFileSync(path.join(target, 'old.js'), '');
  const heard: string[] = [];
  expect(await install({}, never, (text) => heard.push(text))).toBe(target);
  expect(readdirSync(target).sort()).toEqual(['dist', 'package.json']);
  expect(readFileSync(path.join(target, 'dist/native.node'), 'utf8')).toBe('code');
  expect(readdirSync(folder)).toEqual(['node_modules']);
  expect(heard[0]).toBe('native-1.0.0.tgz: 0 MB');
});

test('what is not what it should be is not unpacked, and the package before it stays', async () => {
  const target = path.join(folder, 'node_modules/@some/native');
  mkdirSync(target, { recursive: true });
  answer = (_, response) => response.end(tarGz([{ name: 'package/package.json', content: 'other' }]));
  await expect(install()).rejects.toThrow(/not what it should be/);
  expect(existsSync(target)).toBe(true);
  expect(readdirSync(folder)).toEqual(['node_modules']);
});

test('without a published checksum that of the host is checked, and there must be one', async () => {
  await expect(install({ integrity: undefined })).rejects.toThrow(/Nothing says/);
  const md5 = checksum('md5', ARCHIVE).slice('md5-'.length);
  answer = (_, response) => response.setHeader('x-goog-hash', ['crc32c=AAAAAA==', `md5=${md5}`]).end(ARCHIVE);
  expect(await install({ integrity: undefined })).toContain('native');
  answer = (_, response) => response.setHeader('x-goog-hash', `md5=${md5}`).end(ARCHIVE.subarray(1));
  await expect(install({ integrity: undefined })).rejects.toThrow(/not what it should be/);
});

test.each([true, false])('what is too large is given up, whether that is said before (%s) or not', async (said) => {
  answer = (_, response) => {
    if (said) response.setHeader('content-length', ARCHIVE.length);
    response.write(ARCHIVE.subarray(0, 100));
    response.end(ARCHIVE.subarray(100));
  };
  await expect(install({ maxBytes: 110 })).rejects.toThrow(/more than/);
  expect(nothingIsLeft()).toBe(true);
});

test('a host that is closed is named', async () => {
  await expect(install({ url: 'http://127.0.0.1:1/native.tgz' })).rejects.toThrow(
    /^127\.0\.0\.1:1 cannot be reached: .+/,
  );
  await expect(install({ url: 'http://host.invalid/native.tgz' })).rejects.toThrow(/^host\.invalid cannot be reached/);
  answer = (_, response) => response.writeHead(403).end();
  await expect(install()).rejects.toThrow(/status 403/);
  answer = (request) => request.socket.destroy();
  await expect(install()).rejects.toThrow(InstallError);
  expect(nothingIsLeft()).toBe(true);
});

test('an installation can be cancelled while it downloads, and leaves nothing', async () => {
  const cancelling = new AbortController();
  answer = (_, response) => {
    response.write(ARCHIVE.subarray(0, 100));
    setTimeout(() => {
      cancelling.abort();
    }, 20);
  };
  await expect(install({}, cancelling.signal)).rejects.toThrow(CancelledError);
  await expect(install({}, cancelling.signal)).rejects.toThrow(CancelledError);
  expect(nothingIsLeft()).toBe(true);
});

test('an entry that would lie outside is refused, and nothing is installed', async () => {
  const hostile = tarGz([{ name: 'package/../../../out', content: 'x' }]);
  answer = (_, response) => response.end(hostile);
  await expect(install({ integrity: checksum('sha512', hostile) })).rejects.toThrow(/outside/);
  expect(nothingIsLeft()).toBe(true);
});

test('what a window has left behind is removed, what another one does is not', async () => {
  const [old, recent] = ['.installing-old', '.installing-recent'].map((name) => path.join(folder, name));
  for (const path of [old!, recent!]) mkdirSync(path);
  utimesSync(old!, 0, 0);
  await install();
  expect(readdirSync(folder).sort()).toEqual(['.installing-recent', 'node_modules']);
});
