import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const sketchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
/** Pages of 64 KiB: MEMORY_BYTES in layout.ts. Minimum and maximum, so that the memory can never move. */
const PAGES = '29';

/**
 * Compiles the sketch kernel to WebAssembly (SIMD, no imports, no runtime).
 * @param {string} [outFile] where to write the module, besides returning it
 * @returns {Promise<Uint8Array>} the module, under 8 KB
 * @throws {Error} with the compiler's messages
 */
export async function compileKernel(outFile) {
  /** @type {Uint8Array | undefined} */
  let module;
  const { error, stderr } = await asc.main(
    [
      'assembly/kernel.ts',
      ...['--baseDir', sketchFolder, '--outFile', 'kernel.wasm'],
      ...['--enable', 'simd', '--runtime', 'stub', '--noAssert', '-O3', '--converge'],
      ...['--initialMemory', PAGES, '--maximumMemory', PAGES, '--memoryBase', '1900000'],
    ],
    {
      readFile: (name, baseDir) => readFile(join(baseDir, name), 'utf8').catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') module = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || module === undefined) throw error ?? new Error(stderr.toString());
  if (outFile !== undefined) await writeFile(outFile, module);
  return module;
}
