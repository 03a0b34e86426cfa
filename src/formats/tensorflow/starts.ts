/** How files of TensorFlow start, none of which has a signature: by the first fields of their messages. */

/**
 * An index of a checkpoint: an entry under the empty key, and as its value a `BundleHeaderProto`: the number of files,
 * perhaps the byte order, and the version.
 */
export function startsAsIndex(head: Uint8Array): boolean {
  const [shared, unshared, length = 0, tag] = head;
  if (shared !== 0 || unshared !== 0 || length < 4 || length > 32 || tag !== 0x08) return false;
  let at = varintEnd(head, 4);
  if (head[at] === 0x10) at += 2;
  return head[at] === 0x1a && (head[at + 1] ?? 0) >= 2 && (head[at + 1] ?? 0) <= 8 && head[at + 2] === 0x08;
}

/** A `SavedModel` of schema version 1, and then a graph, which starts with its meta information. */
export function startsAsSavedModel(head: Uint8Array): boolean {
  return head[0] === 0x08 && head[1] === 1 && head[2] === 0x12 && head[varintEnd(head, 3)] === 0x0a;
}

/** A `GraphDef` whose first field is a node that starts with its name and its operator. */
export function startsAsGraph(head: Uint8Array): boolean {
  if (head[0] !== 0x0a) return false;
  const node = varintEnd(head, 1);
  if (head[node] !== 0x0a) return false;
  const name = varintEnd(head, node + 1);
  const nameEnd = name + varint(head, node + 1);
  if (head[nameEnd] !== 0x12) return false;
  const operator = varintEnd(head, nameEnd + 1);
  const text = Buffer.from(head).toString('latin1');
  return (
    /^[A-Za-z0-9.][\w.\\/>-]*$/.test(text.slice(name, nameEnd)) &&
    /^[A-Z_]\w+$/.test(text.slice(operator, operator + varint(head, nameEnd + 1)))
  );
}

function varintEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
}

/** The number at `start`; those that lead beyond the first bytes of a file need not be exact. */
function varint(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let at = varintEnd(bytes, start) - 1; at >= start; at--) value = value * 128 + ((bytes[at] ?? 0) & 0x7f);
  return value;
}
