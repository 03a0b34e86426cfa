/** Resolved colours and fonts: what a canvas needs, which knows no CSS variables. */
export interface Theme {
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  readonly strong: string;
  readonly grid: string;
  readonly line: string;
  readonly kept: string;
  readonly pruned: string;
  readonly hand: string;
  readonly safe: string;
  readonly utopia: string;
  readonly fit: string;
  readonly warn: string;
  readonly selectionText: string;
  readonly fontFamily: string;
  readonly highContrast: boolean;
}

const COLORS = {
  background: '--vscode-editor-background',
  foreground: '--vscode-foreground',
  muted: '--pr-muted',
  strong: '--pr-strong',
  grid: '--pr-grid',
  line: '--pr-pruned',
  kept: '--pr-kept',
  pruned: '--pr-pruned',
  hand: '--pr-hand',
  safe: '--pr-safe',
  utopia: '--pr-utopia',
  fit: '--pr-fit',
  warn: '--pr-warn',
  selectionText: '--pr-selection-text',
} as const;

/** Reads the present theme; a probe element resolves `color-mix()` and references to other variables. */
function readTheme(): Theme {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.hidden = true;
  const resolve = (variable: string): string => {
    probe.style.color = `var(${variable}, var(--vscode-foreground))`;
    return getComputedStyle(probe).color;
  };
  const colors = Object.fromEntries(Object.entries(COLORS).map(([name, variable]) => [name, resolve(variable)]));
  probe.remove();
  return {
    ...(colors as Record<keyof typeof COLORS, string>),
    fontFamily: getComputedStyle(document.body).fontFamily,
    highContrast: document.body.classList.contains('vscode-high-contrast'),
  };
}

let current: Theme | undefined;
const listeners = new Set<() => void>();

/** The theme as it is now. */
export function theme(): Theme {
  if (current === undefined) {
    current = readTheme();
    // VS Code changes the variables on <html> and the class of <body> when the reader picks another theme.
    const observer = new MutationObserver(() => {
      current = readTheme();
      for (const listener of listeners) listener();
    });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
    observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  }
  return current;
}

/** Calls `listener` after every change of theme; returns a function that stops it. */
export function onThemeChange(listener: () => void): () => void {
  theme();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
