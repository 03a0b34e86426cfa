import { FormatError } from '../formats/errors';
import { FileSource } from '../formats/source';

/**
 * Reads a file of a data set.
 * @throws {FormatError} as `work` does; and if the file was written meanwhile, which is then told in place of what it has led to
 */
export async function withDataFile<T>(file: string, work: (source: FileSource) => Promise<T>): Promise<T> {
  const source = await FileSource.open(file);
  try {
    const result = await work(source);
    await source.checkUnchanged();
    return result;
  } catch (error) {
    if (error instanceof FormatError) await source.checkUnchanged();
    throw error;
  } finally {
    await source.close();
  }
}
