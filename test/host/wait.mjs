/** Waiting for a condition, for what Playwright's own waiting cannot say. */

import { setTimeout as delay } from 'node:timers/promises';

/** Long enough for a cold start on a machine that does other work; a passing test never waits this long. */
export const DEFAULT_TIMEOUT_MS = 30_000;
const INTERVAL_MS = 40;

/**
 * Asks again and again until there is an answer.
 * @template T
 * @param {string} what is awaited, for the error: "the panel of model.onnx"
 * @param {() => Promise<T | undefined | null | false> | T | undefined | null | false} probe may throw: that counts as "not yet"
 * @param {{ timeout?: number, describe?: () => Promise<string> | string }} [options] `describe`: what is there instead, asked once, for the error
 * @returns {Promise<T>} the first answer that is not undefined, null or false
 * @throws {Error} after `timeout` ms
 */
export async function waitFor(what, probe, options = {}) {
  const timeout = options.timeout ?? DEFAULT_TIMEOUT_MS;
  const deadline = Date.now() + timeout;
  /** @type {unknown} */
  let lastError;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== null && answer !== false) {
        return answer;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      const instead = (await options.describe?.()) ?? '';
      throw new Error(`Waited ${timeout / 1000} s for ${what}${instead === '' ? '' : `; instead: ${instead}`}`, {
        cause: lastError,
      });
    }
    await delay(INTERVAL_MS);
  }
}

/** @param {string} text @returns {RegExp} matching exactly this text */
export function exactly(text) {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
}
