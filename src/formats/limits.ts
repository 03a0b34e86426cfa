/**
 * Limits that hold for every format: a file from a stranger may ask for anything, so what it can make us allocate is
 * bounded before it is allocated. Limits of one format stand in that format's file.
 */

/** The largest models published have about 10⁵ tensors (mixtures of experts); a million leaves room and bounds the list to some 300 MB. */
export const MAX_TENSORS = 1_000_000;

/** NumPy allows 64 dimensions, PyTorch 64; more is malformed. */
export const MAX_DIMENSIONS = 64;

/** Names are shown and sorted; the longest seen in published models are under 300 characters. */
export const MAX_NAME_LENGTH = 4096;

/** safetensors' reference implementation refuses headers over 100 MB (CVE-style denial of service); the same bound serves every header here. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Shards of one model; the largest published have under 1,000. */
export const MAX_FILES = 10_000;
