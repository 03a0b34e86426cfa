import { l10n, MarkdownString, StatusBarAlignment, window, type Disposable } from 'vscode';

/** Something that takes its time, started by the user. */
export interface Work {
  readonly title: string;
  cancel(): void;
  /** Brings its result into view. */
  show(): void;
}

/** A running {@link Work}. */
export interface WorkItem {
  /** @param fraction done, in [0, 1] */
  progress(fraction: number): void;
  end(): void;
}

interface Running extends Work {
  fraction: number;
}

/** Tells in the status bar what runs, while its editor is not in sight; a click shows it. */
export class RunningWork implements Disposable {
  private readonly running = new Set<Running>();
  private readonly item = window.createStatusBarItem('prunability.progress', StatusBarAlignment.Left);

  constructor() {
    this.item.name = l10n.t('Prunability: progress');
    this.item.command = 'prunability.showRunning';
  }

  /** What the status bar says; undefined if nothing runs. */
  get text(): string | undefined {
    return this.running.size === 0 ? undefined : this.item.text;
  }

  start(work: Work): WorkItem {
    const running: Running = { ...work, fraction: 0 };
    this.running.add(running);
    this.update();
    return {
      progress: (fraction) => {
        running.fraction = fraction;
        this.update();
      },
      end: () => {
        this.running.delete(running);
        this.update();
      },
    };
  }

  /** Shows what was started last. */
  show(): void {
    [...this.running].at(-1)?.show();
  }

  /** Cancels what was started last. */
  cancel(): void {
    [...this.running].at(-1)?.cancel();
  }

  dispose(): void {
    this.item.dispose();
  }

  private update(): void {
    const last = [...this.running].at(-1);
    if (last === undefined) {
      this.item.hide();
      return;
    }
    const percent = Math.floor(100 * last.fraction);
    // A file's name is no icon.
    const title = last.title.replaceAll('$(', '$ (');
    this.item.text =
      this.running.size === 1
        ? l10n.t('$(loading~spin) {0}: {1} %', title, percent)
        : l10n.t('$(loading~spin) {0}: {1} % (1 of {2})', title, percent, this.running.size);
    const tooltip = new MarkdownString(undefined, true);
    tooltip.isTrusted = { enabledCommands: ['prunability.showRunning', 'prunability.cancel'] };
    for (const { title, fraction } of this.running) tooltip.appendText(`${title}: ${Math.floor(100 * fraction)} %\n`);
    tooltip.appendMarkdown(`\n\n[${l10n.t('Show')}](command:prunability.showRunning) · `);
    tooltip.appendMarkdown(`[${l10n.t('Cancel')}](command:prunability.cancel)`);
    this.item.tooltip = tooltip;
    this.item.show();
  }
}
