import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../src/cli/cache-folder';
import { parseCliArguments } from '../../../src/cli/arguments';

const root = join(import.meta.dirname, '../../..');
const fixtures = join(root, 'test/fixtures');

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'prunability-cli-measure-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

/** The state that is kept of the one measurement; empty if there is none. */
async function state(): Promise<string> {
  const folder = join(cache, 'prunability', 'measurements');
  const [name] = (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.measurement'));
  return name === undefined ? '' : await readFile(join(folder, name), 'utf8').catch(() => '');
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Measures a network on 100 digits. @param stop is called when it has kept something new */
async function measure(args: readonly string[], stop?: (pid: number) => Promise<void>): Promise<Ended> {
  const before = await state();
  const model = join(fixtures, 'network/digits-l1-1e-3.onnx');
  const given = ['measure', model, '--data', join(fixtures, 'data/digits.npz'), '--samples', '100', ...args];
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...given], {
    env: { ...process.env, XDG_CACHE_HOME: cache },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  if (stop !== undefined) {
    while (child.exitCode === null && ['', before].includes(await state())) await setTimeout(2);
    await stop(child.pid!);
  }
  return { code: await ended, stdout, stderr };
}

describe.runIf(process.platform === 'linux')('prunability measure', () => {
  it('goes on with --resume after it was interrupted, and after its process was killed, to the same end', async () => {
    const interrupted = await measure(['--json'], (pid) => Promise.resolve(void process.kill(pid, 'SIGINT')));
    expect(interrupted).toMatchObject({ code: 130, stdout: '' });
    expect(interrupted.stderr).toContain('with --resume goes on');

    const killed = await measure(['--json', '--resume'], async (pid) => {
      const [measurer] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
      process.kill(Number(measurer), 'SIGKILL');
    });
    expect(killed).toMatchObject({ code: 2, stdout: '' });
    expect(killed.stderr).toMatch(/ended unexpectedly \(SIGKILL\)/);
    expect(killed.stderr).toContain('with --resume goes on');

    const resumed = await measure(['--json', '--resume']);
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(await state()).toBe('');
    const ajv = new Ajv({ strict: false });
    const schema = async (name: string): Promise<object> =>
      JSON.parse(await readFile(join(root, `src/report/${name}.schema.json`), 'utf8')) as object;
    ajv.addSchema(await schema('report'));
    const validate = ajv.compile(await schema('measurement'));
    const found = JSON.parse(resumed.stdout) as Record<string, unknown>;
    expect(validate(found), JSON.stringify(validate.errors)).toBe(true);

    const whole = JSON.parse((await measure(['--json'])).stdout) as Record<string, unknown>;
    expect({ ...found, seconds: 0 }).toEqual({ ...whole, seconds: 0 });
  }, 60_000);

  it('says so where there is nothing to go on with', async () => {
    const { code, stdout } = await measure(['--resume', '--markdown', '--samples', '20']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Prunability of digits[^]*There was nothing to continue/);
  }, 60_000);
});

describe('the command line', () => {
  it('keeps things where programs of the user do', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux')).toBe('/c/prunability');
    expect(cacheFolder({}, 'linux')).toMatch(/\.cache.prunability$/);
    expect(cacheFolder({}, 'darwin')).toMatch(/Library.Caches.prunability$/);
    expect(cacheFolder({ LOCALAPPDATA: '' }, 'win32')).toMatch(/AppData.Local.prunability$/);
  });

  it('takes one format of a measurement', () => {
    expect(parseCliArguments(['measure', 'm', '--markdown', '--resume'])).toMatchObject({
      format: 'markdown',
      resume: true,
    });
    expect(parseCliArguments(['measure', 'm', '--json', '--markdown'])).toMatchObject({ command: 'wrong' });
  });
});
