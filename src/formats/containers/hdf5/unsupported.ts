import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';
import type { Fields } from './fields';

/** An object uses something that is not read; the others of the file are none the worse for it. */
export class Unsupported extends FormatError {
  constructor({ file, offset }: Pick<Fields, 'file' | 'offset'>, reason: string) {
    const remedy = l10n.t('Save the dataset again, uncompressed or with gzip, in a numeric type.');
    super({ file, offset, reason, remedy });
  }
}
