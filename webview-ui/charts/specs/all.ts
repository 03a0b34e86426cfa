import type { TopLevelSpec } from 'vega-lite';
import { kurtosisByLayerSpec, limitByLayerSpec } from './by-layer';
import { comparedDistributionSpec } from './compared-distribution';
import { distributionSpec } from './distribution';
import { overStepsSpec } from './over-steps';

/** Every chart of the panel, by the name under which its compiled form is imported. */
export const CHART_SPECS: Readonly<Record<string, TopLevelSpec>> = {
  distributionLinear: distributionSpec('linear'),
  distributionLogarithmic: distributionSpec('log'),
  kurtosisByLayer: kurtosisByLayerSpec(),
  limitByLayer: limitByLayerSpec(),
  comparedLinear: comparedDistributionSpec('linear'),
  comparedLogarithmic: comparedDistributionSpec('log'),
  overSteps: overStepsSpec(),
};
