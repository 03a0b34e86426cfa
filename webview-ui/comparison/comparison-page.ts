import type { ComparisonEvent, ComparisonSnapshot, RunEvent, RunSnapshot } from '../../src/protocol/comparison';
import type { AnalysisStatus } from '../../src/protocol/panel';
import type { ComparisonReport, RunReport } from '../../src/report/comparison';
import { ComparisonModel } from './comparison-model';
import type { ComparisonViewState } from './comparison-view-state';
import { RunModel } from './run-model';
import type { RunViewState } from './run-view-state';

/** What the page needs from the webview around it. */
export interface PageSurroundings {
  /** The stored view state, whatever it is. */
  load(): unknown;
  save(state: ComparisonViewState | RunViewState): void;
  /** Calls back once, before the next frame is drawn. */
  nextFrame(callback: () => void): void;
  /** Milliseconds of a clock that does not jump. */
  now(): number;
}

/** Everything that `<prunability-comparison>` shows: two checkpoints or a run, how it stands, and the reader's choices. */
export class ComparisonPage {
  /** Undefined until the host has answered. */
  status: AnalysisStatus | undefined;
  subject: ComparisonModel | RunModel | undefined;

  private readonly listeners = new Set<() => void>();
  private framePending = false;

  constructor(private readonly surroundings: PageSurroundings) {}

  /** Calls `listener` after every change; returns a function that stops it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Starts from what the host has so far; the reader's choices come back if they are about these versions of the files. */
  load(snapshot: ComparisonSnapshot | RunSnapshot): void {
    const stored = this.isSwapped(snapshot)
      ? { ...this.subject?.view, fingerprint: snapshot.fingerprint }
      : (this.subject?.view ?? this.surroundings.load());
    const now = (): number => this.surroundings.now();
    this.subject =
      snapshot.kind === 'comparison' ? new ComparisonModel(snapshot, stored, now) : new RunModel(snapshot, stored, now);
    this.status = snapshot.status;
    this.surroundings.save(this.subject.view);
    this.notify();
  }

  /** Takes in an event. Listeners hear of it once a frame, however many come. */
  apply(event: ComparisonEvent | RunEvent): void {
    const { subject } = this;
    if (subject?.kind === 'comparison') {
      if (event.type !== 'step') subject.apply(event);
    } else if (event.type === 'progress' || event.type === 'step') subject?.apply(event);
    this.notifyNextFrame();
  }

  setStatus(status: AnalysisStatus, report: ComparisonReport | RunReport | null): void {
    this.status = status;
    const { subject } = this;
    if (report?.schema === 'prunability-run/1') {
      if (subject?.kind === 'run') subject.complete(report);
    } else if (report !== null && subject?.kind === 'comparison') subject.complete(report);
    this.notifyNextFrame();
  }

  /** Changes what the reader has chosen; `quietly` for what nothing else on the page depends on. */
  choose(change: () => void, quietly = false): void {
    change();
    if (this.subject !== undefined) this.surroundings.save(this.subject.view);
    if (!quietly) this.notify();
  }

  /** Whether these are the same two files the other way round: choices of tensors, order and scale hold for them, too. */
  private isSwapped(snapshot: ComparisonSnapshot | RunSnapshot): boolean {
    const { subject } = this;
    if (snapshot.kind !== 'comparison' || subject?.kind !== 'comparison') return false;
    const [before, after] = subject.paths;
    return before !== after && snapshot.before === after && snapshot.after === before;
  }

  private notifyNextFrame(): void {
    if (this.framePending) return;
    this.framePending = true;
    this.surroundings.nextFrame(() => {
      this.framePending = false;
      this.notify();
    });
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
