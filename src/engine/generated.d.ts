/** The compiled SIMD kernel: made by the build from `src/sketch/assembly`. */
declare module 'generated:kernel' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
