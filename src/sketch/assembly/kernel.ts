// The inner loops of `Kernel` (../kernel.ts) in AssemblyScript. `../plain-kernel.ts` is the same arithmetic in
// TypeScript: keep the two in step, a test compares their results bit for bit.
import {
  COMPACT_CODES_OFFSET,
  COMPACT_COUNTS_OFFSET,
  COMPACT_LOW_SUMS_OFFSET,
  EXTREMES_OFFSET,
  INFINITIES_OFFSET,
  SCRATCH_OFFSET,
  SUMS_OFFSET,
  TABLE_OFFSET,
} from '../layout';

function bin(pattern: u32): void {
  // (pattern >>> 16) × 8 bytes a word.
  const word: usize = (pattern >>> 13) & 0x7fff8;
  store<u64>(word, load<u64>(word, TABLE_OFFSET) + ((1 << 40) | ((<u64>pattern) & 0xffff)), TABLE_OFFSET);
}

export function binFloat32(offset: usize, count: usize): void {
  const end = offset + (count << 2);
  const unrolledEnd = offset + ((count & ~3) << 2);
  for (; offset < unrolledEnd; offset += 16) {
    const a = load<u64>(offset);
    const b = load<u64>(offset, 8);
    bin(<u32>a);
    bin(<u32>(a >> 32));
    bin(<u32>b);
    bin(<u32>(b >> 32));
  }
  for (; offset < end; offset += 4) bin(load<u32>(offset));
}

function count16(code: u32): void {
  const word: usize = code << 2;
  store<u32>(word, load<u32>(word, TABLE_OFFSET) + 1, TABLE_OFFSET);
}

export function countCodes16(offset: usize, count: usize): void {
  const end = offset + (count << 1);
  const unrolledEnd = offset + ((count & ~7) << 1);
  for (; offset < unrolledEnd; offset += 16) {
    const a = load<u64>(offset);
    const b = load<u64>(offset, 8);
    count16((<u32>a) & 0xffff);
    count16((<u32>a) >>> 16);
    count16((<u32>(a >> 32)) & 0xffff);
    count16(<u32>(a >> 48));
    count16((<u32>b) & 0xffff);
    count16((<u32>b) >>> 16);
    count16((<u32>(b >> 32)) & 0xffff);
    count16(<u32>(b >> 48));
  }
  for (; offset < end; offset += 2) count16(load<u16>(offset));
}

function count8(code: u32, set: usize): void {
  const word: usize = (code & 0xff) << 2;
  store<u32>(word + (set << 10), load<u32>(word + (set << 10), TABLE_OFFSET) + 1, TABLE_OFFSET);
}

// Four sets of counters: with 256 codes the same one is often hit twice in a row, and would wait for itself.
export function countCodes8(offset: usize, count: usize): void {
  const end = offset + count;
  const unrolledEnd = offset + (count & ~7);
  for (; offset < unrolledEnd; offset += 8) {
    const a = load<u64>(offset);
    count8(<u32>a, 0);
    count8((<u32>a) >>> 8, 1);
    count8((<u32>a) >>> 16, 2);
    count8((<u32>a) >>> 24, 3);
    count8(<u32>(a >> 32), 0);
    count8(<u32>(a >> 40), 1);
    count8(<u32>(a >> 48), 2);
    count8(<u32>(a >> 56), 3);
  }
  for (let set: usize = 0; offset < end; offset++, set++) count8(load<u8>(offset), set & 3);
}

export function compactBins(): usize {
  let found: usize = 0;
  for (let code: usize = 0; code < 65536; code++) {
    const word = load<u64>(code << 3, TABLE_OFFSET);
    if (word == 0) continue;
    store<u64>(code << 3, 0, TABLE_OFFSET);
    store<u16>(found << 1, <u16>code, COMPACT_CODES_OFFSET);
    store<f64>(found << 3, <f64>(word >> 40), COMPACT_COUNTS_OFFSET);
    store<f64>(found << 3, <f64>(word & 0xffffffffff), COMPACT_LOW_SUMS_OFFSET);
    found++;
  }
  return found;
}

