import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { ExportFormat } from '../../src/protocol/panel';
import type { PanelHost } from '../host-connection';
import { byteSize, duration, grouped, percent, shortCount } from '../../src/report/number-text';
import { shortType } from '../../src/report/type-text';
import type { Topic } from '../model/panel-model';
import { icon } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import { PanelElement } from './panel-element';
import { progressBar, progressBarStyles } from './progress-bar';

const EXPORTS: readonly { readonly format: ExportFormat; readonly label: string }[] = [
  { format: 'json', label: l10n.t('JSON report') },
  { format: 'csv', label: l10n.t('CSV, one row a tensor') },
  { format: 'markdown', label: l10n.t('Markdown summary') },
];

/** What file this is, how the analysis stands, and what can be done with it. */
@customElement('panel-header')
export class PanelHeader extends PanelElement {
  @property({ attribute: false }) host!: PanelHost;
  /** A call to the host is under way: its button waits. */
  @state() private busy = false;
  @state() private menuOpen = false;
  protected readonly topics: readonly Topic[] = ['analysis', 'measurement'];

  static override styles = [
    sharedStyles,
    progressBarStyles,
    css`
      :host {
        position: relative;
        border-bottom: 1px solid var(--pr-line);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 16px;
        padding: 8px 20px;
        min-height: 40px;
      }
      h1 {
        font-size: inherit;
        font-weight: 600;
        color: var(--pr-strong);
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }
      .meta {
        display: flex;
        flex-wrap: wrap;
        flex: 1 0 auto;
        padding: 0;
        list-style: none;
        white-space: nowrap;
      }
      .meta li + li::before {
        content: '·';
        margin: 0 8px;
      }
      .toolbar {
        display: flex;
        gap: 4px;
        margin: 0 -8px 0 auto;
        position: relative;
      }
      .toolbar > button {
        display: flex;
        align-items: center;
        gap: 4px;
        height: 24px;
        padding: 0 8px;
        border-radius: 4px;
      }
      .toolbar button:hover:enabled {
        background: var(--vscode-toolbar-hoverBackground);
      }
      button:disabled {
        opacity: 0.5;
        cursor: default;
      }
      .menu {
        position: absolute;
        top: 100%;
        right: 0;
        z-index: 20;
        min-width: 200px;
        margin-top: 4px;
        padding: 4px;
        background: var(--vscode-menu-background, var(--pr-raised));
        border: 1px solid var(--vscode-menu-border, var(--pr-raised-line));
        border-radius: 6px;
        box-shadow: var(--pr-shadow);
      }
      .menu button {
        display: block;
        width: 100%;
        padding: 2px 12px;
        border-radius: 4px;
        color: var(--vscode-menu-foreground, inherit);
        white-space: nowrap;
      }
      .menu button:hover,
      .menu button:focus-visible {
        background: var(--vscode-menu-selectionBackground, var(--pr-hover));
        color: var(--vscode-menu-selectionForeground, inherit);
        outline: 1px solid var(--pr-selection-outline, transparent);
        outline-offset: -1px;
      }
      @media (max-width: 640px) {
        .meta {
          order: 1;
          flex-basis: 100%;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { file } = this.model.analysis;
    const state = this.model.status?.state;
    const running = state === 'running';
    // the notice under the header has a button of its own to start again
    const stopped = state === 'failed' || state === 'cancelled';
    const path = file?.path ?? this.model.path;
    const name = path.split(/[/\\]/).at(-1) ?? '';
    return html`<header>
        <h1 title=${path}>${name}</h1>
        <ul class="meta muted">
          ${this.facts().map((fact) => html`<li>${fact}</li>`)}
        </ul>
        <div
          class="toolbar"
          role="toolbar"
          aria-label=${l10n.t('Analysis')}
          @keydown=${this.menuKey}
          @focusout=${this.focusLeft}
        >
          ${
            stopped
              ? nothing
              : running
                ? html`<button class="cancel" @click=${() => this.ask('cancel')}>
                    ${icon('stop')}${l10n.t('Cancel')}
                  </button>`
                : html`<button ?disabled=${this.busy} @click=${() => this.ask('restart')}>
                    ${icon('rerun')}${l10n.t('Re-run')}
                  </button>`
          }
          ${
            this.model.isMeasurable && this.model.measured === undefined
              ? html`<button ?disabled=${running || stopped} @click=${() => this.ask('measure')}>
                  ${icon('measure')}${l10n.t('Measure with Data…')}
                </button>`
              : nothing
          }
          <button
            class="export"
            ?disabled=${this.model.analysis.readCount === 0}
            aria-haspopup="menu"
            aria-expanded=${this.menuOpen}
            @click=${this.toggleMenu}
          >
            ${icon('export')}${l10n.t('Export')}
          </button>
          ${this.menuOpen ? this.menu() : nothing}
        </div>
      </header>
      ${running ? progressBar(l10n.t('Reading the file'), this.model.analysis.progress().fraction, this.progressText()) : nothing}`;
  }

  private facts(): readonly string[] {
    const { file, tensors, update, readCount } = this.model.analysis;
    const { status } = this.model;
    if (file === undefined) return status?.state === 'running' ? [l10n.t('opening…')] : [];
    const dtypes = new Set(tensors.filter((tensor) => tensor.prunable).map(shortType));
    const count = update?.model.count;
    const facts = [
      file.formatLabel,
      ...(count === undefined || status?.state === 'running'
        ? []
        : [l10n.t('{0} values', count < 1e9 ? grouped(count) : shortCount(count))]),
      file.files > 1 ? l10n.t('{0} in {1} files', byteSize(file.bytes), file.files) : byteSize(file.bytes),
      ...(dtypes.size === 0 ? [] : [[...dtypes].slice(0, 3).join(', ') + (dtypes.size > 3 ? ' …' : '')]),
    ];
    switch (status?.state) {
      case 'complete':
        return [...facts, l10n.t('analyzed in {0}', duration(status.seconds))];
      case 'cancelled':
        return [...facts, l10n.t('stopped after {0} of {1} tensors', grouped(readCount), grouped(tensors.length))];
      case 'running':
        return [...facts, this.progressText()];
      default:
        return facts;
    }
  }

  private progressText(): string {
    const { bytesDone, totalBytes } = this.model.analysis;
    const { fraction, secondsLeft } = this.model.analysis.progress();
    const [share, done, total] = [percent(fraction), byteSize(bytesDone), byteSize(totalBytes)];
    return secondsLeft === undefined || secondsLeft < 1
      ? l10n.t('{0} read ({1} of {2})', share, done, total)
      : l10n.t('{0} read ({1} of {2}, {3} left)', share, done, total, duration(Math.ceil(secondsLeft)));
  }

  private menu(): TemplateResult {
    return html`<div class="menu" role="menu" aria-label=${l10n.t('Export')}>
      ${EXPORTS.map(
        ({ format, label }) =>
          html`<button
            role="menuitem"
            tabindex="-1"
            @click=${() => {
              this.menuOpen = false;
              this.exportButton?.focus();
              this.host.call('export', { format }).catch(ignoreRefusal);
            }}
          >
            ${label}
          </button>`,
      )}
    </div>`;
  }

  private get exportButton(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('.export');
  }

  private readonly toggleMenu = async (): Promise<void> => {
    this.menuOpen = !this.menuOpen;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.menu button')?.focus();
  };

  private readonly menuKey = (event: KeyboardEvent): void => {
    if (!this.menuOpen) return;
    const items = [...this.renderRoot.querySelectorAll<HTMLElement>('.menu button')];
    const at = items.findIndex((item) => item.matches(':focus'));
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) items[next % items.length]?.focus();
    else if (event.key === 'Escape') {
      this.menuOpen = false;
      this.exportButton?.focus();
    } else return;
    event.preventDefault();
  };

  private readonly focusLeft = (event: FocusEvent): void => {
    const to = event.relatedTarget;
    if (!(to instanceof Node) || !this.renderRoot.contains(to)) this.menuOpen = false;
  };

  private async ask(what: 'cancel' | 'restart' | 'measure'): Promise<void> {
    this.busy = true;
    try {
      await this.host.call(what, null);
    } catch {
      // what went wrong is told by the status that the host sends, and in its log
    } finally {
      this.busy = false;
    }
  }
}

/** The host shows its own messages about exports that fail; a dialog closed by the reader is none. */
function ignoreRefusal(): void {
  return;
}

declare global {
  interface HTMLElementTagNameMap {
    'panel-header': PanelHeader;
  }
}
