import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { concurrently } from '../../../src/formats/concurrent';

const items = Array.from({ length: 100 }, (_, index) => index);

test('results are in the order of the items, whichever is done first', async () => {
  const done: number[] = [];
  const results = await concurrently(items, async (item) => {
    for (let turn = item % 7; turn > 0; turn--) await setImmediate();
    done.push(item);
    return 2 * item;
  });
  expect(results).toEqual(items.map((item) => 2 * item));
  expect(done).not.toEqual(items);
});

test('several items are under way at a time, but no more than sixteen', async () => {
  let now = 0;
  let most = 0;
  await concurrently(items, async () => {
    most = Math.max(most, ++now);
    await setImmediate();
    now--;
  });
  expect(most).toBe(16);
});

test('after an error nothing is begun, and what is under way is waited for', async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = concurrently(items, async (item) => {
    begun.push(item);
    await setImmediate();
    ended++;
    if (item === 3) throw new Error('the fourth');
  });
  await expect(work).rejects.toThrow('the fourth');
  expect(ended).toBe(begun.length);
  expect(begun.length).toBeLessThan(40);
});
