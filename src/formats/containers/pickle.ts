import * as l10n from '@vscode/l10n';
import { FormatError, throwIfCancelled } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import type { RandomAccessSource } from '../source';
import { PickleInput, PickleTruncatedError } from './pickle-input';
import { PickleMachine } from './pickle-machine';
import { runOpcode } from './pickle-opcodes';
import type { PersistentId, PickleGlobal, PickleValue } from './pickle-values';

/** PyTorch writes some 30 opcodes a tensor; this is enough for 600,000 tensors, and runs in a second. */
const MAX_PICKLE_OPCODES = 20_000_000;

/** Bytes read at a time of a pickle of which most is left in the file; four times as much where it is not. */
const WINDOW_BYTES = 16 * 1024;
const MAX_WINDOW_BYTES = 256 * 1024;

/** What came out of a pickle. */
export interface Unpickled {
  readonly value: PickleValue;
  /** Position after its STOP: PyTorch's legacy format has several pickles in a row. */
  readonly end: number;
  /** All classes and functions that it names, whether used or not, and where each was named first. */
  readonly globals: ReadonlyMap<PickleGlobal, number>;
  /** All references to objects outside, in order, whether used or not. */
  readonly persistentIds: readonly PersistentId[];
  /** Number of opcodes: bounds the number of different objects. */
  readonly opcodes: number;
}

/** Where a pickle stands. */
interface PickleLocation {
  /** Path of the file, for messages. */
  readonly file: string;
  /** Where in the file the first of the bytes is; undefined if they are compressed there. */
  readonly fileOffset: number | undefined;
  /** Where in the bytes the pickle starts. */
  readonly start?: number;
}

/**
 * Reads a pickle of protocol 0 to 5 (Python's `pickletools.py` is the specification) as inert data: nothing is imported
 * and nothing called. Neither recursive nor slow on hostile input; memory and opcodes are bounded.
 *
 * @throws {PickleTruncatedError} if it goes on beyond the bytes given
 * @throws {FormatError} if it is malformed, goes over a limit, or uses opcodes that name what is not in the file
 * (extension registry, out-of-band buffers)
 */
export function unpickle(bytes: Uint8Array, location: PickleLocation): Unpickled {
  const input = new PickleInput(bytes, location.start ?? 0, location.file, location.fileOffset);
  return run(new PickleMachine(input), 0);
}

/**
 * Reads a pickle of any size from its file: as {@link unpickle}, but runs of bytes stay in the file, as
 * {@link PickleBlob}s, and are not read.
 * @throws {FormatError} also if what is not bytes has more than {@link MAX_HEADER_BYTES}
 */
export async function unpickleFile(source: RandomAccessSource, signal?: AbortSignal): Promise<Unpickled> {
  let window = WINDOW_BYTES;
  const first = await source.read(0, Math.min(window, source.size), signal);
  const input = new PickleInput(first, 0, source.path, 0, source.size);
  const machine = new PickleMachine(input);
  let start = 0;
  let read = 0;
  let opcodes = 0;
  for (;;) {
    try {
      const unpickled = run(machine, opcodes);
      return { ...unpickled, end: start + unpickled.end };
    } catch (error) {
      if (!(error instanceof PickleTruncatedError)) throw error;
      throwIfCancelled(signal);
      opcodes = machine.opcodes;
      // The instruction that was cut off is carried out again: none changes anything before it has its arguments.
      const needed = error.needed - machine.at;
      const next = start + machine.at;
      if (next + needed > source.size) throw error;
      const consecutive = machine.at <= input.bytes.length;
      window = consecutive ? Math.min(MAX_WINDOW_BYTES, 4 * window) : WINDOW_BYTES;
      read += Math.min(machine.at, input.bytes.length);
      if (read + needed > MAX_HEADER_BYTES) {
        throw new FormatError({
          file: source.path,
          offset: next,
          reason: l10n.t('has a pickle of more than the {0} bytes that are read', MAX_HEADER_BYTES),
          remedy: l10n.t('Save the weights alone.'),
        });
      }
      start = next;
      const length = Math.min(source.size - start, Math.max(needed, window));
      input.moveTo(await source.read(start, length, signal), start);
    }
  }
}

function run(machine: PickleMachine, done: number): Unpickled {
  const { input } = machine;
  for (machine.opcodes = done; machine.opcodes < MAX_PICKLE_OPCODES;) {
    machine.at = input.position;
    const opcode = input.u8();
    if (opcode === 0x2e /* STOP */) {
      const { globals, persistentIds, opcodes } = machine;
      return { value: machine.pop(), end: input.position, globals, persistentIds, opcodes: opcodes + 1 };
    }
    runOpcode(machine, opcode);
    machine.opcodes++;
  }
  throw machine.error(l10n.t('its pickle has more than {0} instructions', MAX_PICKLE_OPCODES));
}
