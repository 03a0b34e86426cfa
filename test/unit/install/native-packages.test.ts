import { describe, expect, test } from 'vitest';
import { InstallError } from '../../../src/install/install-error';
import { nativePackage, TENSORFLOW_STORAGE } from '../../../src/install/native-packages';

const hosts = { registry: 'https://mirror.example/npm', storage: TENSORFLOW_STORAGE };

describe('WebGPU', () => {
  test.each([
    ['linux', 'x64', 'linux-x64'],
    ['linux', 'arm64', 'linux-arm64'],
    ['darwin', 'arm64', 'darwin-universal'],
    ['darwin', 'x64', 'darwin-universal'],
    ['win32', 'x64', 'win32-x64'],
    ['win32', 'arm64', 'win32-arm64'],
  ])('only the build for %s %s is kept', (platform, arch, build) => {
    const [archive, ...others] = nativePackage('webgpu', hosts, platform, arch).archives;
    expect(others).toEqual([]);
    expect(archive?.url).toBe('https://mirror.example/npm/webgpu/-/webgpu-0.6.2.tgz');
    expect(archive?.integrity).toMatch(/^sha512-/);
    expect(archive?.place(`package/dist/${build}/dawn.node`)).toBe(`dist/${build}/dawn.node`);
    expect(archive?.place('package/dist/other-x64/dawn.node')).toBeUndefined();
    expect(archive?.place('package/package.json')).toBe('package.json');
    expect(archive?.place('package/build/postinstall.js')).toBeUndefined();
  });

  test('is refused where there is no build', () => {
    expect(() => nativePackage('webgpu', hosts, 'linux', 'riscv64')).toThrow(InstallError);
  });
});

describe('TensorFlow', () => {
  test('is put together from the package, TensorFlow and what joins them', () => {
    const [kernels, library, addon] = nativePackage('tensorflow', hosts, 'linux', 'x64').archives;
    expect(kernels?.url).toBe('https://mirror.example/npm/@tensorflow/tfjs-node/-/tfjs-node-4.22.0.tgz');
    expect(kernels?.place('package/dist/kernels/Abs.js')).toBe('dist/kernels/Abs.js');
    expect(kernels?.place('package/dist/index_test.js')).toBeUndefined();
    expect(kernels?.place('package/scripts/install.js')).toBeUndefined();
    expect(library?.url).toMatch(/libtensorflow-cpu-linux-x86_64-2\.9\.1\.tar\.gz$/);
    expect(library?.integrity).toMatch(/^sha256-/);
    expect(library?.place('lib/libtensorflow.so.2')).toBe('deps/lib/libtensorflow.so.2');
    expect(library?.place('include/tensorflow/c/c_api.h')).toBeUndefined();
    expect(addon?.integrity).toBeUndefined();
    expect(addon?.place('napi-v8/tfjs_binding.node')).toBe('lib/napi-v8/tfjs_binding.node');
  });

  test.each(['win32-x64', 'darwin-arm64', 'linux-arm64'])('is refused on %s', (system) => {
    const [platform = '', arch = ''] = system.split('-');
    expect(() => nativePackage('tensorflow', hosts, platform, arch)).toThrow(InstallError);
  });
});

test('a registry that is no address is told', () => {
  const registry = 'file:///etc';
  expect(() => nativePackage('webgpu', { ...hosts, registry }, 'linux', 'x64')).toThrow(InstallError);
});
