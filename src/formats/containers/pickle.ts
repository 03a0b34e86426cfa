import * as l10n from '@vscode/l10n';
import { PickleInput } from './pickle-input';
import { PersistentId, PickleCall, PickleGlobal, type PickleDict, type PickleValue } from './pickle-values';

/** Newest protocol (PEP 574, Python 3.8). */
const MAX_PROTOCOL = 5;

/** PyTorch writes some 30 opcodes a tensor; this is enough for 600,000 tensors, and runs in a second. */
const MAX_PICKLE_OPCODES = 20_000_000;

/**
 * Memory that the objects of a pickle may take, by the estimates below: one byte of pickle can ask for 200 of ours. Real
 * checkpoints need some 800 bytes a tensor, so that this is enough for 200,000.
 */
const MAX_PICKLE_MEMORY = 192 * 1024 * 1024;

/** Rough sizes in V8, in bytes. */
const COST = { container: 64, dict: 200, entry: 48, slot: 8, string: 32, blob: 100, memo: 8 } as const;

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
  return new PickleMachine(input).run();
}

/** The stack machine that a pickle is a program for. */
class PickleMachine {
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  /** Memo entries 0, 1, 2 …, as all picklers number them. */
  private readonly memo: PickleValue[] = [];
  /** Memo entries under other numbers. */
  private readonly sparseMemo = new Map<number, PickleValue>();
  private readonly globals = new Map<PickleGlobal, number>();
  private readonly globalsByName = new Map<string, PickleGlobal>();
  private readonly persistentIds: PersistentId[] = [];
  private memory = 0;
  /** Most values that the stack has held: the memory it keeps. */
  private highest = 0;
  /** Where the current opcode stands. */
  private at = 0;

  constructor(private readonly input: PickleInput) {}

  run(): Unpickled {
    for (let opcodes = 1; opcodes <= MAX_PICKLE_OPCODES; opcodes++) {
      this.at = this.input.position;
      const opcode = this.input.u8();
      if (opcode === 0x2e /* STOP */) {
        const { globals, persistentIds } = this;
        return { value: this.pop(), end: this.input.position, globals, persistentIds, opcodes };
      }
      this.step(opcode);
    }
    throw this.error(l10n.t('its pickle has more than {0} instructions', MAX_PICKLE_OPCODES));
  }

