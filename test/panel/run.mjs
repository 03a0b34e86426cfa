// The tests of the webviews in a real browser: `node test/panel/run.mjs [folder of the built webview]`.
// A process and a browser for each file, as many at a time as there are cores. Closes with "N passed, N failed".
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const FILE_RUNNER = join(import.meta.dirname, 'run-file.mjs');

/** @param {string} file @returns {Promise<{ output: string, passed: number, failed: number }>} */
const run = (file) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [FILE_RUNNER, ...process.argv.slice(2)], {
      env: { ...process.env, PANEL_TEST_FILE: join(import.meta.dirname, file) },
    });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('close', (code) => {
      const [line = '', passed, failed] = /^(\d+) passed, (\d+) failed\n$/m.exec(output) ?? [];
      // A process that ended before its last line has failed, whatever it had said by then.
      const ended = line !== '' && (code === 0 || Number(failed) > 0);
      resolve({
        output: output.replace(line, ''),
        passed: Number(passed ?? 0),
        failed: Number(failed ?? 0) + (ended ? 0 : 1),
      });
    });
  });

// The longest first, which leaves the shortest for the end.
const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.mjs'))
  .sort((a, b) => Number(b === 'panel.test.mjs') - Number(a === 'panel.test.mjs') || a.localeCompare(b));
let passed = 0;
let failed = 0;
const queue = files.values();
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), files.length) }, async () => {
    for (const file of queue) {
      const result = await run(file);
      console.log(result.output);
      passed += result.passed;
      failed += result.failed;
    }
  }),
);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
