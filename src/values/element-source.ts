import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { TensorStorage } from '../formats/storage';
import { blockSource } from './blocks';
import { compressedSource } from './compressed';
import { filteredSource } from './filters';
import { levelsSource } from './levels';
import { packedSource } from './packed';
import { protobufSource } from './protobuf-numbers';
import type { ByteReader, ElementSource, OpenStorage } from './reading';
import { scaledSource } from './scaled';
import { sparseSource } from './sparse';
import { TiledSource } from './tiles';

/** @param count number of elements of the whole storage. @throws {DecodingError} also from `read`. */
export function elementSource(storage: TensorStorage, count: number, reader: ByteReader): ElementSource {
  const { coding, extents, dtype } = storage;
  const width = BYTES_PER_ELEMENT[dtype];
  const open: OpenStorage = (part, length) => elementSource(part, length, reader);
  switch (coding?.kind) {
    case undefined:
      return {
        read: (first, target) => {
          reader.read(extents, first * width, target);
        },
      };
    case 'packed':
      return packedSource(coding, extents, dtype, reader, open, count);
    case 'blocks':
      return blockSource(coding, extents, reader);
    case 'scaled':
      return scaledSource(coding, open);
    case 'tiles':
      return new TiledSource(coding, width, open, reader);
    case 'filtered':
      return filteredSource(coding, extents, width, reader);
    case 'sparse':
      return sparseSource(coding, width, count, open);
    case 'protobuf':
      return protobufSource(coding, extents, width, count, reader);
    case 'levels':
      return levelsSource(coding, width, open);
    case 'compressed':
      return compressedSource(coding, width, open);
  }
}
