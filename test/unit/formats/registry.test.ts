import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/formats/errors';
import { openCheckpoint, READERS } from '../../../src/formats/registry';
import { FIXTURES } from './stored-values';
import { formatError, HANG_MS } from './thrown';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'registry-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function copy(fixture: string, name: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(path.join(FIXTURES, fixture), file);
  return file;
}

async function formatOf(file: string): Promise<string> {
  const opened = await openCheckpoint(file);
  await opened.close();
  return opened.checkpoint.format;
}

describe('openCheckpoint', () => {
  it.each([
    ['safetensors/fmnist.safetensors', 'safetensors'],
    ['safetensors/sharded.safetensors.index.json', 'safetensors'],
    ['npz/fmnist.npz', 'npz'],
    ['npz/fmnist_compressed.npz', 'npz'],
    ['npz/fc1.npy', 'npy'],
    ['tfjs/model.json', 'tfjs'],
    ['hdf5/user_block.h5', 'hdf5'],
    ['keras/keras2.h5', 'keras'],
    ['keras/bfloat16.keras', 'keras'],
    ['keras/sharded.weights.json', 'keras'],
  ])('opens %s', async (fixture, format) => {
    expect(await formatOf(path.join(FIXTURES, fixture))).toBe(format);
  });

  it('goes by the content, not by the name', async () => {
    expect(await formatOf(copy('safetensors/fmnist.safetensors', 'a.bin'))).toBe('safetensors');
    expect(await formatOf(copy('npz/fmnist.npz', 'b.pt'))).toBe('npz');
    expect(await formatOf(copy('npz/fc1.npy', 'c'))).toBe('npy');
  });

  it('tells the file that it has opened', async () => {
    const opened = await openCheckpoint(path.relative(process.cwd(), path.join(FIXTURES, 'npz/fc1.npy')));
    expect(opened.file).toBe(path.join(FIXTURES, 'npz/fc1.npy'));
    await opened.close();
  });

  it('stops when it is cancelled', async () => {
    const file = path.join(FIXTURES, 'npz/fc1.npy');
    await expect(openCheckpoint(file, AbortSignal.abort())).rejects.toBeInstanceOf(CancelledError);
  });

  it('has a distinct id for each reader', () => {
    expect(new Set(READERS.map(({ id }) => id)).size).toBe(READERS.length);
  });
});