  private step(opcode: number): void {
    const { input } = this;
    switch (opcode) {
      case 0x80: // PROTO
        if (input.u8() > MAX_PROTOCOL) {
          throw this.error(l10n.t('its pickle is of a protocol newer than {0}', MAX_PROTOCOL));
        }
        return;
      case 0x95: // FRAME
        input.expect(input.u64());
        return;

      case 0x28: // MARK
        this.charge(COST.slot);
        this.marks.push(this.stack.length);
        return;
      case 0x30: // POP, which also pops a mark
        if (this.stack.length === this.marks.at(-1)) this.marks.pop();
        else this.pop();
        return;
      case 0x31: // POP_MARK
        this.popMark();
        return;
      case 0x32: // DUP
        this.push(this.top());
        return;

      case 0x4e: // NONE
        this.push(null);
        return;
      case 0x88: // NEWTRUE
        this.push(true);
        return;
      case 0x89: // NEWFALSE
        this.push(false);
        return;
      case 0x49: // INT; protocol 0 and 1 write booleans as 00 and 01
        this.pushInt();
        return;
      case 0x4c: // LONG
        this.push(input.decimalLine());
        return;
      case 0x4a: // BININT
        this.push(input.i32());
        return;
      case 0x4b: // BININT1
        this.push(input.u8());
        return;
      case 0x4d: // BININT2
        this.push(input.u16());
        return;
      case 0x8a: // LONG1
        this.push(input.integer(input.u8()));
        return;
      case 0x8b: // LONG4
        this.push(input.integer(input.u32()));
        return;
      case 0x46: // FLOAT
        this.push(input.floatLine());
        return;
      case 0x47: // BINFLOAT
        this.push(input.f64());
        return;

      case 0x53: // STRING
        this.pushString(input.quotedLine());
        return;
      case 0x56: // UNICODE
        this.pushString(input.escapedLine());
        return;
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        this.pushText(input.u8());
        return;
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        this.pushText(input.u32());
        return;
      case 0x8d: // BINUNICODE8
        this.pushText(input.u64());
        return;
      case 0x43: // SHORT_BINBYTES
        this.pushBlob(input.u8());
        return;
      case 0x42: // BINBYTES
        this.pushBlob(input.u32());
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.pushBlob(input.u64());
        return;

      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        this.pushArray([]);
        return;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        this.pushArray(this.popMark());
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.pushArray(this.popMany(opcode - 0x84));
        return;
      case 0x61: // APPEND
        this.append(this.popMany(1));
        return;
      case 0x65: // APPENDS
        this.append(this.popMark());
        return;

      case 0x7d: // EMPTY_DICT
        this.pushDict([]);
        return;
      case 0x64: // DICT
        this.pushDict(this.popMark());
        return;
      case 0x73: // SETITEM
        this.setItems(this.popMany(2));
        return;
      case 0x75: // SETITEMS
        this.setItems(this.popMark());
        return;

      case 0x8f: // EMPTY_SET
        this.pushSet([]);
        return;
      case 0x91: // FROZENSET
        this.pushSet(this.popMark());
        return;
      case 0x90: // ADDITEMS
        this.addItems(this.popMark());
        return;

      case 0x63: // GLOBAL
        this.push(this.global(input.nameLine(), input.nameLine()));
        return;
      case 0x93: // STACK_GLOBAL
        this.pushStackGlobal();
        return;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.pushCall(this.popMany(2));
        return;
      case 0x92: // NEWOBJ_EX
        this.pushCall(this.popMany(3));
        return;
      case 0x69: // INST
        this.pushInst();
        return;
      case 0x6f: // OBJ
        this.pushObj();
        return;
      case 0x62: // BUILD
        this.build();
        return;

      case 0x50: // PERSID
        this.pushPersistentId(input.nameLine());
        return;
      case 0x51: // BINPERSID
        this.pushPersistentId(this.pop());
        return;

      case 0x70: // PUT
        this.memoize(input.decimalLine());
        return;
      case 0x71: // BINPUT
        this.memoize(input.u8());
        return;
      case 0x72: // LONG_BINPUT
        this.memoize(input.u32());
        return;
      case 0x94: // MEMOIZE
        this.memoize(this.memo.length + this.sparseMemo.size);
        return;
      case 0x67: // GET
        this.recall(input.decimalLine());
        return;
      case 0x68: // BINGET
        this.recall(input.u8());
        return;
      case 0x6a: // LONG_BINGET
        this.recall(input.u32());
        return;

      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        throw this.error(l10n.t("its pickle refers to Python's extension registry, which is not in the file"));
      case 0x97: // NEXT_BUFFER
      case 0x98: // READONLY_BUFFER
        throw this.error(l10n.t('its pickle refers to buffers that are not in the file'));
      default:
        throw this.error(l10n.t('its pickle has an unknown instruction 0x{0}', opcode.toString(16).padStart(2, '0')));
    }
  }

  private error(reason: string): Error {
    return this.input.error(reason, this.at);
  }

  private charge(bytes: number): void {
    this.memory += bytes;
    if (this.memory > MAX_PICKLE_MEMORY) {
      throw this.error(l10n.t('its pickle would take more than {0} MB of memory', MAX_PICKLE_MEMORY / 2 ** 20));
    }
  }

  private push(value: PickleValue): void {
    this.stack.push(value);
    if (this.stack.length > this.highest) {
      this.highest = this.stack.length;
      this.charge(COST.slot);
    }
  }

  private top(): PickleValue {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.at(-1) : undefined;
    if (value === undefined) throw this.error(l10n.t('its pickle takes a value from an empty stack'));
    return value;
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.length--;
    return value;
  }

  private popMany(count: number): PickleValue[] {
    if (this.stack.length - count < (this.marks.at(-1) ?? 0)) {
      throw this.error(l10n.t('its pickle takes a value from an empty stack'));
    }
    return this.stack.splice(this.stack.length - count, count);
  }

