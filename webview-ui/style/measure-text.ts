import { theme } from './theme';

let pen: CanvasRenderingContext2D | null | undefined;

/** Width in pixels of a text as the ruler draws it: figures large and bold, names small. */
export function measureText(text: string, size: 'value' | 'name'): number {
  pen ??= document.createElement('canvas').getContext('2d');
  if (pen === null) return text.length * 7;
  pen.font = `${size === 'value' ? '600 13px' : '11px'} ${theme().fontFamily}`;
  return pen.measureText(text).width;
}