describe('what is no model', () => {
  const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 4976698672\n`;
  const tar = Buffer.alloc(1024);
  tar.write('model.pt');
  tar.write('ustar', 257);

  it.each([
    ['lfs.safetensors', lfs, 'Git LFS pointer, not the file itself, which has 4976698672 bytes', 'git lfs pull'],
    ['lfs.pt', lfs, 'Git LFS pointer', 'git lfs pull'],
    ['lfs.json', lfs, 'Git LFS pointer', 'git lfs pull'],
    ['empty.pt', '', 'is empty', 'again'],
    ['page.safetensors', '<!DOCTYPE html><html>', 'web page', 'access token'],
    ['page.bin', '\n <HTML>', 'web page', 'access token'],
    ['denied.npz', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'web page', 'Download'],
    ['entry.safetensors', 'Entry not found', 'error message of a failed download', 'Download'],
    ['model.tar.gz', gzipSync('x'), 'gzip', 'Unpack'],
    ['model.7z', Buffer.from("7z\xbc\xaf'\x1c....", 'latin1'), '7z', 'Unpack'],
    ['model.tar', tar, 'tar archive', 'Unpack'],
    ['a.onnx', '\x08\x07\x12\x07pytorch\x1a\x051.13', 'bytes where', 'again'],
    ['b.onnx', 'anything', 'ONNX', 'again'],
    ['model.ort', '\x18\0\0\0ORTM', 'ONNX Runtime', '.onnx'],
    ['a.onnx_data', '\0\0\0\0', 'not their names', '.onnx'],
    ['saved_model.pb', 'anything', 'cut off', 'again'],
    ['graph.pbtxt', 'node {', 'TensorFlow graph as text', 'convert'],
    ['module.mlirbc', Buffer.from('ML\xefR', 'latin1'), 'MLIR', 'convert'],
    ['notes.txt', 'hello', 'no format', 'safetensors'],
    ['files.zip', 'PK\x03\x04' + '\0'.repeat(26) + 'readme.md', 'zip file without a model', 'safetensors'],
    ['config.json', '{"architectures":["GPT2"]}', 'without a "weightsManifest"', 'model.json'],
    ['package.json', '[1, 2]', 'should be an object', 'again'],
    ['evil.safetensors', Buffer.alloc(64, 0xff), 'claims a header', 'again'],
    ['none.safetensors', Buffer.from('\x02\0\0\0\0\0\0\0{}', 'latin1'), 'holds no weights', 'weights'],
    ['none.npz', Buffer.from('PK\x05\x06' + '\0'.repeat(18), 'latin1'), 'no weights', 'weights'],
    ['tiny.pt', 'x', '', ''],
  ])('says what %s is', async (name, content, reason, remedy) => {
    const file = write(name, content);
    const start = performance.now();
    const detail = await formatError(openCheckpoint(file));
    expect(performance.now() - start).toBeLessThan(HANG_MS);
    expect(detail.file).toBe(file);
    expect(detail.reason).toContain(reason);
    expect(detail.remedy).toContain(remedy);
  });

  it('says which file to open instead of a shard', async () => {
    copy('tfjs/model.json', 'web/model.json');
    const shard = copy('tfjs/group1-shard1of2.bin', 'web/group1-shard1of2.bin');
    const detail = await formatError(openCheckpoint(shard));
    expect(detail.remedy).toBe(`Open ${path.join(folder, 'web/model.json')} instead.`);
  });

  it('says so if a shard is a pointer', async () => {
    copy('safetensors/sharded.safetensors.index.json', 'lfs/m.safetensors.index.json');
    copy('safetensors/sharded-00001-of-00002.safetensors', 'lfs/sharded-00001-of-00002.safetensors');
    const pointer = write('lfs/sharded-00002-of-00002.safetensors', lfs);
    const detail = await formatError(openCheckpoint(path.join(folder, 'lfs/m.safetensors.index.json')));
    expect(detail).toMatchObject({ file: pointer, remedy: 'Run `git lfs pull` in its repository.' });
    copy('tfjs/model.json', 'lfs/model.json');
    copy('tfjs/group1-shard1of2.bin', 'lfs/group1-shard1of2.bin');
    const shard = write('lfs/group1-shard2of2.bin', lfs);
    expect((await formatError(openCheckpoint(path.join(folder, 'lfs/model.json')))).file).toBe(shard);
  });

  it('says that a file is not there, or no file', async () => {
    expect((await formatError(openCheckpoint(path.join(folder, 'gone.pt')))).reason).toBe('does not exist');
    if (process.platform === 'win32') return;
    const pipe = path.join(folder, 'pipe.pt');
    execFileSync('mkfifo', [pipe]);
    expect((await formatError(openCheckpoint(pipe))).reason).toBe('is not a regular file');
  });
});

describe('folders', () => {
  it('opens the model of a folder, the index before its shards', async () => {
    copy('safetensors/fmnist.safetensors', 'hub/model.safetensors');
    write('hub/config.json', '{}');
    write('hub/optimizer.pt', 'x');
    const opened = await openCheckpoint(path.join(folder, 'hub'));
    expect(opened.file).toBe(path.join(folder, 'hub/model.safetensors'));
    await opened.close();
    for (const name of ['sharded-00001-of-00002.safetensors', 'sharded-00002-of-00002.safetensors']) {
      copy(`safetensors/${name}`, `shards/${name}`);
    }
    copy('safetensors/sharded.safetensors.index.json', 'shards/model.safetensors.index.json');
    const sharded = await openCheckpoint(path.join(folder, 'shards'));
    expect(sharded.checkpoint.formatLabel).toBe('safetensors, 2 shards');
    await sharded.close();
  });

  it('opens the only model of a folder, and asks if there are several', async () => {
    copy('npz/fc1.npy', 'one/weights.npy');
    write('one/tokenizer.json', '{}');
    expect(await formatOf(path.join(folder, 'one'))).toBe('npy');
    copy('npz/fc1.npy', 'two/a.npy');
    copy('npz/fc1.npy', 'two/b.npy');
    write('two/notes.txt', 'not only arrays');
    const several = await formatError(openCheckpoint(path.join(folder, 'two')));
    expect(several.reason).toBe('is a folder with several models (a.npy, b.npy, …)');
    mkdirSync(path.join(folder, 'none'));
    expect((await formatError(openCheckpoint(path.join(folder, 'none')))).reason).toBe('is a folder without a model');
  });
});
