import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CATALOG_GLOB,
  EXCLUDED_GLOB,
  isCatalogPath,
  isExcluded,
  MODEL_FOLDER_CLAUSE,
  MODEL_GLOB,
  MODEL_NAME_CLAUSE,
  modelNameCertainty,
  OFFERED_NAME,
} from '../../../src/catalog/model-names';

const MODELS = [
  'a.safetensors',
  'llama-3-8b.Q4_K_M.gguf',
  'a.pt',
  'a.pth',
  'a.ckpt',
  'a.pt2',
  'a.pdparams',
  'inference.pdiparams',
  'a.npz',
  'a.npy',
  'a.onnx',
  'best.pth.tar',
  'best.pt.tar',
  'model.safetensors.index.json',
  'model.safetensors.index.fp16.json',
  'pytorch_model.bin.index.json',
  'pytorch_model.bin',
  'diffusion_pytorch_model.bin',
  'pytorch_model-00001-of-00002.bin',
];
const AMBIGUOUS = ['weights.bin', 'model.json', 'face-weights_manifest.json', 'graph.pb', 'model.pkl', 'my_model.json'];
const NONE = [
  'README.md',
  'archive.tar',
  'safetensors',
  'a.safetensors.txt',
  'group1-shard1of3.bin',
  'face_model-shard1',
  'optimizer.pt',
  'optim.pt',
  'scheduler.pt',
  'rng_state_0.pth',
  'training_args.bin',
  'bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt',
];

interface Manifest {
  contributes: { menus: Record<string, { command: string; when?: string }[]> };
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as Manifest;
}

describe('modelNameCertainty', () => {
  it.each(MODELS)('%s is a model', (name) => {
    expect(modelNameCertainty(name)).toBe('model');
    expect(modelNameCertainty(name.toUpperCase())).toBe('model');
  });

  it.each([...AMBIGUOUS, 'package.json'])('%s has to be sniffed', (name) => {
    expect(modelNameCertainty(name)).toBe('ambiguous');
  });

  it.each(NONE)('%s is none', (name) => {
    expect(modelNameCertainty(name)).toBe('no');
  });
});

describe('the search', () => {
  it.each([...MODELS, ...AMBIGUOUS, 'group1-shard1of3.bin', 'face_model-shard1'])('finds %s', (name) => {
    expect(matchesGlob(name, CATALOG_GLOB)).toBe(true);
    expect(matchesGlob(`some/folder/${name}`, CATALOG_GLOB)).toBe(true);
    expect(isCatalogPath(name)).toBe(true);
  });

  it.each(['README.md', 'package.json', 'tsconfig.json', 'archive.tar', 'data.csv'])('leaves out %s', (name) => {
    expect(matchesGlob(name, CATALOG_GLOB)).toBe(false);
    expect(isCatalogPath(name)).toBe(false);
  });

  it('leaves out the folders of others', () => {
    for (const path of ['node_modules/a/model.json', 'x/.venv/lib/a.pt', '.git/objects/a.bin', 'x/a.zarr/w/0.0']) {
      expect(matchesGlob(path, EXCLUDED_GLOB), path).toBe(true);
      expect(isExcluded(path), path).toBe(true);
    }
    for (const path of ['a.pt', 'runs/my_node_modules/a.pt', 'x/a.zarr/.zgroup', 'a.zarr/zarr.json']) {
      expect(matchesGlob(path, EXCLUDED_GLOB), path).toBe(false);
      expect(isExcluded(path), path).toBe(false);
    }
  });
});

describe('what is offered by name', () => {
  it.each([...MODELS, 'model.json', 'face-weights_manifest.json'])('has %s', (name) => {
    expect(OFFERED_NAME.test(name)).toBe(true);
    expect(matchesGlob(name, MODEL_GLOB)).toBe(true);
  });

  it.each(['weights.bin', 'graph.pb', 'my_model.json', 'package.json', 'README.md'])('has no %s', (name) => {
    expect(OFFERED_NAME.test(name)).toBe(false);
    expect(matchesGlob(name, MODEL_GLOB)).toBe(false);
  });

  it('is the same in the menus of the manifest', () => {
    const clauses = Object.values(manifest().contributes.menus)
      .flat()
      .flatMap(({ when }) => (when?.includes('safetensors') === true ? [when] : []));
    expect(clauses.length).toBeGreaterThan(0);
    for (const clause of clauses) {
      expect(clause).toContain(MODEL_NAME_CLAUSE);
      expect(clause).not.toMatch(/(?<!!)explorerResourceIsFolder/);
      // And it names no models in a way of its own beside that.
      expect(clause.replace(MODEL_NAME_CLAUSE, '')).not.toMatch(/safetensors|=~/);
    }
  });

  it('is on folders in the explorer, and nowhere else, what the names and the search make models', () => {
    const { menus } = manifest().contributes;
    const ofFolders = (menus['explorer/context'] ?? []).filter(
      ({ when }) => when?.includes(MODEL_FOLDER_CLAUSE) === true,
    );
    expect(ofFolders.map(({ command }) => command)).toEqual([
      'prunability.analyze',
      'prunability.compare',
      'prunability.compareWith',
    ]);
    for (const { when } of ofFolders) expect(when).toContain('explorerResourceIsFolder && (');
    const clauses = Object.values(menus)
      .flat()
      .flatMap(({ when }) => (when?.includes('mlpackage') === true ? [when] : []));
    for (const clause of clauses) expect(clause.replace(MODEL_FOLDER_CLAUSE, '')).not.toMatch(/mlpackage|zarr/);
  });
});
