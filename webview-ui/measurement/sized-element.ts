import type { PropertyValues } from 'lit';
import { state } from 'lit/decorators.js';
import { PanelElement } from '../components/panel-element';
import type { Topic } from '../model/panel-model';

/** A part of the measured section that lays itself out for the width it has. */
export abstract class SizedElement extends PanelElement {
  /** In pixels; 0 before the first layout. */
  @state() protected width = 0;
  protected readonly topics: readonly Topic[] = ['measurement'];
  private readonly resize = new ResizeObserver(([entry]) => {
    if (entry !== undefined) this.width = Math.floor(entry.contentRect.width);
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
  }

  protected override shouldUpdate(changed: PropertyValues): boolean {
    return this.width > 0 || !this.hasUpdated || changed.has('width');
  }
}
