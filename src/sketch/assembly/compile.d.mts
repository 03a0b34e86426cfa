/**
 * Compiles the sketch kernel to WebAssembly (SIMD, no imports, no runtime), under 8 KB, and also writes it to `outFile`
 * if that is given. @throws {Error} with the compiler's messages.
 */
export declare function compileKernel(outFile?: string): Promise<Uint8Array<ArrayBuffer>>;