  private popMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.error(l10n.t('its pickle goes back to a mark that it has not set'));
    return this.stack.splice(mark);
  }

  private pushInt(): void {
    const start = this.input.position;
    const line = this.input.line();
    if (line === '00' || line === '01') {
      this.push(line === '01');
      return;
    }
    this.input.position = start;
    this.push(this.input.decimalLine());
  }

  private pushString(text: string): void {
    this.charge(COST.string + text.length);
    this.push(text);
  }

  private pushText(length: number): void {
    this.charge(COST.string + Math.min(length, this.input.bytes.length));
    this.push(this.input.text(length));
  }

  private pushBlob(length: number): void {
    this.charge(COST.blob);
    this.push(this.input.blob(length));
  }

  private pushArray(items: PickleValue[]): void {
    this.charge(COST.container + COST.slot * items.length);
    this.push(items);
  }

  private pushDict(items: readonly PickleValue[]): void {
    this.charge(COST.dict);
    this.push(new Map());
    this.setItems(items);
  }

  private pushSet(items: readonly PickleValue[]): void {
    this.charge(COST.dict);
    this.push(new Set());
    this.addItems(items);
  }

  private append(items: readonly PickleValue[]): void {
    const target = this.top();
    let list: PickleValue[];
    if (Array.isArray(target)) list = target;
    else if (target instanceof PickleCall) list = target.items ??= [];
    else throw this.error(l10n.t('its pickle appends to what is no list'));
    this.charge(COST.slot * items.length);
    for (const item of items) list.push(item);
  }

  private setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (items.length % 2 !== 0) throw this.error(l10n.t('its pickle has a key without a value'));
    let dict: PickleDict;
    if (target instanceof Map) dict = target;
    else if (target instanceof PickleCall) {
      if (target.entries === undefined) this.charge(COST.dict);
      dict = target.entries ??= new Map<PickleValue, PickleValue>();
    } else throw this.error(l10n.t('its pickle sets an item of what is no dict'));
    this.charge((COST.entry * items.length) / 2);
    for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i] ?? null, items[i + 1] ?? null);
  }

  private addItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof Set)) throw this.error(l10n.t('its pickle adds to what is no set'));
    this.charge(COST.entry * items.length);
    for (const item of items) target.add(item);
  }

  private global(module: string, name: string): PickleGlobal {
    const key = `${module}\n${name}`;
    const known = this.globalsByName.get(key);
    if (known !== undefined) return known;
    this.charge(COST.dict + key.length);
    const global = new PickleGlobal(module, name);
    this.globalsByName.set(key, global);
    this.globals.set(global, this.at);
    return global;
  }

  private pushStackGlobal(): void {
    const [module, name] = this.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.error(l10n.t('its pickle names a class by what is no string'));
    }
    this.push(this.global(module, name));
  }

  private pushCall([callee = null, args = null, keywords]: readonly PickleValue[]): void {
    if (!Array.isArray(args)) throw this.error(l10n.t('its pickle calls with arguments that are no tuple'));
    this.charge(COST.container);
    this.push(new PickleCall(callee, args, keywords));
  }

  private pushInst(): void {
    const global = this.global(this.input.nameLine(), this.input.nameLine());
    const args = this.popMark();
    this.charge(COST.container + COST.slot * args.length);
    this.pushCall([global, args]);
  }

  private pushObj(): void {
    const [callee, ...args] = this.popMark();
    if (callee === undefined) throw this.error(l10n.t('its pickle makes an object of no class'));
    this.charge(COST.container + COST.slot * args.length);
    this.pushCall([callee, args]);
  }

  /** What is no object of a class (a dict, say) cannot keep a state; Python sets attributes of it, which hold no weights. */
  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PickleCall) target.state = state;
  }

  private pushPersistentId(id: PickleValue): void {
    this.charge(COST.container);
    const persistentId = new PersistentId(id);
    this.persistentIds.push(persistentId);
    this.push(persistentId);
  }

  private memoize(index: number | bigint): void {
    if (typeof index !== 'number' || index < 0) throw this.error(l10n.t('its pickle has a malformed memo number'));
    const value = this.top();
    if (index < this.memo.length) this.memo[index] = value;
    else if (index === this.memo.length) {
      this.charge(COST.memo);
      this.memo.push(value);
    } else {
      this.charge(COST.entry);
      this.sparseMemo.set(index, value);
    }
  }

  private recall(index: number | bigint): void {
    const value = typeof index === 'number' ? (this.memo[index] ?? this.sparseMemo.get(index)) : undefined;
    if (value === undefined) throw this.error(l10n.t('its pickle refers to an object that it has not defined'));
    this.push(value);
  }
}
