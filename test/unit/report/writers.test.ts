import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { reportToCsv } from '../../../src/report/csv';
import { formatBytes, formatNumber, formatPercent } from '../../../src/report/format';
import { reportToJson } from '../../../src/report/json';
import { reportToMarkdown } from '../../../src/report/markdown';
import type { ModelReport } from '../../../src/report/report';
import { madeUpTensor } from './made-up-tensor';

const tensor = madeUpTensor({
  name: 'fc.weight',
  storedDtype: 'uint8',
  shape: [2, 3],
  count: 6,
  infCount: 1,
  zeroCount: 1,
  min: -1.5,
  max: 2,
  mean: 0.1,
  std: 1.2345678901234567,
  kurtosis: null,
  meanAbsoluteDeviation: 1,
  l1Norm: 7,
  limit: 0.83,
  survivingFraction: 0.25,
});

const report: ModelReport = {
  schema: 'prunability-report/1',
  complete: true,
  file: { path: '/models/net.safetensors', format: 'safetensors', formatLabel: 'safetensors', bytes: 1536, files: 1 },
  tensors: [tensor, { ...tensor, name: '=HYPERLINK("http://x","y"),z' }, { ...tensor, name: '<img src=x>|`a`\n# b' }],
  model: {
    initialisation: 'trained',
    count: 12,
    prunableCount: 12,
    weightCount: 12,
    kurtosis: 3.5,
    kurtosisWeights: 3.25,
    kurtosisOfKurtoses: null,
    kurtosisOfDefinedKurtoses: 2,
  },
  limits: [
    {
      method: 'cosine-utopia-grid',
      scope: 'parameters',
      prunedFraction: 0.83,
      prunedCount: 10,
      cosineSimilarity: 0.85,
      threshold: 0.5,
      inputs: 'weights',
      assumptions: ['It was trained.'],
      verdict: '83 % may go.',
      reference: 'A paper',
    },
  ],
  warnings: [{ code: 'non-finite', message: 'One infinite value.', tensors: ['fc.weight'] }],
  seconds: 0.1,
};

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../src/report/report.schema.json'), 'utf8'),
) as object;

describe('JSON', () => {
  it('follows the schema, and refuses what does not', () => {
    const validate = new Ajv({ strict: false }).compile(schema);
    const parsed = JSON.parse(reportToJson(report, 0)) as ModelReport;
    expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...parsed, model: {} })).toBe(false);
    expect(validate({ ...parsed, tensors: [{ ...tensor, limit: 1.5 }] })).toBe(false);
  });

  it('is one line with an indent of 0', () => {
    expect(reportToJson(report, 0).split('\n')).toHaveLength(2);
  });
});

describe('CSV', () => {
  const lines = reportToCsv(report).split('\r\n');

  it('has a header and one row a tensor, numbers in full', () => {
    expect(lines[0]).toMatch(/^name,dtype,storedDtype,shape,role,prunable,count,/);
    expect(lines[1]).toBe(
      'fc.weight,float32,uint8,2x3,weight,true,6,0,1,1,-1.5,2,0.1,1.2345678901234567,0,,1,7,3,0.83,0.25,,,layer,shape',
    );
  });

  it('quotes names with commas, and defuses those that a spreadsheet would run', () => {
    expect(lines[2]).toContain(`"'=HYPERLINK(""http://x"",""y""),z"`);
  });
});

describe('Markdown', () => {
  const text = reportToMarkdown(report);

  it('gives limits with assumptions and source', () => {
    expect(text).toContain('| `cosine-utopia-grid` | 83.00 % | 0.85 | 0.5 | 83 % may go. |');
    expect(text).toContain('- It was trained.');
    expect(text).toContain('Source: A paper');
    expect(text).toContain('**non-finite**: One infinite value.');
  });

  it('lets no name act as markup or leave its cell', () => {
    expect(text).not.toContain('<img');
    expect(text).toContain('&lt;img src=x>\\|\\`a\\` \\# b');
  });

  it('says when it is partial', () => {
    expect(reportToMarkdown({ ...report, complete: false })).toContain('Partial');
    expect(text).not.toContain('Partial');
  });
});

describe('number text', () => {
  it('formats bytes, fractions and numbers', () => {
    expect([0, 1023, 1536, 46830571, 5 * 2 ** 40].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KB',
      '44.7 MB',
      '5.0 TB',
    ]);
    expect([formatPercent(0.8349), formatPercent(1, 0), formatPercent(null)]).toEqual(['83.5 %', '100 %', '—']);
    expect([0, 3, 1.23456, -0.00001234, 12345678.9, null].map(formatNumber)).toEqual([
      '0',
      '3',
      '1.235',
      '-1.234e-5',
      '1.235e+7',
      '—',
    ]);
  });
});
