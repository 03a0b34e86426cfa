import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, matchesGlob } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelEntries } from '../../../src/catalog/entries';
import { isCertainMarker, mainFileRank, markerKind } from '../../../src/catalog/folder-markers';
import { MAIN_FILES } from '../../../src/catalog/main-files';
import { ModelFolders } from '../../../src/catalog/model-folders';
import { CATALOG_GLOB, isCatalogPath, isExcluded } from '../../../src/catalog/model-names';
import { findRuns } from '../../../src/catalog/runs';
import { mainFile } from '../../../src/formats/registry';
import { files } from './files';

const FIXTURES = join(import.meta.dirname, '../../fixtures');

/** Paths of what the search finds below a folder of fixtures, beginning with the folder's name. */
async function found(...below: string[]): Promise<string[]> {
  const root = join(FIXTURES, ...below);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(dirname(root).length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => matchesGlob(path, CATALOG_GLOB) && isCatalogPath(path) && !isExcluded(path));
}

describe('a model that is a folder', () => {
  it.each([
    ['coreml', 'float16.mlpackage'],
    ['tensorflow', 'saved_model'],
    ['orbax', 'ocdbt'],
    ['orbax', 'folders'],
    ['orbax', 'levels'],
    ['orbax', 'unmerged'],
    ['orbax', 'manager', '3'],
    ['orbax', 'v2.zarr'],
    ['orbax', 'v3.zarr'],
    ['pytorch', 'distributed'],
    ['pytorch', 'sharded'],
    ['pytorch', 'zero', 'stage2', 'global_step2'],
    ['pytorch', 'zero', 'frozen3', 'global_step2'],
  ])('is one entry: %s/%s', async (...below) => {
    const paths = await found(...below);
    const folder = below.at(-1) ?? '';
    const entries = modelEntries(files(...paths.map((path) => `in/${path}`)));
    expect(entries.map(({ path, label, isFolder }) => ({ path, label, isFolder }))).toEqual([
      { path: `in/${folder}`, label: `in/${folder}`, isFolder: true },
    ]);
    // And opens what the reader of folders takes.
    const { markers } = new ModelFolders(paths);
    expect([...markers]).toHaveLength(1);
    expect(join(FIXTURES, ...below, '..', ...(markers.get(folder) ?? '').split('/'))).toBe(
      await mainFile(join(FIXTURES, ...below)),
    );
  });

  it('has the size and the time of all that was found of it', () => {
    const [entry, ...others] = modelEntries(
      files('a.mlpackage/Manifest.json', 'a.mlpackage/Data/m/model.mlmodel'),
      files('-', '-', '-', '-', 'a.mlpackage/Data/m/weights/weight.bin').slice(4),
    );
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ path: 'a.mlpackage', size: 1 + 2 + 5, modified: 5, shards: undefined });
  });

  it('has the shares that ZeRO has cut up, and nothing else', () => {
    const entries = modelEntries(
      files(
        'run/global_step5/zero_pp_rank_0_mp_rank_00_model_states.pt',
        'run/global_step5/zero_pp_rank_1_mp_rank_00_model_states.pt',
        'run/global_step5/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt',
        'run/global_step5/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt',
        'run/global_step5/adapter.pt',
        'alone/zero_pp_rank_1_mp_rank_00_optim_states.pt',
      ),
    );
    expect(entries.map(({ path, size, isFolder }) => [path, size, isFolder])).toEqual([
      ['run/global_step5', 1 + 2 + 3 + 4, true],
      ['run/global_step5/adapter.pt', 5, false],
    ]);
    expect(isCatalogPath('a/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt')).toBe(true);
    expect(isCatalogPath('a/expp_rank_1_mp_rank_00_optim_states.pt')).toBe(false);
  });

  it('leaves the models beside and below a SavedModel what they are', () => {
    const entries = modelEntries(
      files(
        'bert/saved_model.pb',
        'bert/variables/variables.index',
        'bert/tf_model.h5',
        'bert/onnx/model.onnx',
        'bert/assets/vocabulary.npy',
      ),
    );
    expect(entries.map(({ path }) => path).sort()).toEqual(['bert', 'bert/onnx/model.onnx', 'bert/tf_model.h5']);
  });

  it('leaves models of other formats in a zarr group or an Orbax checkpoint, but no part of it', () => {
    const entries = modelEntries(files('run/zarr.json', 'run/w/zarr.json', 'run/best.pt', 'run/manifest.ocdbt'));
    expect(entries.map(({ path }) => path)).toEqual(['run', 'run/best.pt']);
  });

  it('is none where a better main file lies beside its own', () => {
    const entries = modelEntries(files('m/saved_model.pb', 'm/model.safetensors', 'm/variables/variables.index'));
    expect(entries.every(({ isFolder }) => !isFolder)).toBe(true);
    // Though that may be no model itself: the folder is opened by it all the same.
    const [other] = modelEntries(files('m/saved_model.pb'), files('m/model.json'));
    expect(other).toMatchObject({ path: 'm/saved_model.pb', isFolder: false });
  });

  it('is its main file where it is all that was searched', () => {
    const entries = modelEntries(files('.zgroup', 'w/weights.bin', '_METADATA'));
    expect(entries).toMatchObject([{ path: '_METADATA', label: '_METADATA', isFolder: false, size: 1 + 2 + 3 }]);
  });

  it('is a step of a run by its name', () => {
    const entries = modelEntries(
      files(
        'ckpt/100/_METADATA',
        'ckpt/20/_METADATA',
        'ckpt/20/d/weights.bin',
        's/step-5/.metadata',
        's/step-7/.metadata',
      ),
    );
    const { runs, rest } = findRuns(entries);
    expect(rest).toEqual([]);
    expect(runs.map(({ folder, label, steps }) => [folder, label, steps.map(({ entry }) => entry.path)])).toEqual([
      ['ckpt', '*', ['ckpt/20', 'ckpt/100']],
      ['s', 'step-*', ['s/step-5', 's/step-7']],
    ]);
  });

  it('is not listed without its main file', () => {
    expect(modelEntries(files('d/__0_0.distcp', 'e.mlpackage/Data/readme.txt'))).toEqual([]);
    expect(modelEntries(files('d/__0_0.distcp'), files('d/.metadata'))).toEqual([]);
  });
});

