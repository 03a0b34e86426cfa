import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCliArguments } from '../../../src/cli/arguments';
import type { ModelReport } from '../../../src/report/report';

const root = join(import.meta.dirname, '../../..');
const trained = join(root, 'test/fixtures/pytorch/fmnist_epoch3.pt');
const sharded = join(root, 'test/fixtures/safetensors/sharded.safetensors.index.json');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(args: readonly string[], whileRunning?: (kill: (signal: NodeJS.Signals) => void) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...args]);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
    whileRunning?.((signal) => child.kill(signal));
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('prunability analyze', () => {
  it('writes reports that follow the schema, one line a file, and exits with 0', async () => {
    const { code, stdout, stderr } = await cli(['analyze', trained, sharded, '--json', '--hash']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const schema = JSON.parse(await readFile(join(root, 'src/report/report.schema.json'), 'utf8')) as object;
    const validate = new Ajv({ strict: false }).compile(schema);
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ModelReport);
    expect(reports).toHaveLength(2);
    for (const report of reports) expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(reports.map(({ file }) => [file.format, file.files])).toEqual([
      ['pytorch', 1],
      ['safetensors', 2],
    ]);
    expect(reports[0]?.tensors.every(({ sha256 }) => sha256 !== undefined)).toBe(true);
  });

  it('writes CSV, Markdown and text', async () => {
    const csv = await cli(['analyze', trained, '--csv']);
    expect(csv.stdout.split('\r\n')).toHaveLength(15);
    const markdown = await cli(['analyze', trained, '--markdown']);
    expect(markdown.stdout).toContain('# Prunability of fmnist\\_epoch3.pt'.replace('\\_', '_'));
    const text = await cli(['analyze', trained]);
    expect(text.stdout).toContain('fc1.weight');
    expect(text.stdout).toContain('cosine-utopia-grid');
    expect([csv.code, markdown.code, text.code]).toEqual([0, 0, 0]);
  });

  it('exits with 1 if a gate fails, and with 0 if it does not', async () => {
    const fails = await cli(['analyze', trained, '--json', '--fail-if-limit-below', '0.99']);
    expect(fails.code).toBe(1);
    expect(fails.stderr).toMatch(/fmnist_epoch3\.pt: the predicted limit 0\.\d+ is below 0\.99/);
    expect((JSON.parse(fails.stdout) as ModelReport).complete).toBe(true);
    const passes = await cli(['analyze', trained, '--json', '--fail-if-limit-below', '0.5']);
    expect(passes).toMatchObject({ code: 0, stderr: '' });
  });

  it('exits with 2 and says file, reason, place and remedy; the other files are reported', async () => {
    const broken = join(folder, 'broken.safetensors');
    const whole = await readFile(join(root, 'test/fixtures/safetensors/fmnist.safetensors'));
    await writeFile(broken, whole.subarray(0, 5000));
    const { code, stdout, stderr } = await cli(['analyze', broken, trained, '--json']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^\S*broken\.safetensors: .+ \(byte \d+\)\n\S.+\n$/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('exits with 2 for a file that is not there', async () => {
    const { code, stderr } = await cli(['analyze', join(folder, 'absent.pt')]);
    expect(code).toBe(2);
    expect(stderr).toContain('absent.pt: does not exist');
  });

  it('exits with 130 when it is interrupted', async () => {
    const path = join(folder, 'large.safetensors');
    const bytes = 2 ** 36;
    const header = Buffer.from(
      JSON.stringify({ w: { dtype: 'F32', shape: [2 ** 17, 2 ** 17], data_offsets: [0, bytes] } }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(path, Buffer.concat([length, header]));
    await truncate(path, 8 + header.length + bytes);
    const { code, stdout, stderr } = await cli(['analyze', path, '--json'], (kill) => {
      setTimeout(() => {
        kill('SIGINT');
      }, 500);
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('cancelled');
  });

  it('tells its version and how it is used', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await cli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await cli(['--help'])).stdout).toContain('Usage: prunability analyze FILE');
    const wrong = await cli(['analyse', trained]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('unknown command "analyse"');
  });
});

describe('parseCliArguments', () => {
  it('takes any number of roots for the MCP server', () => {
    expect(parseCliArguments(['mcp'])).toEqual({ command: 'mcp', roots: [] });
    expect(parseCliArguments(['mcp', '--root', 'a', '--root=b'])).toEqual({ command: 'mcp', roots: ['a', 'b'] });
  });

  it('refuses what makes no sense', () => {
    const reason = (...argv: string[]): string => {
      const parsed = parseCliArguments(argv);
      return parsed.command === 'wrong' ? parsed.reason : '';
    };
    expect(reason()).toContain('no command');
    expect(reason('analyze')).toContain('no file');
    expect(reason('analyze', 'a.pt', '--json', '--csv')).toContain('--json and --csv');
    expect(reason('analyze', 'a.pt', '--frobnicate')).toContain('--frobnicate');
    expect(reason('analyze', 'a.pt', '--root', '/models')).toContain('--root');
    expect(reason('mcp', '/models')).toContain('/models');
    expect(reason('mcp', '--json')).toContain('--json');
    expect(reason('mcp', '--root', '')).toContain('takes a folder');
    for (const bound of ['x', '-0.1', '1.1', 'NaN', '']) {
      expect(reason('analyze', 'a.pt', `--fail-if-limit-below=${bound}`)).toContain('from 0 to 1');
    }
  });
});
