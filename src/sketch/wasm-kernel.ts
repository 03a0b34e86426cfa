import type { Kernel } from './kernel';
import { MEMORY_BYTES } from './layout';

type KernelExports = Omit<Kernel, 'memory'> & { readonly memory: { readonly buffer: ArrayBuffer } };

/** The part of the WebAssembly interface that is used; Node's types leave it to the DOM's. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: KernelExports };
}

/**
 * A kernel from the bytes of the compiled module (`assembly/compile.mjs`), with memory of its own. Undefined if this
 * machine cannot run it (no SIMD, WebAssembly switched off): `createPlainKernel` gives the same results there.
 */
export function createWasmKernel(module: Uint8Array): Kernel | undefined {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyApi };
  if (WebAssembly?.validate(module) !== true) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  const { memory, binFloat32, countCodes16, countCodes8, compactBins, compactCodes16, powerSums, keepFinite } = exports;
  if (memory.buffer.byteLength !== MEMORY_BYTES) {
    throw new Error(`The kernel has ${String(memory.buffer.byteLength)} bytes of memory, not ${String(MEMORY_BYTES)}`);
  }
  return {
    memory: memory.buffer,
    binFloat32,
    countCodes16,
    countCodes8,
    compactBins,
    compactCodes16,
    powerSums,
    keepFinite,
  };
}
