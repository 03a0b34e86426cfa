import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCliArguments } from '../../../src/cli/arguments';
import type { ComparisonReport } from '../../../src/report/comparison';
import type { LimitEstimate, ModelReport } from '../../../src/report/report';
import { valuesOf, writeSafetensors } from '../engine/comparison';

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

/** 64 GiB of zeros that take no room. */
async function largeFile(): Promise<string> {
  const path = join(folder, 'large.safetensors');
  const bytes = 2 ** 36;
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'F32', shape: [2 ** 17, 2 ** 17], data_offsets: [0, bytes] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await writeFile(path, Buffer.concat([length, header]));
  await truncate(path, 8 + header.length + bytes);
  return path;
}

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

  it('has the limit from optimiser state, with the batch size and the tolerated loss that are given', async () => {
    const limits = async (...options: string[]): Promise<readonly LimitEstimate[]> => {
      const { stdout } = await cli([
        'analyze',
        join(root, 'test/fixtures/pytorch/digits_adam.pt'),
        '--json',
        ...options,
      ]);
      const report = JSON.parse(stdout) as ModelReport;
      const schema = JSON.parse(await readFile(join(root, 'src/report/report.schema.json'), 'utf8')) as object;
      const validate = new Ajv({ strict: false }).compile(schema);
      expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
      return report.limits.filter(({ method }) => method === 'optimizer-curvature');
    };
    const reference = JSON.parse(await readFile(join(root, 'test/fixtures/pytorch/digits_adam.json'), 'utf8')) as {
      readonly byMoments: Readonly<Record<string, number>>;
    };
    const usual = await limits();
    expect(usual.map(({ scope, inputs }) => [scope, inputs])).toEqual([
      ['parameters', 'optimizer'],
      ['weights', 'optimizer'],
    ]);
    const given = await limits('--batch-size', '64', '--epsilon', '0.0025');
    for (const [i, { prunedFraction }] of given.entries()) {
      expect(prunedFraction).toBeCloseTo(usual[i]?.prunedFraction ?? NaN, 12);
    }
    const [, larger] = await limits('--batch-size=256');
    expect(larger?.prunedFraction).toBeCloseTo(reference.byMoments.weightsAtTwiceTheBatch ?? NaN, 5);
  });

  it('names the file beside the weights that optimiser state is from', async () => {
    const folder = join(root, 'test/fixtures/pytorch/trainer');
    const { stdout } = await cli(['analyze', folder, '--json']);
    const schema = JSON.parse(await readFile(join(root, 'src/report/report.schema.json'), 'utf8')) as object;
    const validate = new Ajv({ strict: false }).compile(schema);
    const report = JSON.parse(stdout) as ModelReport;
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report.limits.flatMap(({ inputFile }) => inputFile ?? [])).toEqual(['optimizer.pt', 'optimizer.pt']);
    expect((await cli(['analyze', folder])).stdout).toMatch(/optimizer-curvature .* From optimizer\.pt\./);
    expect((await cli(['analyze', folder, '--markdown'])).stdout).toContain('| `optimizer-curvature` (optimizer.pt) |');
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
    const path = await largeFile();
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

describe('prunability compare', () => {
  const untrained = join(root, 'test/fixtures/pytorch/fmnist_init.pt');

  it('writes a comparison that follows the schema, and exits with 0', async () => {
    const { code, stdout, stderr } = await cli(['compare', untrained, trained, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ajv = new Ajv({ strict: false });
    const schema = async (name: string): Promise<object> =>
      JSON.parse(await readFile(join(root, `src/report/${name}.schema.json`), 'utf8')) as object;
    ajv.addSchema(await schema('report'));
    const validate = ajv.compile(await schema('comparison'));
    const report = JSON.parse(stdout) as ComparisonReport;
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report.before.file.path).toBe(untrained);
    expect(report.after.file.path).toBe(trained);
    expect(report.pair?.cosineSimilarity).toBeCloseTo(0.6119, 4);
  });

  it('writes CSV and text', async () => {
    const csv = await cli(['compare', untrained, trained, '--csv']);
    expect(csv.stdout.split('\r\n')).toHaveLength(15);
    const text = await cli(['compare', untrained, trained]);
    expect(text.stdout).toContain('fmnist_init.pt → fmnist_epoch3.pt: tensors 13 common');
    expect(text.stdout).toContain('cosine similarity 0.6119');
    expect(text.stdout).toMatch(/^fc1\.weight +64×256 +0\.5517 /m);
    expect([csv.code, text.code]).toEqual([0, 0]);
  });

  it('says in text what pruning took', async () => {
    const dense = await valuesOf(trained);
    const pruned = new Map(
      [...dense].map(([name, tensor]) => [
        name,
        name === 'fc1.weight'
          ? { ...tensor, values: tensor.values.map((value) => (Math.abs(value) < 0.03 ? 0 : value)) }
          : tensor,
      ]),
    );
    const path = await writeSafetensors(join(folder, 'pruned.safetensors'), pruned);
    const { stdout } = await cli(['compare', trained, path]);
    const zeros = pruned.get('fc1.weight')!.values.filter((value) => value === 0).length;
    const share = ((100 * zeros) / 20538).toFixed(2);
    expect(stdout).toContain(`Pruned: ${share} % are zero, ${zeros.toLocaleString('en-US')} of them newly`);
    expect(stdout).toMatch(/one magnitude threshold for all +would have chosen the same/);
  });

  it('exits with 2 for a file that cannot be read, and for a call that is wrong', async () => {
    const absent = await cli(['compare', trained, join(folder, 'absent.pt')]);
    expect(absent).toMatchObject({ code: 2, stdout: '' });
    expect(absent.stderr).toMatch(/absent\.pt: does not exist\n\S.+\n$/);
    expect(await cli(['compare', trained])).toMatchObject({ code: 2, stdout: '' });
  });

  it('counts what the person says is a weight, and nothing else', async () => {
    const role = (...args: string[]): Promise<Ended> => cli(['analyze', trained, '--json', ...args]);
    const count = async (ended: Promise<Ended>): Promise<number> =>
      (JSON.parse((await ended).stdout) as ModelReport).model.prunableCount;
    const all = await count(role());
    expect(await count(role('--role', 'fc1.*=constant'))).toBe(all - 64 * 256 - 64);
    expect(await count(role('--role', 'fc1.bias=weight', '--role', 'fc1.*=constant'))).toBe(all - 64 * 256);
  });

  it('exits with 130 when it is interrupted', async () => {
    const path = await largeFile();
    const { code, stdout, stderr } = await cli(['compare', path, path, '--json'], (kill) => {
      setTimeout(() => {
        kill('SIGINT');
      }, 500);
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('cancelled');
  });
});

describe('parseCliArguments', () => {
  it('takes any number of roots for the MCP server', () => {
    expect(parseCliArguments(['mcp'])).toEqual({ command: 'mcp', roots: [], roles: [] });
    expect(parseCliArguments(['mcp', '--root', 'a', '--root=b'])).toMatchObject({ roots: ['a', 'b'] });
  });

  it('takes roles by pattern, also where the pattern has an equals sign', () => {
    expect(parseCliArguments(['analyze', 'a.pt', '--role', 'fc*=bias', '--role=a=b=norm'])).toMatchObject({
      roles: [
        ['fc*', 'bias'],
        ['a=b', 'norm'],
      ],
    });
    expect(parseCliArguments(['analyze', 'a.pt', '--role', 'fc*=no'])).toMatchObject({ command: 'wrong' });
  });

  it('refuses what makes no sense', () => {
    const reason = (...argv: string[]): string => {
      const parsed = parseCliArguments(argv);
      return parsed.command === 'wrong' ? parsed.reason : '';
    };
    expect(reason()).toContain('no command');
    expect(reason('analyze')).toContain('no file');
    expect(reason('analyze', 'a.pt', '--json', '--csv')).toContain('--json and --csv');
    expect(reason('compare', 'a.pt')).toContain('two files');
    expect(reason('analyze', 'a.pt', '--batch-size', '0')).toContain('positive');
    expect(reason('analyze', 'a.pt', '--epsilon', 'x')).toContain('positive');
    expect(reason('compare', 'a.pt', 'b.pt', '--epsilon', '1')).toContain('analyze only');
    expect(reason('compare', 'a.pt', 'b.pt', 'c.pt')).toContain('two files');
    expect(reason('compare', 'a.pt', 'b.pt', '--hash')).toContain('--hash is for analyze');
    expect(reason('compare', 'a.pt', 'b.pt', '--markdown')).toContain('--markdown is for analyze');
    expect(reason('compare', 'a.pt', 'b.pt', '--fail-if-limit-below', '0.5')).toContain('is for analyze');
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
