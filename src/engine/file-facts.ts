import type { Checkpoint } from '../formats/checkpoint';
import type { FileFacts } from '../report/report';

/** What the report says of the files, `path` being what was asked for. */
export function fileFacts(path: string, { format, formatLabel, files }: Checkpoint): FileFacts {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { path, format, formatLabel, bytes, files: files.length };
}
