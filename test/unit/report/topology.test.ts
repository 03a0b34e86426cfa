import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { reportToJson } from '../../../src/report/json';
import { ReportBuilder } from '../../../src/report/report-builder';

it('a report keeps the graph, and says of each tensor which operators take it', () => {
  const storage = { dtype: 'float32', extents: [] } as const;
  const tensor = (name: string): Checkpoint['tensors'][number] => ({
    name,
    dtype: 'float32',
    shape: [0, 2],
    count: 0,
    role: 'weight',
    storage,
  });
  const topology: NonNullable<Checkpoint['topology']> = {
    inputs: ['x'],
    outputs: ['z'],
    nodes: [
      {
        name: 'first',
        operator: 'Gemm',
        inputs: ['x'],
        outputs: ['y'],
        parameters: [{ tensor: 'shared', use: 'weight', outputChannels: 0, inputChannels: 1 }],
      },
      {
        name: 'second',
        operator: 'MatMul',
        inputs: ['y'],
        outputs: ['z'],
        parameters: [{ tensor: 'shared', use: 'weight', outputChannels: 1, inputChannels: 0 }],
      },
      { name: 'third', operator: 'Gemm', inputs: [], outputs: [], parameters: [{ tensor: 'shared', use: 'other' }] },
    ],
  };
  const checkpoint: Checkpoint = {
    format: 'onnx',
    formatLabel: 'ONNX',
    files: [],
    tensors: [tensor('shared'), tensor('alone')],
    notes: [],
    topology,
  };
  const file = { path: '/m.onnx', format: 'onnx', formatLabel: 'ONNX', bytes: 1, files: 1 };
  const builder = new ReportBuilder(file, checkpoint);
  checkpoint.tensors.forEach((_, index) => builder.add(index, undefined));
  const report = builder.report(builder.summary(true), true, 0);
  expect(report.topology).toEqual(topology);
  expect(report.tensors.map(({ operators }) => operators)).toEqual([['Gemm', 'MatMul'], undefined]);

  const schema = JSON.parse(
    readFileSync(path.resolve(import.meta.dirname, '../../../src/report/report.schema.json'), 'utf8'),
  ) as object;
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  expect(validate(JSON.parse(reportToJson(report))), JSON.stringify(validate.errors)).toBe(true);
});
