// One file of the webviews' tests, named by PANEL_TEST_FILE (arguments are the tests'). Closes with "N passed, N failed".
import Mocha from 'mocha';

const mocha = new Mocha({ timeout: 60_000, slow: 5000 });
mocha.addFile(process.env.PANEL_TEST_FILE ?? '');
await mocha.loadFilesAsync();
let passed = 0;
let failed = 0;
mocha
  .run(() => {
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  })
  .on('pass', () => (passed += 1))
  .on('fail', (test, error) => {
    failed += 1;
    console.log(`failed: ${test.fullTitle()}: ${error.message.split('\n')[0]}`);
  });
