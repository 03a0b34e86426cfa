import * as l10n from '@vscode/l10n';
import type { CheckpointNote } from '../checkpoint';

/** Makes the names of a checkpoint's tensors differ, where a format can give one name to two of them. */
export class UniqueNames {
  private readonly taken = new Set<string>();
  private readonly renamed: string[] = [];

  /** The name itself, or the name with the lowest number after it that is free. */
  take(name: string): string {
    let unique = name;
    for (let number = 2; this.taken.has(unique); number++) unique = `${name} (${number})`;
    this.taken.add(unique);
    if (unique !== name) this.renamed.push(unique);
    return unique;
  }

  notes(): CheckpointNote[] {
    if (this.renamed.length === 0) return [];
    return [
      {
        code: 'repeated-names',
        message: l10n.t('Several tensors have the same name; all but the first got a number.'),
        tensors: this.renamed,
      },
    ];
  }
}
