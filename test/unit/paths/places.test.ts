import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placesOf, type PathContext } from '../../../src/paths/places';

const POSIX: PathContext = {
  rules: posix,
  home: '/home/ada',
  folder: '/projects/repo/src/train',
  roots: ['/projects/repo', '/projects/data'],
};
const WINDOWS: PathContext = {
  rules: win32,
  home: 'C:\\Users\\Ada',
  folder: 'D:\\repo\\src',
  roots: ['D:\\repo'],
};

describe('the places that a path may mean', () => {
  it('are for a relative one its folder, those above it in the workspace, and the other roots', () => {
    expect(placesOf('runs/best.pt', POSIX)).toEqual([
      '/projects/repo/src/train/runs/best.pt',
      '/projects/repo/src/runs/best.pt',
      '/projects/repo/runs/best.pt',
      '/projects/data/runs/best.pt',
    ]);
  });

  it('do not go above a folder that is in no workspace', () => {
    expect(placesOf('a.pt', { ...POSIX, folder: '/tmp/x/y' })).toEqual([
      '/tmp/x/y/a.pt',
      '/projects/repo/a.pt',
      '/projects/data/a.pt',
    ]);
  });

  it('are the roots alone for a document that has no folder', () => {
    expect(placesOf('a.pt', { ...POSIX, folder: undefined })).toEqual(['/projects/repo/a.pt', '/projects/data/a.pt']);
    expect(placesOf('a.pt', { ...POSIX, folder: undefined, roots: [] })).toEqual([]);
  });

  it('are named once each', () => {
    expect(placesOf('/a.pt', POSIX)).toEqual(['/a.pt']);
    expect(placesOf('../a.pt', { ...POSIX, folder: '/projects/repo', roots: ['/projects/repo'] })).toEqual([
      '/projects/a.pt',
    ]);
  });

  it('are few, however deep the document is', () => {
    const folder = `/projects/repo${'/d'.repeat(500)}`;
    const places = placesOf('a.pt', { ...POSIX, folder });
    expect(places).toHaveLength(32);
    expect(places[0]).toBe(`${folder}/a.pt`);
  });

  it.each([
    ['/abs/best.pt', ['/abs/best.pt']],
    ['/abs/../best.pt', ['/best.pt']],
    ['~/best.pt', ['/home/ada/best.pt']],
    ['~', ['/home/ada']],
    ['$HOME/best.pt', ['/home/ada/best.pt']],
    ['${HOME}/best.pt', ['/home/ada/best.pt']],
    ['${userHome}/best.pt', ['/home/ada/best.pt']],
    ['file:///abs/my%20best.pt', ['/abs/my best.pt', '/abs/my%20best.pt']],
    ['file://localhost/abs/best.pt', ['/abs/best.pt']],
    ['file:/abs/best.pt', ['/abs/best.pt']],
    ['FILE:///abs/100%.pt', ['/abs/100%.pt']],
    ['file:///abs/a%00b.pt', ['/abs/a%00b.pt']],
  ])('of %s', (text, places) => {
    expect(placesOf(text, POSIX)).toEqual(places);
  });

  it.each([
    ['~ada/best.pt', '~ada/best.pt'],
    ['${workspaceFolder}/best.pt', 'best.pt'],
    ['file://./model/model.json', 'model/model.json'],
    ['file://model/model.json', 'model/model.json'],
  ])('of %s are relative', (text, relative) => {
    expect(placesOf(text, POSIX)).toContain(`/projects/repo/${relative}`);
  });

  it('take the separators of Windows for what they are meant, but also for what they are', () => {
    const places = placesOf('runs\\best.pt', POSIX);
    expect(places).toContain('/projects/repo/runs/best.pt');
    expect(places).toContain('/projects/repo/runs\\best.pt');
    expect(placesOf('C:\\runs\\best.pt', POSIX)).toEqual([]);
    expect(placesOf('C:/runs/best.pt', POSIX)).toEqual([]);
  });

  it('are on Windows those of Windows', () => {
    expect(placesOf('runs/best.pt', WINDOWS)).toEqual(['D:\\repo\\src\\runs\\best.pt', 'D:\\repo\\runs\\best.pt']);
    expect(placesOf('..\\best.pt', WINDOWS)).toEqual(['D:\\repo\\best.pt', 'D:\\best.pt']);
    expect(placesOf('C:\\runs\\best.pt', WINDOWS)).toEqual(['C:\\runs\\best.pt']);
    expect(placesOf('\\runs\\best.pt', WINDOWS)).toEqual(['D:\\runs\\best.pt']);
    expect(placesOf('~\\best.pt', WINDOWS)).toEqual(['C:\\Users\\Ada\\best.pt']);
    expect(placesOf('file:///C:/my%20runs/best.pt', WINDOWS)).toContain('C:\\my runs\\best.pt');
  });

  it('are never the share of another machine that a text names: looking there means logging on', () => {
    for (const text of [
      '\\\\evil\\share\\best.pt',
      '//evil/share/best.pt',
      '\\/evil/share/best.pt',
      '\\\\?\\UNC\\evil\\share\\best.pt',
      '\\\\.\\pipe\\best.pt',
      'file:////evil/share/best.pt',
      'file://%5C%5Cevil/share/best.pt',
      'file:///%5Cevil/share/best.pt',
    ]) {
      expect(placesOf(text, WINDOWS).filter((place) => !/^[A-Z]:\\/.test(place))).toEqual([]);
    }
    // What is open already may be on one.
    const share = { ...WINDOWS, folder: '\\\\server\\share\\repo', roots: [] };
    expect(placesOf('best.pt', share)).toEqual(['\\\\server\\share\\repo\\best.pt']);
  });

  it('are none for what can be no path', () => {
    for (const text of [
      '',
      '   ',
      'a\0.pt',
      'a\nb.pt',
      'x'.repeat(1025),
      'https://example.org/best.pt',
      's3://bucket/best.pt',
      'hf://user/model/best.pt',
      'data:text/plain,best.pt',
      'mailto:best@example.org',
    ]) {
      expect(placesOf(text, POSIX)).toEqual([]);
      expect(placesOf(text, WINDOWS)).toEqual([]);
    }
  });
});