export function compactCodes16(): usize {
  let found: usize = 0;
  for (let code: usize = 0; code < 65536; code++) {
    const count = load<u32>(code << 2, TABLE_OFFSET);
    if (count == 0) continue;
    store<u32>(code << 2, 0, TABLE_OFFSET);
    store<u16>(found << 1, <u16>code, COMPACT_CODES_OFFSET);
    store<f64>(found << 3, <f64>count, COMPACT_COUNTS_OFFSET);
    found++;
  }
  return found;
}

export function powerSums(offset: usize, count: usize, pivot: f64): i32 {
  const end = offset + (count << 2);
  const vectorEnd = offset + ((count & ~3) << 2);
  const pivots = f64x2.splat(pivot);
  const zero = f32x4.splat(0);
  // Sums of lanes 0, 1 (a) and 2, 3 (b).
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let a4 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  let b4 = f64x2.splat(0);
  let least = f32x4.splat(Infinity);
  let greatest = f32x4.splat(-Infinity);
  let zeros = i32x4.splat(0);
  for (; offset < vectorEnd; offset += 16) {
    const x = v128.load(offset);
    least = f32x4.pmin(least, x);
    greatest = f32x4.pmax(greatest, x);
    zeros = i32x4.sub(zeros, f32x4.eq(x, zero));
    const a = f64x2.sub(f64x2.promote_low_f32x4(x), pivots);
    const b = f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<u64>(x, x, 1, 1)), pivots);
    const aa = f64x2.mul(a, a);
    const bb = f64x2.mul(b, b);
    a1 = f64x2.add(a1, a);
    b1 = f64x2.add(b1, b);
    a2 = f64x2.add(a2, aa);
    b2 = f64x2.add(b2, bb);
    a3 = f64x2.add(a3, f64x2.mul(aa, a));
    b3 = f64x2.add(b3, f64x2.mul(bb, b));
    a4 = f64x2.add(a4, f64x2.mul(aa, aa));
    b4 = f64x2.add(b4, f64x2.mul(bb, bb));
  }
  v128.store(SUMS_OFFSET, a1);
  v128.store(SUMS_OFFSET, b1, 16);
  v128.store(SUMS_OFFSET, a2, 32);
  v128.store(SUMS_OFFSET, b2, 48);
  v128.store(SUMS_OFFSET, a3, 64);
  v128.store(SUMS_OFFSET, b3, 80);
  v128.store(SUMS_OFFSET, a4, 96);
  v128.store(SUMS_OFFSET, b4, 112);
  v128.store(EXTREMES_OFFSET, least);
  v128.store(EXTREMES_OFFSET, greatest, 16);
  let zeroCount =
    i32x4.extract_lane(zeros, 0) +
    i32x4.extract_lane(zeros, 1) +
    i32x4.extract_lane(zeros, 2) +
    i32x4.extract_lane(zeros, 3);
  for (let lane: usize = 0; offset < end; offset += 4, lane++) {
    const x = load<f32>(offset);
    const d = <f64>x - pivot;
    const dd = d * d;
    const sums = SUMS_OFFSET + (lane << 3);
    store<f64>(sums, load<f64>(sums) + d);
    store<f64>(sums, load<f64>(sums, 32) + dd, 32);
    store<f64>(sums, load<f64>(sums, 64) + dd * d, 64);
    store<f64>(sums, load<f64>(sums, 96) + dd * dd, 96);
    const extremes = EXTREMES_OFFSET + (lane << 2);
    if (x < load<f32>(extremes)) store<f32>(extremes, x);
    if (x > load<f32>(extremes, 16)) store<f32>(extremes, x, 16);
    if (x == 0) zeroCount++;
  }
  return zeroCount;
}

export function keepFinite(offset: usize, count: usize): usize {
  const end = offset + (count << 2);
  let target: usize = SCRATCH_OFFSET;
  let infinities = 0;
  for (; offset < end; offset += 4) {
    const magnitude = load<u32>(offset) & 0x7fffffff;
    if (magnitude < 0x7f800000) {
      store<u32>(target, load<u32>(offset));
      target += 4;
    } else if (magnitude == 0x7f800000) {
      infinities++;
    }
  }
  store<i32>(INFINITIES_OFFSET, infinities);
  return (target - SCRATCH_OFFSET) >> 2;
}
