import * as l10n from '@vscode/l10n';
import { InstallError } from './install-error';

/** What can be installed. */
export type NativePackageId = 'webgpu' | 'tensorflow';

/** A gzipped tar archive, and what is kept of it. */
export interface Archive {
  readonly url: string;
  /** Checksum as of Subresource Integrity; undefined where nobody has published one, and the host's own is checked. */
  readonly integrity: string | undefined;
  /** At most so much is downloaded: what the file has, and a little more. */
  readonly maxBytes: number;
  readonly maxUnpackedBytes: number;
  /** Where in the package's folder an entry goes; undefined if it is left out. */
  readonly place: (entry: string) => string | undefined;
}

export interface InstallablePackage {
  readonly name: string;
  readonly version: string;
  readonly archives: readonly Archive[];
}

/** Where the packages are from; other hosts only for tests. */
export interface Hosts {
  /** Of npm packages. */
  readonly registry: string;
  /** Of TensorFlow itself, and of the code that joins it to Node. */
  readonly storage: string;
}

export const TENSORFLOW_STORAGE = 'https://storage.googleapis.com';

const MB = 1e6;

/**
 * What is downloaded for a package on a platform.
 * @param platform as in `process.platform`
 * @param arch as in `process.arch`
 * @throws {InstallError} where there is no build of it
 */
export function nativePackage(id: NativePackageId, hosts: Hosts, platform: string, arch: string): InstallablePackage {
  return id === 'webgpu' ? dawn(hosts, platform, arch) : tensorflow(hosts, platform, arch);
}

/** Platforms of Dawn's builds in the package. */
const DAWN_PLATFORMS = ['darwin-universal', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];

function dawn({ registry }: Hosts, platform: string, arch: string): InstallablePackage {
  const build = `${platform}-${platform === 'darwin' ? 'universal' : arch}`;
  if (!DAWN_PLATFORMS.includes(build)) throw unavailable('WebGPU', `${platform}-${arch}`);
  return {
    name: 'webgpu',
    version: '0.6.2',
    archives: [
      {
        url: urlIn(registry, 'webgpu/-/webgpu-0.6.2.tgz'),
        // As the registry has it.
        integrity: 'sha512-3L4GfmqJLvYUIEWJngEQY+2HQiUlAFkg8+P8NDDj3Xx5hHHIFO/r8JW+ynfqBj7kHN4mbnwO74uB+lrRtLhp4Q==',
        maxBytes: 60 * MB,
        maxUnpackedBytes: 200 * MB,
        place: (entry) => {
          const path = withoutFirst(entry);
          const kept = path.startsWith(`dist/${build}/`) || ['package.json', 'index.js', 'LICENSE.md'].includes(path);
          return kept ? path : undefined;
        },
      },
    ],
  };
}

/** Builds of TensorFlow 2.9.1, which tfjs-node 4.22.0 is made for; the checksums are those that Bazel rules and Nixpkgs have for them. */
const TENSORFLOW_BUILDS: Readonly<Record<string, { readonly name: string; readonly sha256: string }>> = {
  'linux-x64': { name: 'linux', sha256: 'f1ENJUbj214QsdEZRjaJAD1YeEKJKtPJW8pRz4KCAXM=' },
  'darwin-x64': { name: 'darwin', sha256: 'Vvg9MyC6D2mqr9bAWGReG3+8dfuaP8Nta+mN4SkcoiY=' },
};

function tensorflow({ registry, storage }: Hosts, platform: string, arch: string): InstallablePackage {
  const build = TENSORFLOW_BUILDS[`${platform}-${arch}`];
  if (build === undefined) throw unavailable('TensorFlow', `${platform}-${arch}`);
  const { name, sha256 } = build;
  return {
    name: '@tensorflow/tfjs-node',
    version: '4.22.0',
    archives: [
      {
        url: urlIn(registry, '@tensorflow/tfjs-node/-/tfjs-node-4.22.0.tgz'),
        // As the registry has it.
        integrity: 'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
        maxBytes: 5 * MB,
        maxUnpackedBytes: 40 * MB,
        place: (entry) => {
          const path = withoutFirst(entry);
          return path === 'package.json' || /^dist\/.*(?<!_test)\.js$/.test(path) ? path : undefined;
        },
      },
      {
        url: urlIn(storage, `tensorflow/libtensorflow/libtensorflow-cpu-${name}-x86_64-2.9.1.tar.gz`),
        integrity: `sha256-${sha256}`,
        maxBytes: 300 * MB,
        maxUnpackedBytes: 1_500 * MB,
        place: (entry) =>
          entry.startsWith('lib/') || ['LICENSE', 'THIRD_PARTY_TF_C_LICENSES'].includes(entry)
            ? `deps/${entry}`
            : undefined,
      },
      {
        url: urlIn(storage, `tf-builds/pre-built-binary/napi-v8/4.22.0/CPU-${name}-4.22.0.tar.gz`),
        integrity: undefined,
        maxBytes: 20 * MB,
        maxUnpackedBytes: 60 * MB,
        place: (entry) => (withoutFirst(entry) === 'tfjs_binding.node' ? 'lib/napi-v8/tfjs_binding.node' : undefined),
      },
    ],
  };
}

/** @throws {InstallError} if the host is no URL */
function urlIn(host: string, path: string): string {
  if (!/^https?:\/\//.test(host) || !URL.canParse(host)) {
    throw new InstallError(l10n.t('Not the address of a registry: {0}', host));
  }
  // Names in a folder are resolved against its URL, which ends in a slash.
  return new URL(path, host.endsWith('/') ? host : `${host}/`).href;
}

function withoutFirst(entry: string): string {
  return entry.slice(entry.indexOf('/') + 1);
}

function unavailable(what: string, platform: string): InstallError {
  return new InstallError(l10n.t('There is no build of {0} for {1} that can be downloaded.', what, platform));
}
