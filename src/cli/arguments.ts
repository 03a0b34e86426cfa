import { parseArgs } from 'node:util';
import type { DataSettings } from '../data/settings';
import { parseRoleSettings } from '../formats/role-settings';
import { chosenCurvature, USUAL_CHOICE } from '../limits/optimizer-curvature';
import type { BackendChoice } from '../protocol/measurement';
import type { CurvatureChoice } from '../report/report';

export type OutputFormat = 'text' | 'json' | 'csv' | 'markdown';

/** Pairs of a pattern and a role. */
type Roles = readonly (readonly [pattern: string, role: string])[];

export interface AnalyzeArguments {
  readonly command: 'analyze';
  readonly roles: Roles;
  readonly files: readonly string[];
  readonly format: OutputFormat;
  readonly hash: boolean;
  /** Gate: the smallest acceptable `cosine-utopia-grid` pruned fraction. */
  readonly failIfLimitBelow: number | undefined;
  /** Undefined: the usual. */
  readonly curvature: CurvatureChoice | undefined;
}

export interface McpArguments {
  readonly command: 'mcp';
  readonly roles: Roles;
  /** Folders outside which nothing is read; none: everything readable. */
  readonly roots: readonly string[];
}

export interface CompareArguments {
  readonly command: 'compare';
  readonly roles: Roles;
  readonly before: string;
  readonly after: string;
  readonly format: Exclude<OutputFormat, 'markdown'>;
}

export interface MeasureArguments {
  readonly command: 'measure';
  readonly roles: Roles;
  readonly model: string;
  /** What is given of the data; the rest is as `.prunability.json` has it, or guessed. */
  readonly data: Pick<DataSettings, 'data' | 'test' | 'labels' | 'labelColumn' | 'samples'>;
  readonly backend: BackendChoice;
  /** Folder that has packages with native code. */
  readonly nativePackages: string | undefined;
  /** Goes on with the same measurement, if it was stopped. */
  readonly resume: boolean;
  readonly format: 'text' | 'json' | 'markdown';
}

export type CliArguments =
  | AnalyzeArguments
  | MeasureArguments
  | McpArguments
  | CompareArguments
  | { readonly command: 'help' }
  | { readonly command: 'version' }
  | { readonly command: 'wrong'; readonly reason: string };

export const USAGE = `Usage: prunability analyze FILE… [options]
       prunability mcp [--root DIR]…
       prunability compare BEFORE AFTER [--json | --csv]
       prunability measure MODEL [--data PATH] [--json | --markdown]

How far can this network be pruned, layer by layer, and why? And what has changed from one
checkpoint to another? Reads safetensors, PyTorch, ONNX, GGUF, Keras, TensorFlow (also Lite
and .js), NumPy, Flax, Orbax, PaddlePaddle, Core ML and MATLAB files; nothing in them is
executed.

Options:
  --json                     one report a file as JSON, one object a line
  --csv                      the tensors as CSV
  --markdown                 the report as Markdown
  --hash                     also the SHA-256 of each tensor's values (as little-endian float32)
  --fail-if-limit-below X    exit with 1 if the predicted limit (cosine-utopia-grid over all
                             parameters, a fraction from 0 to 1) of any file is below X
  --batch-size N             of the training, and
  --epsilon X                by how much the loss may grow: for the limit from Adam's second moments where a
                             PyTorch checkpoint, or a file beside it, has them
                             (else ${USUAL_CHOICE.batch} and ${USUAL_CHOICE.epsilon} are assumed)
  --role PATTERN=ROLE        what tensors are for whose name matches (* any characters, ? one): weight,
                             bias, norm, embedding, buffer, constant, quantization, optimizer or
                             other; the first match decides (may be repeated)
  --version, --help

\`prunability mcp\` serves the same to agents: an MCP server on standard input and output.
  --root DIR                 read model files below this folder only (may be repeated)

\`prunability measure\` runs a network (ONNX, Keras, TensorFlow.js) on data: the limit that its loss
landscape predicts, and what pruned copies really lose.
  --data PATH                samples with labels: IDX, npz, CSV, or a folder of images with one folder a
                             class; without it, as .prunability.json beside the model says
  --test PATH                samples for the accuracy, where the data have none of their own
  --labels PATH              the labels, where they are a file that is not found by its name
  --label-column NAME        of a table
  --samples N                use at most so many samples
  --resume                   go on with the same measurement where it was stopped; what is measured is kept
                             in the user's cache folder until it is complete
  --backend NAME             auto, tensorflow, webgpu, wasm or cpu
  --native-packages DIR      where @tensorflow/tfjs-node, @tensorflow/tfjs-node-gpu or webgpu is installed: the
                             package itself, or the folder of its node_modules

Exit codes: 0 done, 1 a gate failed, 2 a file could not be read or the call was wrong, 130 cancelled.
`;

const ROLE_OPTION = { type: 'string', multiple: true, default: [] as string[] } as const;

