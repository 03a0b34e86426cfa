/** The elements that a webview's page can consist of; each is defined by `webview-ui/main.ts`. */
export type PageElement = 'prunability-panel' | 'prunability-comparison' | 'prunability-summary';

export interface PageParts {
  readonly element: PageElement;
  /** Fresh for each page: the policy lets only what carries it run. */
  readonly nonce: string;
  /** Where scripts, styles and images may come from (CSP source expression). */
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  /** Language of the texts, e.g. `de`. */
  readonly language: string;
  /** Translations by English text; empty for English. */
  readonly texts: Readonly<Record<string, unknown>>;
  /** Goes before the page's script: for tests, which stand in for VS Code. */
  readonly scriptsBefore?: string;
}

/** The page of every webview: one script, one style sheet, and a policy under which nothing else runs or loads. */
export function pageHtml(parts: PageParts): string {
  const { element, nonce, cspSource, scriptUri, styleUri, language, texts, scriptsBefore = '' } = parts;
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `img-src ${cspSource} data:`,
    `font-src ${cspSource}`,
  ].join('; ');
  // "<" could end the script element that the texts stand in.
  const data = JSON.stringify(texts).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${styleUri}">
<title>Prunability</title>
</head>
<body>
<${element}></${element}>
<script type="application/json" id="texts">${data}</script>
${scriptsBefore}<script nonce="${nonce}" src="${scriptUri}"></script>
</body>
</html>`;
}
