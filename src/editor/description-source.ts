import type { Event, Uri } from 'vscode';
import type { DescriptionResult } from '../protocol/description';

/** Descriptions of models from their headers, kept as long as the file stays as it is. */
export interface Descriptions {
  /** Reads the header unless the description is known. A file that cannot be read is an answer, not an error. */
  describe(uri: Uri, signal?: AbortSignal): Promise<DescriptionResult>;
  /** Models of which there is something new to tell: described, analysed, or changed since. */
  readonly onDidChange: Event<readonly Uri[]>;
  /** What is known without reading anything. */
  cached(uri: Uri): DescriptionResult | undefined;
}
