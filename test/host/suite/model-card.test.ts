import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { modelCard } from '../../../src/editor/hover/model-card';
import type { AnalysisSummary, ModelDescription } from '../../../src/protocol/description';
import { sample } from './extension';

const NOW = Date.UTC(2030, 0, 31, 12);
const HOUR_MS = 3_600_000;
/** VS Code cuts longer Markdown, and the links with it. */
const MAX_MARKDOWN = 100_000;

const HOSTILE = 'x](command:evil) ![y](http://evil) <img src=z> `a` **b** | $(zap) www.evil.com\n\n# \u202ec';

const ANALYSIS: AnalysisSummary = {
  analyzedAt: NOW - 3 * HOUR_MS,
  limit: 0.84,
  limitWithoutTuning: 0.412,
  kurtosis: 5.2134,
  zeroFraction: 0.031,
  initialisation: 'trained',
  warnings: [],
  histogram: { low: -0.2, high: 0.2, fractions: [0.1, 0.4, 0.4, 0.1] },
};

function described(analysis: AnalysisSummary | null, changes: Partial<ModelDescription> = {}): ModelDescription {
  const path = sample('fashion-mnist/epoch3.pt').fsPath;
  return {
    state: 'readable',
    file: { path, format: 'pytorch-zip', formatLabel: 'PyTorch zip', bytes: 5 * 2 ** 20, files: 1 },
    mainFile: path,
    tensorCount: 12,
    count: 1_234_567,
    prunableCount: 1_200_000,
    dtypes: [{ dtype: 'float32', count: 1_234_567 }],
    analysis,
    ...changes,
  };
}

function card(description: ModelDescription, uri = sample('fashion-mnist/epoch3.pt')): vscode.MarkdownString {
  return modelCard(description, { uri, now: NOW });
}

/** Text of a card without its links and its picture, as it is read. */
function shown({ value }: vscode.MarkdownString): string {
  return value
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('\u202f', ' ');
}

