import { appendFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDataFile } from '../../../src/data/data-file';
import { guessData } from '../../../src/data/guess';
import { FormatError } from '../../../src/formats/errors';
import { formatError } from '../formats/thrown';
import { folderWith, idxBytes, network } from './files';

describe('a data file that is written while it is read', () => {
  const make = (): string => path.join(folderWith({ 'data.bin': 'abcd' }), 'data.bin');

  it.each<[string, (file: string) => void]>([
    [
      'grows',
      (file) => {
        appendFileSync(file, 'more');
      },
    ],
    [
      'has other content',
      (file) => {
        writeFileSync(file, 'efgh');
        utimesSync(file, 1, 1);
      },
    ],
  ])('is told if it %s', async (_, change) => {
    const file = make();
    const detail = await formatError(
      withDataFile(file, async (source) => {
        const bytes = await source.read(0, 4);
        change(file);
        return bytes;
      }),
    );
    expect(detail).toMatchObject({ file, reason: 'was changed while it was read' });
    expect(detail.remedy).toContain('try again');
  });

  it('is told in place of what it has led to, and nothing else is', async () => {
    const file = make();
    const wrong = new FormatError({ file, reason: 'has no end', remedy: 'None' });
    expect((await formatError(withDataFile(file, () => Promise.reject(wrong)))).reason).toBe('has no end');
    const torn = withDataFile(file, () => {
      appendFileSync(file, 'more');
      return Promise.reject(wrong);
    });
    expect((await formatError(torn)).reason).toBe('was changed while it was read');
  });

  it('is read as it was if another one takes its place', async () => {
    const file = make();
    const bytes = await withDataFile(file, async (source) => {
      writeFileSync(`${file}.new`, 'a longer one');
      renameSync(`${file}.new`, file);
      return await source.read(0, 4);
    });
    expect(Buffer.from(bytes).toString()).toBe('abcd');
  });
});

it('labels that the network has no classes for are told with file, sample, label and classes', async () => {
  const folder = folderWith({
    'images-idx3-ubyte': idxBytes([4, 2, 2], new Array(16).fill(1)),
    'labels-idx1-ubyte': idxBytes([4], [0, 9, 1, 12]),
  });
  const detail = await formatError(
    guessData(path.join(folder, 'images-idx3-ubyte'), network([2, 2, 1], 10, 'last'), {}),
  );
  expect(detail.file).toBe(path.join(folder, 'labels-idx1-ubyte'));
  expect(detail.reason).toBe(
    'has the label 12 (sample 3); the network tells 10 classes apart, the labels go from 0 to 12',
  );
});
