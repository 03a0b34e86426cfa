/**
 * Limits that hold for every format: a file from a stranger may ask for anything, so what it can make us allocate is
 * bounded before it is allocated. Limits of one format stand in that format's file.
 */

/** The largest models published have about 10⁵ tensors (mixtures of experts, over all shards); this bounds the list to some 100 MB. */
export const MAX_TENSORS = 250_000;

/** NumPy allows 64 dimensions, PyTorch 64; more is malformed. */
export const MAX_DIMENSIONS = 64;

/** Names are shown and sorted; the longest seen in published models are under 300 characters. */
export const MAX_NAME_LENGTH = 4096;

/**
 * Room for {@link MAX_TENSORS} entries of a JSON header, read in about a second. (The reference implementation of
 * safetensors takes up to 100 MB, Hugging Face's JavaScript one up to 25 MB.)
 */
export const MAX_HEADER_BYTES = 32_000_000;

/** Shards of one model; the largest published have under 1,000. */
export const MAX_FILES = 10_000;