/** Reads the command line; never throws. */
export function parseCliArguments(argv: readonly string[]): CliArguments {
  try {
    if (argv[0] === 'mcp') return parseMcpArguments(argv.slice(1));
    if (argv[0] === 'measure') return parseMeasureArguments(argv.slice(1));
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        csv: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        hash: { type: 'boolean', default: false },
        'fail-if-limit-below': { type: 'string' },
        'batch-size': { type: 'string' },
        epsilon: { type: 'string' },
        role: ROLE_OPTION,
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { command: 'help' };
    if (values.version) return { command: 'version' };
    const [command, ...files] = positionals;
    if (command === undefined) return wrong('no command given');
    if (command !== 'analyze' && command !== 'compare') return wrong(`unknown command "${command}"`);
    if (files.length === 0) return wrong('no file given');
    const formats = (['json', 'csv', 'markdown'] as const).filter((name) => values[name]);
    if (formats.length > 1) return wrong(`choose one of --${formats.join(' and --')}`);
    if (command === 'compare') {
      const foreign = (['markdown', 'hash', 'fail-if-limit-below', 'batch-size', 'epsilon'] as const).find((name) => {
        return values[name] !== undefined && values[name] !== false;
      });
      return foreign === undefined
        ? compareArguments(files, formats[0], parseRoles(values.role))
        : wrong(`--${foreign} is for analyze only`);
    }
    const bound = values['fail-if-limit-below'];
    const failIfLimitBelow = bound === undefined || bound.trim() === '' ? undefined : Number(bound);
    if (bound !== undefined && !(failIfLimitBelow !== undefined && failIfLimitBelow >= 0 && failIfLimitBelow <= 1)) {
      return wrong(`--fail-if-limit-below takes a fraction from 0 to 1, not "${bound}"`);
    }
    const format = formats[0] ?? 'text';
    const curvature = parseCurvature(values['batch-size'], values.epsilon);
    const roles = parseRoles(values.role);
    return { command: 'analyze', roles, files, format, hash: values.hash, failIfLimitBelow, curvature };
  } catch (error) {
    return wrong((error as Error).message);
  }
}

/** @throws {TypeError} if one is no positive number */
function parseCurvature(batch: string | undefined, epsilon: string | undefined): CurvatureChoice | undefined {
  if (batch === undefined && epsilon === undefined) return undefined;
  const choice = chosenCurvature({
    batch: Number(batch ?? USUAL_CHOICE.batch),
    epsilon: Number(epsilon ?? USUAL_CHOICE.epsilon),
  });
  if (choice === undefined) throw new TypeError('--batch-size and --epsilon take positive numbers');
  return choice;
}

/** @throws {TypeError} if one is not understood */
function parseRoles(written: readonly string[]): Roles {
  const pairs = written.map((text): [string, string] => {
    const at = text.lastIndexOf('=');
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  });
  const { settings, wrong } = parseRoleSettings(pairs);
  if (wrong[0] !== undefined) throw new TypeError(`--role takes PATTERN=ROLE; the role of "${wrong[0]}" is not known`);
  return settings;
}

/** @throws {TypeError} if there is anything else than roots and roles */
function parseMcpArguments(argv: string[]): CliArguments {
  const { values } = parseArgs({
    args: argv,
    options: {
      root: { type: 'string', multiple: true, default: [] },
      role: ROLE_OPTION,
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { command: 'help' };
  if (values.root.includes('')) return wrong('--root takes a folder');
  return { command: 'mcp', roots: values.root, roles: parseRoles(values.role) };
}

const BACKENDS: readonly BackendChoice[] = ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'];

/** @throws {TypeError} if there is anything else than one model and what is known of its data */
function parseMeasureArguments(argv: string[]): CliArguments {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      test: { type: 'string' },
      labels: { type: 'string' },
      'label-column': { type: 'string' },
      samples: { type: 'string' },
      backend: { type: 'string', default: 'auto' },
      'native-packages': { type: 'string' },
      resume: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      role: ROLE_OPTION,
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { command: 'help' };
  const [model, ...more] = positionals;
  if (model === undefined || more.length > 0) return wrong('measure takes one model');
  const backend = BACKENDS.find((name) => name === values.backend);
  if (backend === undefined) return wrong(`--backend takes ${BACKENDS.join(', ')}, not "${values.backend}"`);
  const samples = values.samples === undefined ? undefined : Number(values.samples);
  if (samples !== undefined && !(Number.isInteger(samples) && samples > 0)) {
    return wrong(`--samples takes a number, not "${values.samples ?? ''}"`);
  }
  if (values.json && values.markdown) return wrong('choose one of --json and --markdown');
  const { data, test, labels, 'label-column': labelColumn } = values;
  return {
    command: 'measure',
    roles: parseRoles(values.role),
    model,
    data: {
      ...(data === undefined ? {} : { data }),
      ...(test === undefined ? {} : { test }),
      ...(labels === undefined ? {} : { labels }),
      ...(labelColumn === undefined ? {} : { labelColumn }),
      ...(samples === undefined ? {} : { samples }),
    },
    backend,
    nativePackages: values['native-packages'],
    resume: values.resume,
    format: values.json ? 'json' : values.markdown ? 'markdown' : 'text',
  };
}

function compareArguments(
  [before, after, ...more]: readonly string[],
  format: OutputFormat = 'text',
  roles: Roles = [],
): CliArguments {
  if (before === undefined || after === undefined || more.length > 0) return wrong('compare takes two files');
  return { command: 'compare', roles, before, after, format: format === 'markdown' ? 'text' : format };
}

function wrong(reason: string): CliArguments {
  return { command: 'wrong', reason };
}
