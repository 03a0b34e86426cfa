// `npm test`: everything that must hold, from a bare clone. Ends with "N passed, N failed"; exit code 1 if any failed.
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies } from './bootstrap.mjs';

const root = join(import.meta.dirname, '..');

/**
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {{ name: string, command: string[], count?: (output: string, code: number) => Count | Promise<Count> }} Step
 */

/** What is to be read at the end without searching for it: tests that failed, or passed only when tried again. @type {string[]} */
const remarks = [];

/** A check that passes or fails as a whole. @type {(output: string, code: number) => Count} */
const whole = (_, code) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

/** A runner that closes with "N passed, N failed"; one that does not get there has failed. @type {(output: string, code: number) => Count} */
const closingLine = (output, code) => {
  const match = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
  const count = { passed: Number(match?.[1] ?? 0), failed: Number(match?.[2] ?? 0) };
  remarks.push(...(output.match(/^(?:failed|tried again): .*$/gm) ?? []));
  if (code !== 0 && count.failed === 0) count.failed = 1;
  if (count.passed + count.failed === 0) count.failed = 1;
  return count;
};

/** @param {string} file @returns {(output: string, code: number) => Promise<Count>} */
const vitestReport = (file) => async (_, code) => {
  try {
    const report = JSON.parse(await readFile(join(root, file), 'utf8'));
    const failed = report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1);
    for (const { assertionResults } of report.testResults) {
      for (const { status, fullName, failureMessages } of assertionResults) {
        if (status === 'failed') remarks.push(`failed: ${fullName}: ${failureMessages[0]?.split('\n')[0]}`);
      }
    }
    return { passed: report.numPassedTests, failed };
  } catch {
    return { passed: 0, failed: Math.max(1, code) && 1 };
  }
};

const node = process.execPath;
/** @param {string} tool @param {string[]} args */
const bin = (tool, ...args) => [node, join(root, 'node_modules', ...tool.split('/')), ...args];

/** What disturbs nothing else: as many at a time as there are cores, the longest first. @type {Step[]} */
const SIDE_BY_SIDE = [
  { name: 'lint', command: bin('eslint/bin/eslint.js', '.', '--max-warnings', '0') },
  { name: 'install the test host', command: [node, 'test/host/install.mjs'] },
  { name: 'format', command: bin('prettier/bin/prettier.cjs', '--check', '.') },
  { name: 'types', command: bin('typescript/bin/tsc', '-p', '.') },
  { name: 'types of the panel', command: bin('typescript/bin/tsc', '-p', 'webview-ui') },
  { name: 'layers', command: bin('dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'webview-ui', '--config') },
  { name: 'unused code', command: bin('knip/bin/knip.js') },
];

/** One after another: each takes all cores, or the screen. @type {Step[]} */
const TESTS = [
  {
    name: 'unit tests and fuzzing',
    command: bin(
      'vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      '--outputFile.json=out/vitest.json',
    ),
    count: vitestReport('out/vitest.json'),
  },
  { name: 'package', command: [node, 'scripts/package.mjs'] },
  { name: 'budgets and content of the package', command: [node, 'scripts/check-package.mjs'], count: closingLine },
  { name: 'panel in a browser', command: [node, 'test/panel/run.mjs'], count: closingLine },
  { name: 'extension host', command: [node, 'test/host/run-suite.mjs'], count: closingLine },
  { name: 'user interface', command: [node, 'test/host/run-ui.mjs'], count: closingLine },
];

try {
  await ensureDependencies(root);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
await mkdir(join(root, 'out'), { recursive: true });

/** @type {{ name: string, passed: number, failed: number, seconds: number }[]} */
const results = [];
// The package has been made and checked by then: the user-interface tests need not make it again.
process.env['PRUNABILITY_VSIX'] = join(root, 'dist', 'prunability.vsix');
await perform({ name: 'build', command: [node, 'esbuild.mjs'] });
const checks = SIDE_BY_SIDE.values();
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (const check of checks) await perform(check, 'later');
  }),
);
for (const test of TESTS) await perform(test);

console.log('\n=== summary');
for (const { name, passed, failed, seconds } of results) {
  console.log(`${failed > 0 ? 'FAILED' : 'ok    '} ${name}: ${passed} of ${passed + failed} (${seconds.toFixed(1)} s)`);
}
for (const remark of remarks) console.log(remark);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Runs a step and notes how it went.
 * @param {Step} step
 * @param {'live' | 'later'} told what it prints: at once, or, where others run beside it, when it has ended
 */
async function perform({ name, command, count = whole }, told = 'live') {
  if (told === 'live') console.log(`\n=== ${name}`);
  const started = performance.now();
  const { output, code } = await run(command, told);
  if (told === 'later') console.log(`\n=== ${name}\n${output}`);
  const seconds = (performance.now() - started) / 1000;
  results.push({ name, ...(await count(output, code)), seconds });
}

/**
 * @param {string[]} command
 * @param {'live' | 'later'} told
 * @returns {Promise<{ output: string, code: number }>}
 */
function run([file, ...args], told) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    let output = '';
    /** @param {NodeJS.WriteStream} target */
    const forward = (target) => (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      if (told === 'live') target.write(chunk);
    };
    child.stdout.on('data', forward(process.stdout));
    child.stderr.on('data', forward(process.stderr));
    child.on('error', (error) => {
      if (told === 'live') console.error(error.message);
      resolve({ output: `${output}${error.message}\n`, code: 1 });
    });
    child.on('close', (code) => {
      resolve({ output, code: code ?? 1 });
    });
  });
}
