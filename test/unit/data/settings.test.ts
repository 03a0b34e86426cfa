import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { readSettings, settingsPath, writeSettings } from '../../../src/data/settings-file';
import { formatError } from '../formats/thrown';
import { folderWith } from './files';

function settingsFile(text?: string): string {
  return settingsPath(path.join(folderWith(text === undefined ? {} : { '.prunability.json': text }), 'model.onnx'));
}

const schema = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../../src/data/prunability-json.schema.json'), 'utf8'),
) as object;
const isValid = new Ajv({ strict: true }).compile(schema);

/** A file with every key there is. */
const FULL = {
  $schema: 'https://example.org/schema.json',
  data: '../data/train.csv',
  test: 'test.csv',
  labels: '/data/labels.bin',
  testLabels: 'more.bin',
  kind: 'csv',
  labelColumn: 'species',
  firstLabel: 1,
  layout: 'channels-first',
  imageSize: [32, 48],
  raw: { shape: [28, 28], type: 'uint8' },
  normalization: { scale: 0.5, mean: 1, std: [2, 3] },
  loss: 'softmax-cross-entropy',
  batch: 128,
  seed: 0,
  samples: 1000,
  somethingElse: { 1: 2 },
};

describe('.prunability.json', () => {
  it('sets nothing if it is not there', async () => {
    expect(await readSettings(settingsFile())).toEqual({});
  });

  it('is read, with paths from its folder', async () => {
    const file = settingsFile(JSON.stringify(FULL));
    const folder = path.dirname(file);
    expect(await readSettings(file)).toEqual({
      data: path.resolve(folder, '../data/train.csv'),
      test: path.join(folder, 'test.csv'),
      labels: path.resolve('/data/labels.bin'),
      testLabels: path.join(folder, 'more.bin'),
      kind: 'csv',
      labelColumn: 'species',
      firstLabel: 1,
      layout: 'first',
      imageSize: [32, 48],
      raw: { shape: [28, 28], type: 'uint8', labelType: 'uint8', labelSize: 1 },
      normalisation: { scale: 0.5, mean: [1], std: [2, 3] },
      loss: 'softmax-cross-entropy',
      batch: 128,
      seed: 0,
      samples: 1000,
    });
  });

  it.each([
    ['no JSON', '{\n  "data": "x",\n  oh\n}', 'line 3'],
    ['cut off', '{\n"data": "x"', 'line 2'],
    ['a list', '[]', 'line 1'],
    ['a key twice', '{"data": "a",\n "data": "b"}', 'line 2'],
    ['something behind', '{}\n{}', 'line 2'],
    ['a path that is a number', '{\n "data": 5}', 'line 2: "data"'],
    ['an empty path', '{"data": ""}', '"data"'],
    ['an unknown kind', '{"kind": "hdf5"}', '"idx", "npz"'],
    ['half a batch', '{"batch": 0.5}', '"batch" has to be a whole number'],
    ['no batch', '{"batch": 0}', '"batch"'],
    ['a negative seed', '{"seed": -1}', '"seed"'],
    ['a column that is a list', '{"labelColumn": [1]}', '"labelColumn"'],
    ['an unknown loss', '{"loss": "hinge"}', '"loss"'],
    ['one side of an image', '{"imageSize": [32]}', '"imageSize" has to be height and width'],
    ['a huge image', '{"imageSize": [32, 1e9]}', '"imageSize"'],
    ['a raw file without a shape', '{"raw": {"type": "uint8"}}', '"raw.shape"'],
    ['a raw file of nothing', '{"raw": {"shape": [0], "type": "uint8"}}', '"raw.shape"'],
    ['a raw file that is a text', '{"raw": "x"}', '"raw" has to be an object'],
    ['a deviation of zero', '{"normalization": {"std": [1, 0]}}', '"normalization.std" has to be above 0'],
    ['no mean', '{"normalization": {"mean": []}}', '"normalization.mean"'],
    ['an infinite scale', '{"normalization": {"scale": 1e999}}', '"normalization.scale"'],
    ['a layout of another spelling', '{"layout": "NCHW"}', '"channels-last", "channels-first"'],
  ])('is refused: %s', async (_, text, reason) => {
    const file = settingsFile(text);
    const detail = await formatError(readSettings(file));
    expect(detail.file).toBe(file);
    expect(detail.reason).toContain(reason);
    // What is JSON at all is refused by the schema of editors too.
    const value = parsed(text);
    if (value !== undefined) expect(isValid(value)).toBe(false);
  });

  it('has a schema that knows each of its keys', () => {
    expect(isValid(FULL), JSON.stringify(isValid.errors)).toBe(true);
    const known = Object.keys(FULL).filter((key) => key !== 'somethingElse');
    const { properties } = schema as { properties: object };
    expect(Object.keys(properties).sort()).toEqual(known.sort());
  });

  it('is written with paths that are readable, and keeps what it does not know', async () => {
    const file = settingsFile('{"other": {"b": 1, "a": [2]}, "seed": 5, "batch": 3, "__proto__": 7}');
    const folder = path.dirname(file);
    await writeSettings(file, {
      data: path.join(folder, 'sets', 'digits.npz'),
      test: path.resolve(folder, '..', 'test.npz'),
      layout: 'last',
      normalisation: { scale: 1 / 16, mean: [0], std: [1] },
      seed: 6,
      batch: undefined,
    });
    const text = readFileSync(file, 'utf8');
    expect(JSON.parse(text)).toEqual(
      JSON.parse(
        '{"other": {"b": 1, "a": [2]}, "seed": 6, "__proto__": 7, "data": "sets/digits.npz", "test": "../test.npz",' +
          '"layout": "channels-last", "normalization": {"scale": 0.0625, "mean": [0], "std": [1]}}',
      ),
    );
    expect(text.indexOf('"other"')).toBeLessThan(text.indexOf('"seed"'));
    expect(readdirSync(folder)).toEqual(['.prunability.json']);
    expect(await readSettings(file)).toMatchObject({ data: path.join(folder, 'sets', 'digits.npz'), seed: 6 });
  });

  it('reads what it has written, and writes the same again', async () => {
    const file = settingsFile();
    const folder = path.dirname(file);
    await writeSettings(file, { data: folder, kind: 'images', imageSize: [8, 9], labelColumn: 3 });
    const first = readFileSync(file, 'utf8');
    const settings = await readSettings(file);
    expect(settings).toEqual({ data: folder, kind: 'images', imageSize: [8, 9], labelColumn: 3 });
    await writeSettings(file, settings);
    expect(readFileSync(file, 'utf8')).toBe(first);
  });

  it('is not overwritten where it is malformed', async () => {
    const file = settingsFile('{oh');
    await formatError(writeSettings(file, { seed: 1 }));
    expect(readFileSync(file, 'utf8')).toBe('{oh');
    const detail = await formatError(writeSettings(path.join(file, 'no-folder'), { seed: 1 }));
    expect(detail.reason).not.toBe('');
  });

  it('is refused if it is no settings file by its size', async () => {
    const file = settingsFile('{}');
    writeFileSync(file, ' '.repeat(5_000_000));
    expect((await formatError(readSettings(file))).reason).toContain('5000000 bytes');
  });
});

/** The value of a JSON text; undefined if it is none, or if JSON.parse makes something else of it than is written there. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return /1e999|"data": "b"/.test(text) ? undefined : value;
  } catch {
    return undefined;
  }
}
