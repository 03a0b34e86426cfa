import type { CompareRequest } from '../protocol/comparison';
import type { DescriptionResult } from '../protocol/description';
import type { ComparisonReport } from '../report/comparison';
import type { ModelReport } from '../report/report';
import { analysisResult } from './analysis-result';
import { comparisonResult } from './comparison-result';
import { descriptionResult } from './description-result';
import { toolFailure, unreadable, type ToolFailure } from './failure';
import { ANALYSIS_SCHEMA, COMPARISON_SCHEMA, DESCRIPTION_SCHEMA, type OutputSchema } from './output-schemas';
import { ANALYZE_PRUNABILITY, COMPARE_CHECKPOINTS, DESCRIBE_MODEL, type ToolDefinition } from './tool-definitions';
import { ToolInput } from './tool-input';

/** Bytes read so far, and to be read. */
export type OnProgress = (bytesDone: number, totalBytes: number) => void;

/** What the surface does for the tools. All paths are absolute but the one that `locate` gets. */
export interface AgentBackend {
  /**
   * The file that a path means.
   * @throws AccessError if it may not be read
   */
  readonly locate: (path: string) => Promise<string>;
  /** @throws FormatError, CancelledError */
  readonly analyze: (path: string, signal: AbortSignal, onProgress: OnProgress) => Promise<ModelReport>;
  /** @throws CancelledError */
  readonly describe: (path: string, signal: AbortSignal) => Promise<DescriptionResult>;
  /** @throws FormatError, CancelledError */
  readonly compare?:
    ((request: CompareRequest, signal: AbortSignal, onProgress: OnProgress) => Promise<ComparisonReport>) | undefined;
  /** Gets errors that are our own fault, which the result mentions only. */
  readonly log: (error: unknown) => void;
}

/** A result is JSON-serialisable, an object, and follows the tool's output schema. */
export type ToolOutcome =
  { readonly ok: true; readonly result: object } | { readonly ok: false; readonly failure: ToolFailure };

/** A tool as every surface offers it. */
export interface AgentTool extends ToolDefinition {
  readonly outputSchema: OutputSchema;
  /** Never fails but with `CancelledError` once the signal is raised; whatever else goes wrong is an outcome. */
  readonly call: (input: unknown, signal: AbortSignal, onProgress: OnProgress) => Promise<ToolOutcome>;
}

/** The tools that the backend can serve: without its `compare`, there is no `compare_checkpoints`. */
export function agentTools(backend: AgentBackend): readonly AgentTool[] {
  const { compare } = backend;
  return [
    tool(backend, ANALYZE_PRUNABILITY, ANALYSIS_SCHEMA, async (input, signal, onProgress) => {
      const { maxLayers, sortBy } = input;
      const report = await backend.analyze(await backend.locate(input.path('path')), signal, onProgress);
      return { ok: true, result: analysisResult(report, { maxLayers, sortBy }) };
    }),
    ...(compare === undefined
      ? []
      : [
          tool(backend, COMPARE_CHECKPOINTS, COMPARISON_SCHEMA, async (input, signal, onProgress) => {
            const { maxLayers } = input;
            const paths = [input.path('before'), input.path('after')] as const;
            const [before, after] = [await backend.locate(paths[0]), await backend.locate(paths[1])];
            return {
              ok: true,
              result: comparisonResult(await compare({ before, after }, signal, onProgress), { maxLayers }),
            };
          }),
        ]),
    tool(backend, DESCRIBE_MODEL, DESCRIPTION_SCHEMA, async (input, signal) => {
      const description = await backend.describe(await backend.locate(input.path('path')), signal);
      return description.state === 'readable'
        ? { ok: true, result: descriptionResult(description) }
        : { ok: false, failure: unreadable(description) };
    }),
  ];
}

function tool(
  { log }: AgentBackend,
  definition: ToolDefinition,
  outputSchema: OutputSchema,
  run: (input: ToolInput, signal: AbortSignal, onProgress: OnProgress) => Promise<ToolOutcome>,
): AgentTool {
  const call: AgentTool['call'] = async (input, signal, onProgress) => {
    try {
      return await run(new ToolInput(input, definition), signal, onProgress);
    } catch (error) {
      const failure = toolFailure(error);
      if (failure.kind === 'internal') log(error);
      return { ok: false, failure };
    }
  };
  return { ...definition, outputSchema, call };
}