describe('the main file of a folder', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'prunability-folders-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const NAMES = ['Manifest.json', ...MAIN_FILES];

  it('is the one that the reader of folders takes, of any two', async () => {
    for (const folder of ['a.mlpackage', 'a.zarr', 'plain']) {
      for (const first of NAMES) {
        for (const second of NAMES.slice(NAMES.indexOf(first) + 1)) {
          if (first === 'Manifest.json' && folder !== 'a.mlpackage') continue;
          const path = join(root, folder);
          await mkdir(path);
          for (const name of [first, second]) await writeFile(join(path, name), '');
          const best = [first, second].sort(
            (a, b) => (mainFileRank(`${folder}/${a}`) ?? Infinity) - (mainFileRank(`${folder}/${b}`) ?? Infinity),
          )[0];
          expect(basename(await mainFile(path)), `${folder}: ${first}, ${second}`).toBe(best);
          await rm(path, { recursive: true });
        }
      }
    }
  });

  it('makes the folder a model only of the names that say so', () => {
    expect(markerKind('a.mlpackage/Manifest.json')).toBe('package');
    expect(markerKind('web/Manifest.json')).toBeUndefined();
    expect(markerKind('a.zarr/.zarray')).toBe('zarr');
    expect(markerKind('weights/.zarray')).toBeUndefined();
    expect(isCertainMarker('a.zarr/zarr.json')).toBe(true);
    expect(isCertainMarker('a/zarr.json')).toBe(false);
    expect(isCertainMarker('a/.metadata')).toBe(false);
    expect(isCertainMarker('a/saved_model.pb')).toBe(true);
  });
});