suite('Model card', () => {
  test('says what the header tells', () => {
    assert.equal(
      shown(card(described(null))),
      '**epoch3.pt**  \nPyTorch zip · 1,200,000 parameters · float32 · 5.0 MB\n\n' +
        'Analyze · Compare with… · Reveal in Explorer',
    );
  });

  test('counts files and types', () => {
    const description = described(null, {
      count: 1,
      prunableCount: 1,
      file: { ...described(null).file, files: 3 },
      dtypes: ['bfloat16', 'float32', 'int64', 'int8'].map((dtype, i) => ({ dtype, count: [90, 8, 1, 1][i] ?? 0 })),
    });
    assert.match(
      shown(card(description)),
      / · 1 parameter · bfloat16 90 %, float32 8 %, int64 1 %, … · 5\.0 MB · 3 files\n/,
    );
  });

  test('leaves out types of which there is next to nothing', () => {
    const dtypes = [
      { dtype: 'float32', count: 20_550 },
      { dtype: 'int64', count: 5 },
    ];
    assert.match(shown(card(described(null, { dtypes }))), / parameters · float32 · 5\.0 MB/);
  });

  test('gives the answer of an analysis', () => {
    const text = shown(card(described(ANALYSIS)));
    assert.match(
      text,
      /\n\nAbout \*\*84 %\*\* of the weights can go if you fine-tune afterwards; \*\*41 %\*\* if you do not\.\n\n/,
    );
    assert.match(text, /\n\nKurtosis 5\.21 \(normal = 3\) · 3 % of the values are zero · analyzed 3 hours ago\n\n/);
    assert.match(text, /\n\nOpen Analysis · /);
    const alone = shown(card(described({ ...ANALYSIS, limitWithoutTuning: null })));
    assert.match(alone, /About \*\*84 %\*\* of the weights can go if you fine-tune afterwards\.\n/);
    const none = shown(card(described({ ...ANALYSIS, limit: null, kurtosis: null })));
    assert.match(none, /cannot be told from its weights\./);
    assert.doesNotMatch(none, /Kurtosis/);
  });

  test('warns of an untrained network instead of giving a limit', () => {
    const { value } = card(described({ ...ANALYSIS, initialisation: 'at-initialisation' }));
    assert.match(value, /\$\(warning\) \*\*This network looks untrained/);
    assert.doesNotMatch(value, /(84|41)\u202f%|The limit takes/);
  });

  test('shows the first warnings, and counts the others', () => {
    const after = (warnings: readonly string[]): string => shown(card(described({ ...ANALYSIS, warnings })));
    assert.match(after(['One.']), /Reveal in Explorer\n\n\$\(warning\) One\.$/);
    assert.match(after(['One.', 'Two.', 'Three.']), /\$\(warning\) One\.\n\n\$\(warning\) Two\.\n\nOne more warning$/);
    assert.match(after(['1', '2', '3', '4']), /\n\n2 more warnings$/);
  });

  test('says when the weights were read', () => {
    const MINUTE = HOUR_MS / 60;
    for (const [elapsed, text] of [
      [0, 'analyzed just now'],
      [-5 * HOUR_MS, 'analyzed just now'],
      [MINUTE, 'analyzed a minute ago'],
      [59 * MINUTE, 'analyzed 59 minutes ago'],
      [HOUR_MS, 'analyzed an hour ago'],
      [23.9 * HOUR_MS, 'analyzed 23 hours ago'],
      [24 * HOUR_MS, 'analyzed a day ago'],
      [72 * HOUR_MS, 'analyzed 3 days ago'],
      [31 * 24 * HOUR_MS, `analyzed on ${new Date(NOW - 31 * 24 * HOUR_MS).toLocaleDateString(vscode.env.language)}`],
    ] as const) {
      const lines = shown(card(described({ ...ANALYSIS, analyzedAt: NOW - elapsed }))).split('\n');
      assert.ok(
        lines.some((line) => line.endsWith(` · ${text}`)),
        text,
      );
    }
  });

  test('has a picture, and says in words what is in it', () => {
    const match = /!\[([^\]]*)\]\(data:image\/svg\+xml;base64,([A-Za-z\d+/=]+)\|width=240,height=56\)/.exec(
      card(described(ANALYSIS)).value,
    );
    assert.ok(match?.[1] !== undefined && match[2] !== undefined);
    assert.match(
      Buffer.from(match[2], 'base64').toString(),
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>$/,
    );
    assert.equal(
      match[1].replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
      'Distribution of the weights from -0.2 to 0.2, highest at -0.05; half of them lie between -0.0625 and 0.0625. ' +
        'The limit takes those of magnitudes up to 0.12.',
    );
    assert.doesNotMatch(card(described({ ...ANALYSIS, histogram: null })).value, /!\[/);
  });

  test('trusts its own commands only, and gives them the file', () => {
    const uri = sample('fashion-mnist/a (1)](b).pt');
    const markdown = card(described(null, { mainFile: uri.fsPath }), uri);
    assert.equal(markdown.supportHtml, false);
    assert.deepEqual(markdown.isTrusted, {
      enabledCommands: ['prunability.analyze', 'prunability.compareWith', 'revealInExplorer'],
    });
    const links = [...markdown.value.matchAll(/\]\(command:([\w.]+)\?([^()\s]*)\)/g)];
    assert.deepEqual(
      links.map(([, command]) => command),
      ['prunability.analyze', 'prunability.compareWith', 'revealInExplorer'],
    );
    for (const [, , query] of links) {
      const [argument] = JSON.parse(decodeURIComponent(query ?? '')) as [vscode.Uri];
      assert.equal(vscode.Uri.from(argument).toString(), uri.toString());
    }
  });

  test('opens of a folder the model in it, and reveals nothing outside of the workspace', () => {
    const markdown = card(
      described(null, { mainFile: '/elsewhere/bert/model.safetensors' }),
      vscode.Uri.file('/elsewhere/bert'),
    );
    assert.match(shown(markdown), /^\*\*model\.safetensors\*\*/);
    assert.match(decodeURIComponent(markdown.value), /analyze\?\[.*\/elsewhere\/bert\/model\.safetensors/);
    assert.doesNotMatch(markdown.value, /revealInExplorer/);
  });

  test('makes nothing of what strangers have named', () => {
    const uri = vscode.Uri.file(`/elsewhere/${HOSTILE}`);
    const unreadable = modelCard(
      { state: 'unreadable', recognised: true, path: uri.fsPath, reason: HOSTILE, remedy: HOSTILE },
      { uri, location: HOSTILE },
    );
    const readable = modelCard(
      described(
        { ...ANALYSIS, warnings: [HOSTILE] },
        {
          mainFile: uri.fsPath,
          file: { ...described(null).file, formatLabel: HOSTILE },
          dtypes: [{ dtype: HOSTILE, count: 1 }],
        },
      ),
      { uri, location: HOSTILE },
    );
    for (const { value } of [unreadable, readable]) {
      // What is left without our own picture and commands has no markup but ours.
      const rest = value
        .replace(/!\[[^\]]*\]\(data:image\/svg\+xml;base64,[^)]*\)/g, '')
        .replace(/\[[^\]]*\]\(command:(prunability|revealInExplorer)[^)]*\)/g, '')
        .replaceAll('$(warning)', '')
        .replace('(normal = 3)', '');
      assert.doesNotMatch(rest, /[<>[\]`|$()\u202e]|command:|https?:|www\.|^#/m);
      assert.equal(rest.match(/\*\*/g)?.length, value === readable.value ? 6 : 2);
    }
  });

  test('stays within what VS Code shows, whatever it is given', () => {
    const long = '`'.repeat(1e6);
    const uri = vscode.Uri.file(`/${'`'.repeat(255)}`);
    const fractions = Array.from({ length: 256 }, (_, i) => 1 + ((37 * i) % 101));
    const { value } = modelCard(
      described(
        { ...ANALYSIS, warnings: Array.from({ length: 1000 }, () => long), histogram: { low: -1, high: 1, fractions } },
        { dtypes: Array.from({ length: 100 }, () => ({ dtype: long, count: 1 })), mainFile: uri.fsPath },
      ),
      { uri, location: long },
    );
    assert.ok(value.length < MAX_MARKDOWN, `${value.length} characters`);
    assert.match(value, /\(command:prunability\.compareWith\?[^)]*\)\n\n\$\(warning\)/);
  });

  test('says of a file that cannot be read why, and what to do', () => {
    const uri = sample('broken.pt');
    const markdown = modelCard(
      {
        state: 'unreadable',
        recognised: true,
        path: uri.fsPath,
        reason: 'is empty',
        remedy: 'Copy or download the file again.',
      },
      { uri },
    );
    assert.equal(
      shown(markdown),
      '**broken.pt**\n\nNot readable: broken.pt is empty.\n\nCopy or download the file again.\n\nReveal in Explorer',
    );
  });
});
