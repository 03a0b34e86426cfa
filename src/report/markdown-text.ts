/** A row of a table. */
export function tableRow(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text as it is. Names come from strangers: nothing in them may act as markup, or leave the table's cell. */
export function plainText(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*[\]#|!]/g, '\\$&')
    .replace(/\s+/g, ' ');
}
