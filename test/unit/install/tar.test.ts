import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InstallError } from '../../../src/install/install-error';
import { unpack } from '../../../src/install/tar';
import { tarGz, type Entry } from './made-archives';

let folder = '';
const { signal } = new AbortController();

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'prunability-tar-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function unpacked(bytes: Uint8Array, maxBytes = 1e6): Promise<string> {
  const archive = path.join(folder, 'archive.tgz');
  writeFileSync(archive, bytes);
  const into = path.join(folder, 'made');
  await unpack(
    { archive, folder: into, maxBytes, place: (entry) => (entry.endsWith('.md') ? undefined : entry) },
    signal,
  );
  return into;
}

test('files and links that are wanted, and no others', async () => {
  const into = await unpacked(
    tarGz([
      { name: './lib/', type: '5' },
      { name: './lib/a.so.1', content: 'x'.repeat(700) },
      { name: 'lib/a.so', type: '2', link: 'a.so.1' },
      { name: 'README.md', content: 'no' },
      { name: 'empty' },
    ]),
  );
  expect(readdirSync(into).sort()).toEqual(['empty', 'lib']);
  expect(readFileSync(path.join(into, 'lib/a.so'), 'utf8')).toBe('x'.repeat(700));
  expect(readlinkSync(path.join(into, 'lib/a.so'))).toBe('a.so.1');
});

test.each(['gnu', 'pax', 'ustar'])('what tar itself writes, with a long name: %s', async (format) => {
  const name = `${'long-folder-name/'.repeat(7)}file-with-a-name-of-its-own.js`;
  const source = path.join(folder, 'source');
  const file = path.join(source, name);
  spawnSync('mkdir', ['-p', path.dirname(file)]);
  writeFileSync(file, 'content');
  const { status, stdout } = spawnSync('tar', [`--format=${format}`, '-cz', '-C', source, '.']);
  expect(status).toBe(0);
  expect(readFileSync(path.join(await unpacked(stdout), name), 'utf8')).toBe('content');
});

test.each<[string, Entry]>([
  ['a name that goes up', { name: 'a/../../out', content: 'x' }],
  ['a name from the root', { name: '/tmp/out', content: 'x' }],
  ['a name of Windows', { name: 'C:\\out', content: 'x' }],
  ['an entry that is not even wanted', { name: '../out.md', content: 'x' }],
  ['a link that goes up', { name: 'link', type: '2', link: '../out' }],
  ['a link to the root', { name: 'link', type: '2', link: '/etc/passwd' }],
])('%s is refused', async (_, entry) => {
  await expect(unpacked(tarGz([entry]))).rejects.toThrow(/outside/);
});

test('a link cannot be written through', async () => {
  const archive = tarGz([
    { name: 'a', content: 'first' },
    { name: 'link', type: '2', link: 'a' },
    { name: 'link', content: 'second' },
  ]);
  await expect(unpacked(archive)).rejects.toThrow(/EEXIST/);
});

test.each<[string, () => Uint8Array]>([
  ['no gzip', () => Buffer.from('not an archive')],
  ['cut short', () => tarGz([{ name: 'a', content: 'x'.repeat(5000) }]).subarray(0, 40)],
  ['without its end', () => gzipSync(Buffer.alloc(100))],
  ['a wrong checksum', () => gzipSync(Buffer.alloc(1024, 65))],
])('%s is told', async (_, bytes) => {
  await expect(unpacked(bytes())).rejects.toThrow(InstallError);
});

test('what unpacks to too much is given up', async () => {
  await expect(unpacked(tarGz([{ name: 'zeros', content: new Uint8Array(3e6) }]))).rejects.toThrow(/more than 1 MB/);
});
