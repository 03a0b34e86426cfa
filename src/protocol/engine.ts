import type { ComparisonReport, RunReport } from '../report/comparison';
import type { ModelReport } from '../report/report';
import type { AnalysisEvent, AnalyzeRequest } from './analysis';
import type { CompareRequest, ComparisonEvent, RunEvent, RunRequest } from './comparison';
import type { DescribeRequest, DescriptionResult } from './description';

export interface EngineSettings {
  /** Role of the tensors whose name matches a pattern, as the setting has them, in its order. */
  readonly tensorRoles: readonly (readonly [pattern: string, role: string])[];
}

/** Calls from the extension host to the engine. */
export interface EngineMethods {
  readonly analyze: { readonly params: AnalyzeRequest; readonly result: ModelReport; readonly progress: AnalysisEvent };
  readonly compare: {
    readonly params: CompareRequest;
    readonly result: ComparisonReport;
    readonly progress: ComparisonEvent;
  };
  readonly compareRun: { readonly params: RunRequest; readonly result: RunReport; readonly progress: RunEvent };
  /** What the person has set; holds for the calls after it. */
  readonly configure: { readonly params: EngineSettings; readonly result: null };
  /** Does not wait for analyses that run. */
  readonly describe: { readonly params: DescribeRequest; readonly result: DescriptionResult };
}
