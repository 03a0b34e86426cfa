import { expect, it } from 'vitest';
import { threadCount, type ThreadChoice } from '../../../src/measurer/thread-count';

const PLENTY = { batch: 256, processors: 8, memory: 16e9 };
const mnist: ThreadChoice = {
  ...PLENTY,
  work: { multiplications: 266_200, activations: 1184 },
  parameters: 266_610,
  samples: 5000,
};
const digits: ThreadChoice = {
  ...PLENTY,
  work: { multiplications: 6464, activations: 160 },
  parameters: 6570,
  samples: 1400,
};

it('all processors work on what is much, one on what is little', () => {
  expect(threadCount(mnist)).toBe(8);
  expect(threadCount({ ...mnist, processors: 1 })).toBe(1);
  expect(threadCount({ ...mnist, samples: 100 })).toBe(2);
  expect(threadCount(digits)).toBe(1);
});

it('threads take at most half of the memory that is free', () => {
  expect(threadCount({ ...mnist, memory: 0 })).toBe(1);
  expect(threadCount({ ...mnist, memory: 700e6 })).toBe(3);
  const large = { ...mnist, parameters: 100_000_000, work: { multiplications: 100e6, activations: 1e6 } };
  expect(threadCount(large)).toBe(1);
  expect(threadCount({ ...large, memory: 512e9 })).toBe(8);
});

it('no thread is without samples', () => {
  expect(threadCount({ ...mnist, work: { multiplications: 1e9, activations: 1e6 }, samples: 3 })).toBe(3);
});
