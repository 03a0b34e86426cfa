import type { ComparisonReport, RunReport } from '../report/comparison';
import type { ModelReport } from '../report/report';
import type { AnalysisEvent, AnalyzeRequest } from './analysis';
import type { CompareRequest, ComparisonEvent, RunEvent, RunRequest } from './comparison';
import type { DescribeRequest, DescriptionResult } from './description';

/** Calls from the extension host to the engine. */
export interface EngineMethods {
  readonly analyze: { readonly params: AnalyzeRequest; readonly result: ModelReport; readonly progress: AnalysisEvent };
  readonly compare: {
    readonly params: CompareRequest;
    readonly result: ComparisonReport;
    readonly progress: ComparisonEvent;
  };
  readonly compareRun: { readonly params: RunRequest; readonly result: RunReport; readonly progress: RunEvent };
  /** Does not wait for analyses that run. */
  readonly describe: { readonly params: DescribeRequest; readonly result: DescriptionResult };
}
