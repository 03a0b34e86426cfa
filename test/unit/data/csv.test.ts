import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CsvRows } from '../../../src/data/csv-rows';
import { readCsvTable } from '../../../src/data/csv-table';
import { readData } from '../../../src/data/read-data';
import type { DataSettings } from '../../../src/data/settings';
import type { LoadedData } from '../../../src/data/loaded-data';
import { CancelledError } from '../../../src/formats/errors';
import { BufferSource } from '../../../src/formats/source';
import { formatError } from '../formats/thrown';
import { folderWith, network } from './files';

async function read(text: string, settings: DataSettings = {}, outputs = 3): Promise<LoadedData> {
  const folder = folderWith({ 'data.csv': text });
  return await readData(path.join(folder, 'data.csv'), network([2], outputs), settings);
}

function numbersOf({ train }: LoadedData): { values: number[]; labels: number[] } {
  const { values, targets } = train.samples;
  return { values: [...values], labels: [...(targets.kind === 'classes' ? targets.labels : targets.values)] };
}

describe('tables', () => {
  it.each([
    ['commas and a header', 'a,b,label\n1,2,0\n3,4,1\n'],
    ['semicolons', 'a;b;label\n1;2;0\n3;4;1'],
    ['tabs', '1\t2\t0\n3\t4\t1\n'],
    ['quotes', '"a","b, ""c""","label"\n"1",2,"0"\n3,"4",1\n'],
    ['line ends of Windows', 'a,b,label\r\n1,2,0\r\n3,4,1\r\n'],
    ['line ends of old Macs', 'a,b,label\r1,2,0\r3,4,1\r'],
    ['a byte order mark, spaces and blank lines', '\uFEFFa, b, label\n\n1, 2 ,0\n 3,4, 1\n\n\n'],
    ['exponents and signs', '+1.0,2e0,0\n.3e1,40E-1,1\n'],
    ['the label in front, by name', 'label,a,b\n0,1,2\n1,3,4\n'],
    ['the label in the middle, by name', 'a,Class,b\n1,0,2\n3,1,4\n'],
    ['a column that numbers the rows', ',a,b,target\n0,1,2,0\n1,3,4,1\n'],
  ])('with %s', async (_, text) => {
    expect(numbersOf(await read(text))).toEqual({ values: [1, 2, 3, 4], labels: [0, 1] });
  });

  it('with classes that are text, numbered in the order of their characters', async () => {
    const data = await read('5.1,3.5,virginica\n4.9,3.0,setosa\n6,2,"versi ""c"""\n1,1,setosa\n');
    expect(data.classNames).toEqual(['setosa', 'versi "c"', 'virginica']);
    expect(numbersOf(data).labels).toEqual([2, 0, 1, 0]);
    expect(data.labelColumn).toBe(2);
    expect(numbersOf(data).values.slice(0, 2)).toEqual([Math.fround(5.1), 3.5]);
  });

  it('without a name for the labels: the column that looks like classes, which is said', async () => {
    const first = await read('1,14.23,1065\n2,12.37,520\n3,13.71,740\n1,13.2,1050\n');
    expect(numbersOf(first).labels).toEqual([1, 2, 3, 1]);
    expect(first.notes.join()).toContain('column 1');
    const last = await read('0,5,12,0\n0,9,3,1\n0,1,15,2\n');
    expect(numbersOf(last).labels).toEqual([0, 1, 2]);
    // Both ends are 0 and 1; the network tells three apart, so it is the one with three.
    const sided = await read('0,7,0\n1,7,1\n2,7,0\n', {}, 3);
    expect(numbersOf(sided).labels).toEqual([0, 1, 2]);
  });

  it('with the labels in the column that is asked for', async () => {
    expect(numbersOf(await read('a,b,c\n1,0,2\n3,1,4\n', { labelColumn: 'b' })).labels).toEqual([0, 1]);
    expect(numbersOf(await read('a,b,c\n1,0,2\n3,1,4\n', { labelColumn: 1 })).labels).toEqual([0, 1]);
    const detail = await formatError(read('a,b,c\n1,0,2\n3,1,4\n', { labelColumn: 'd' }));
    expect(detail.reason).toContain('"d"');
  });

  it('as scikit-learn keeps them, with counts and names of classes in the first line', async () => {
    const same = await read('3,2,ant\n1,2,0\n3,4,1\n5,6,2\n');
    expect(numbersOf(same)).toEqual({ values: [1, 2, 3, 4, 5, 6], labels: [0, 1, 2] });
    const longer = await read('2,2,ant,bee,cat\n1,2,0\n3,4,1\n');
    expect(numbersOf(longer)).toEqual({ values: [1, 2, 3, 4], labels: [0, 1] });
    expect(longer.notes.join()).toContain('scikit-learn');
    // Here the first line is a sample like the others.
    expect(numbersOf(await read('3,2,ant\n1,2,bee\n')).values).toEqual([3, 2, 1, 2]);
  });

  it('with numbers to be met', async () => {
    const { targets } = (await read('a,b,y\n1,2,0.5\n3,4,-1.5\n', {}, 1)).train.samples;
    expect(targets).toEqual({ kind: 'values', size: 1, values: Float32Array.of(0.5, -1.5) });
  });

  it('with samples for testing beside them', async () => {
    const folder = folderWith({
      'iris_train.csv': 'a,b,class\n1,2,x\n3,4,y\n',
      'iris_test.csv': 'a,b,class\n5,6,y\n',
    });
    for (const chosen of [folder, path.join(folder, 'iris_train.csv')]) {
      const { test } = await readData(chosen, network([2], 2), {});
      expect(test?.samples).toMatchObject({ count: 1, targets: { classes: 2, labels: Int32Array.of(1) } });
    }
  });

  it('for testing that have no labels are left out, which is said', async () => {
    const folder = folderWith({ 'train.csv': 'label,a,b\n0,2,3\n1,4,5\n', 'test.csv': 'a,b\n5,6\n' });
    const data = await readData(path.join(folder, 'train.csv'), network([2], 2), {});
    expect(data.test).toBeUndefined();
    expect(data.notes.join()).toContain('test.csv');
  });

  it('for testing with a class of their own are refused', async () => {
    const folder = folderWith({ 'train.csv': '1,2,x\n3,4,y\n', 'test.csv': '5,6,z\n' });
    const detail = await formatError(readData(path.join(folder, 'train.csv'), network([2], 2), {}));
    expect(detail).toMatchObject({ file: path.join(folder, 'test.csv') });
    expect(detail.reason).toContain('"z"');
  });

  it.each([
    ['nothing', '', 'empty'],
    ['blank lines', '\n\n\n', 'empty'],
    ['a header alone', 'a,b,label\n', 'no samples'],
    ['one column', '1\n2\n', 'one column'],
    ['rows of different lengths', '1,2,0\n3,4,1\n5,6\n', 'line 3: has 2 cells'],
    ['a missing number', 'a,b,label\n1,2,0\n3,,1\n', 'line 3: column b'],
    ['NaN', '1,2,0\nnan,4,1\n', 'line 2: column 1'],
    ['text among numbers', 'a,b,label\n1,2,0\n3,four,1\n', 'line 3: column b has the text "four"'],
    ['decimal commas', 'a;b;label\n1,5;2,5;0\n', 'line 2: column a has the text "1,5"'],
    ['an open quote', 'a,b,label\n1,2,"0\n3,4,1\n', 'line 2: has a quote'],
    ['text in both ends', 'x,1,a\ny,2,b\n', 'text "x"'],
  ])('are refused: %s', async (_, text, reason) => {
    const detail = await formatError(read(text));
    expect(detail.reason).toContain(reason);
  });

  it('count lines in quotes', async () => {
    const detail = await formatError(read('a,b,label\n1,2,"x\ny"\n3,4,z\n5,six,z\n'));
    expect(detail.reason).toContain('line 5');
  });

  it('stop when they are not wanted any more', async () => {
    const controller = new AbortController();
    const source = new BufferSource('/a.csv', Buffer.from('1,2\n'.repeat(20_000)));
    const work = readCsvTable(source, () => false, controller.signal);
    controller.abort();
    await expect(work).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('numbers in tables', () => {
  it('are those that JavaScript reads, to the last bit', () => {
    const texts = [
      '0',
      '-0',
      '12',
      '0.1',
      '-3.14159265358979',
      '123456789012345',
      '1234567890123456789',
      '0.1234567890123456789',
    ];
    texts.push('1e-3', '-2.5E+2', '1e400', '5.', '.5', '000000000000000000001', '9007199254740993', '1e22', '0.000001');
    for (let i = 0; i < 500; i++)
      texts.push(String(Math.sin(i) * 10 ** ((i % 30) - 10)), (Math.cos(i) * 100).toFixed(i % 9));
    const rows = new CsvRows(Buffer.from(texts.join(',')), 0x2c, '/a');
    expect(rows.next()).toBe(true);
    texts.forEach((text, index) => {
      expect(rows.number(index), text).toBe(Number(text));
    });
  });

  it.each([
    '',
    '-',
    '.',
    '+.',
    '1.2.3',
    '1e',
    'e5',
    '0x10',
    '1_000',
    '--1',
    '1 2',
    'Infinity',
    '1'.repeat(70),
    '1e99999',
  ])('are not %j', (text) => {
    const rows = new CsvRows(Buffer.from(`${text},1`), 0x2c, '/a');
    rows.next();
    expect(rows.number(0)).toBeUndefined();
  });
});
