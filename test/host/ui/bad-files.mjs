/** Files that strangers may send, made by hand: broken, lying or meant to do harm. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { safetensors, tensorsNamed } from './safetensors-files.mjs';

/**
 * A zip of stored entries, as PyTorch writes them.
 * @param {Record<string, Buffer>} entries
 * @returns {Buffer}
 */
function zip(entries) {
  /** @type {Buffer[]} */
  const locals = [];
  /** @type {Buffer[]} */
  const central = [];
  let offset = 0;
  for (const [name, data] of Object.entries(entries)) {
    const path = Buffer.from(name);
    // Version 2.0, no flags, stored, no date; then checksum, sizes, length of the name, no extra field.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    locals.push(Buffer.from('PK\x03\x04', 'latin1'), common, path, data);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, path);
    offset += 30 + path.length + data.length;
  }
  const directory = Buffer.concat(central);
  const count = Object.keys(entries).length;
  const end = Buffer.alloc(18);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

/**
 * What `pickle.load` would hand to a shell.
 * @param {string} command
 * @returns {Buffer} protocol 2: GLOBAL posix.system, BINUNICODE command, TUPLE1, REDUCE, STOP
 */
function pickleThatRuns(command) {
  const text = Buffer.from(command);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from('\x80\x02cposix\nsystem\nX', 'latin1'),
    length,
    text,
    Buffer.from('\x85R.', 'latin1'),
  ]);
}

/** Names that would be elements, code or links if they were taken for HTML. */
export const HTML_NAMES = [
  '<img src=x onerror="document.title=1">',
  '<script>document.title=1</script>',
  '<b id="injected">bold</b>',
  '${7*7}{{7*7}}&lt;',
];

/** The file that the pickle's command would make. @param {string} folder @returns {string} */
export function proofFile(folder) {
  return join(folder, 'the-pickle-has-run');
}

/**
 * Writes the files into a folder that has `fashion-mnist/epoch3.safetensors`.
 * @param {string} folder
 * @returns {Promise<void>}
 */
export async function writeBadFiles(folder) {
  const whole = await readFile(join(folder, 'fashion-mnist', 'epoch3.safetensors'));
  const huge = Buffer.alloc(64);
  huge.writeBigUInt64LE(2n ** 60n);
  huge.write('{"w"', 8);
  const files = {
    'truncated.safetensors': whole.subarray(0, 20_000),
    'endless-header.safetensors': huge,
    'pointer.safetensors': Buffer.from(
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 548105171\n`,
    ),
    'runs-code.pt': zip({
      'archive/data.pkl': pickleThatRuns(`touch '${proofFile(folder)}'`),
      'archive/version': Buffer.from('3\n'),
      'archive/data/0': Buffer.alloc(64),
    }),
    'empty.safetensors': Buffer.alloc(0),
    'no-weights.safetensors': safetensors(
      { step: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
      new Uint8Array(8),
    ),
    'html-names.safetensors': tensorsNamed(HTML_NAMES),
  };
  await Promise.all(Object.entries(files).map(([name, bytes]) => writeFile(join(folder, name), bytes)));
}
