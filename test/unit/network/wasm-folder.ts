import { join } from 'node:path';

/** Where the package has its .wasm files. */
export const WASM_FOLDER = join(import.meta.dirname, '../../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out');
