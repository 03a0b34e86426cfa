import type { Checkpoint } from '../formats/checkpoint';
import type { FileFacts } from '../report/report';

/** What the report says of the model's files, `path` being what was asked for. */
export function fileFacts(path: string, { format, formatLabel, files, optimizerFile }: Checkpoint): FileFacts {
  const own = files.filter((file) => file.path !== optimizerFile);
  const bytes = own.reduce((sum, { size }) => sum + size, 0);
  return { path, format, formatLabel, bytes, files: own.length };
}
