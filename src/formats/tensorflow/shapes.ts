import * as l10n from '@vscode/l10n';
import type { ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { MAX_DIMENSIONS } from '../limits';

/** The sizes of a `TensorShapeProto`; those that are not known are -1. @throws {FormatError} */
export async function readShape(input: ProtobufInput, range: ProtobufRange): Promise<number[]> {
  const shape: number[] = [];
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number !== 2) continue;
    if (shape.length >= MAX_DIMENSIONS) {
      throw input.error(fields.offset, l10n.t('has a shape of more than {0} dimensions', MAX_DIMENSIONS));
    }
    let size = 0;
    const dimension = input.fields(fields.range);
    while (dimension.next() ?? (await dimension.load())) {
      if (dimension.number === 1) size = dimension.int64;
    }
    shape.push(size);
  }
  return shape;
}
