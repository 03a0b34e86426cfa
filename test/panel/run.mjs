// The tests of the webviews in a real browser: `node test/panel/run.mjs [folder of the built webview]`.
// Closes with "N passed, N failed".
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

const mocha = new Mocha({ timeout: 60_000, slow: 5000 });
for (const name of readdirSync(import.meta.dirname).sort()) {
  if (name.endsWith('.test.mjs')) mocha.addFile(join(import.meta.dirname, name));
}
await mocha.loadFilesAsync();
let passed = 0;
let failed = 0;
mocha
  .run(() => {
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  })
  .on('pass', () => (passed += 1))
  .on('fail', () => (failed += 1));
