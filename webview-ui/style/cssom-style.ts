import {
  Directive,
  directive,
  PartType,
  type DirectiveResult,
  type ElementPart,
  type PartInfo,
} from 'lit/directive.js';
import { noChange } from 'lit';

class CssomStyle extends Directive {
  private previous: Readonly<Record<string, string>> = {};

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT)
      throw new Error('cssomStyle belongs on the element itself: <div ${cssomStyle({…})}>');
  }

  override render(properties: Readonly<Record<string, string>>): unknown {
    this.previous = properties;
    return noChange;
  }

  override update(part: ElementPart, [properties]: [Readonly<Record<string, string>>]): unknown {
    const { style } = part.element as HTMLElement | SVGElement;
    for (const name of Object.keys(this.previous)) if (!(name in properties)) style.removeProperty(name);
    for (const [name, value] of Object.entries(properties)) {
      if (this.previous[name] !== value) style.setProperty(name, value);
    }
    return this.render(properties);
  }
}

const cssomDirective = directive(CssomStyle);

/**
 * Sets CSS properties (by their CSS names) on an element through its `style` object. Lit's own `styleMap` writes a
 * `style` attribute the first time, which the panel's content security policy forbids.
 */
export function cssomStyle(properties: Readonly<Record<string, string>>): DirectiveResult {
  return cssomDirective(properties);
}
