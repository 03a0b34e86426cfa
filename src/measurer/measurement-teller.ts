import * as l10n from '@vscode/l10n';
import type { MeasureObserver, MeasureStage } from '../measurement/measure';
import {
  startedMeasurement,
  withPart,
  type MeasurementFacts,
  type MeasurementPart,
} from '../measurement/measurement-part';
import type { MeasurementEvent } from '../protocol/measurement';
import type { Measurement } from '../report/measurement';

/** Who is told how a measurement comes on. */
export interface MeasurementListener {
  /** @param total 0 if it is not known */
  readonly stage: (text: string, done?: number, total?: number) => void;
  readonly report: (event: MeasurementEvent) => void;
}

/** Puts the measurement together from its parts, and tells it after each. */
export class MeasurementTeller implements MeasureObserver {
  /** As far as it has come; undefined before the first part. */
  measurement: Measurement | undefined;

  /** @param seconds that the measurement has taken so far, in all its runs */
  constructor(
    private readonly facts: MeasurementFacts,
    private readonly seconds: () => number,
    private readonly listener: MeasurementListener,
  ) {}

  part(part: MeasurementPart): void {
    if (part.kind === 'start') this.measurement = startedMeasurement(this.facts, part.figures);
    else if (this.measurement !== undefined) this.measurement = withPart(this.measurement, part);
    if (this.measurement === undefined) return;
    this.measurement = { ...this.measurement, seconds: this.seconds() };
    this.listener.report({ type: 'measurement', measurement: this.measurement });
  }

  progress(stage: MeasureStage, done: number, total: number): void {
    this.listener.stage(STAGES[stage], done, total);
  }
}

/** What is done in each stage, for people. */
const STAGES: Readonly<Record<MeasureStage, string>> = {
  dense: l10n.t('Loss of the unpruned network'),
  sweep: l10n.t('Pruned copies, by magnitude'),
  spectrum: l10n.t('Curvature'),
  'direct-test': l10n.t('Second-order test'),
  criteria: l10n.t('Pruned copies, by other criteria'),
  sensitivity: l10n.t('Sensitivity of each layer'),
};
