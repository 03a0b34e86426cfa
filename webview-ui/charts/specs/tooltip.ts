/** What a mark's datum has to say for itself: its `tip`, an array of lines that vega joins with line feeds. */
export const TOOLTIP = { field: 'tip', type: 'nominal' } as const;
