import type { LitElement, ReactiveController } from 'lit';
import { scrollToShow, visibleRange } from './virtual-range';
import { gridMove, HEADER_ROW, type CellPosition } from './grid-moves';

/** What a grid tells its controller. */
export interface GridOptions {
  readonly rowHeight: number;
  /** Height of the sticky header. */
  readonly headHeight: number;
  readonly rowCount: () => number;
  readonly columnCount: () => number;
  /** The row whose first cell is the tab stop until the reader moves it. Asked for each cell that is drawn. */
  readonly firstStop: () => number;
  /** The reader has come to a cell. */
  readonly arrived: (position: CellPosition) => void;
  /** The grid has been scrolled by the reader. */
  readonly scrolled: (scrollTop: number) => void;
  /** Where to begin. */
  readonly scrollTop: () => number;
}

/**
 * An ARIA grid of which only the visible rows are in the document, with one tab stop. Its element holds a `.grid` that
 * scrolls, and cells with `aria-rowindex` (of their row; the header is 1) and `aria-colindex`.
 */
export class GridController implements ReactiveController {
  width = 0;
  private viewHeight = 0;
  private scrolledTo = 0;
  private stopAt: CellPosition | undefined;
  /** The grid has been scrolled to where it is to begin. */
  restored = false;
  private observed: Element | undefined;
  private readonly resize = new ResizeObserver(([entry]) => {
    if (entry === undefined) return;
    this.width = Math.floor(entry.contentRect.width);
    this.viewHeight = Math.floor(entry.contentRect.height);
    this.element.requestUpdate();
  });

  constructor(
    private readonly element: LitElement,
    private readonly options: GridOptions,
  ) {
    element.addController(this);
  }

  hostUpdated(): void {
    const { scroller } = this;
    if (scroller === undefined) return;
    if (scroller !== this.observed) {
      this.resize.disconnect();
      this.resize.observe(scroller);
      this.observed = scroller;
    }
    if (!this.restored && this.viewHeight > 0 && this.options.rowCount() > 0) {
      this.restored = true;
      scroller.scrollTop = this.options.scrollTop();
    }
  }

  hostDisconnected(): void {
    this.resize.disconnect();
    this.observed = undefined;
  }

  /** The cell that the tab key reaches. */
  get stop(): CellPosition {
    const rows = this.options.rowCount();
    if (this.stopAt !== undefined && this.stopAt.row < rows && this.stopAt.column < this.options.columnCount()) {
      return this.stopAt;
    }
    return { row: Math.max(this.options.firstStop(), Math.min(0, rows - 1)), column: 0 };
  }

  tabIndex(row: number, column: number): 0 | -1 {
    const { stop } = this;
    return stop.row === row && stop.column === column ? 0 : -1;
  }

  /** Visible rows, and the one that has the focus: it must not leave the document when it is scrolled away. */
  positions(): readonly number[] {
    const count = this.options.rowCount();
    const { start, end } = visibleRange(this.scrolledTo, this.bodyHeight, this.options.rowHeight, count);
    const positions = Array.from({ length: end - start }, (_, i) => start + i);
    const { row } = this.stop;
    if (row >= 0 && row < count && row < start) positions.unshift(row);
    if (row >= 0 && row < count && row >= end) positions.push(row);
    return positions;
  }

  /** Another order or filter: the tab stop goes back to where it begins. */
  forgetStop(): void {
    this.stopAt = undefined;
  }

  /** Puts the tab stop on the cell that was clicked. */
  clicked(position: CellPosition): void {
    this.stopAt = position;
    this.options.arrived(position);
    this.element.requestUpdate();
  }

  /** Moves the tab stop and the focus. */
  async moveTo(position: CellPosition): Promise<void> {
    const { scroller } = this;
    this.stopAt = position;
    this.options.arrived(position);
    if (position.row !== HEADER_ROW) this.reveal(position.row);
    this.element.requestUpdate();
    await this.element.updateComplete;
    scroller
      ?.querySelector<HTMLElement>(
        `[aria-rowindex="${String(position.row + 2)}"] [aria-colindex="${String(position.column + 1)}"]`,
      )
      ?.focus({ preventScroll: position.column === 0 });
  }

  /** Scrolls until the row is seen. */
  reveal(row: number): void {
    const { scroller } = this;
    if (scroller === undefined || this.bodyHeight === 0) return;
    scroller.scrollTop = scrollToShow(row, scroller.scrollTop, this.bodyHeight, this.options.rowHeight);
    this.scrolledTo = scroller.scrollTop;
  }

  readonly scrolled = (): void => {
    this.scrolledTo = this.scroller?.scrollTop ?? 0;
    if (this.restored) this.options.scrolled(this.scrolledTo);
    this.element.requestUpdate();
  };

  /** Answers the keys that walk the grid; true if it was one of them. */
  key(event: KeyboardEvent): boolean {
    if (event.altKey || event.metaKey) return false;
    const rows = this.options.rowCount();
    const page = Math.max(1, Math.floor(this.bodyHeight / this.options.rowHeight) - 1);
    const position = gridMove(event.key, this.stop, { rows, columns: this.options.columnCount() }, page);
    if (position === undefined) return false;
    event.preventDefault();
    void this.moveTo(position);
    return true;
  }

  private get scroller(): HTMLElement | undefined {
    return this.element.renderRoot.querySelector<HTMLElement>('.grid') ?? undefined;
  }

  /** Height of the part under the header. */
  private get bodyHeight(): number {
    return Math.max(0, this.viewHeight - this.options.headHeight);
  }
}
