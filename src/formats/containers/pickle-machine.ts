import * as l10n from '@vscode/l10n';
import type { PickleInput } from './pickle-input';
import { PersistentId, PickleBlob, PickleCall, PickleGlobal, type PickleDict, type PickleValue } from './pickle-values';

/**
 * Memory that the objects of a pickle may take, by the estimates below: one byte of pickle can ask for 200 of ours. Real
 * checkpoints need some 800 bytes a tensor, so that this is enough for 200,000.
 */
const MAX_PICKLE_MEMORY = 192 * 1024 * 1024;

/** Rough sizes in V8, in bytes. */
const COST = { container: 64, dict: 200, entry: 48, slot: 8, string: 32, blob: 100, memo: 8 } as const;

/** The stack machine that a pickle is a program for. */
export class PickleMachine {
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  /** Memo entries 0, 1, 2 …, as all picklers number them. */
  private readonly memo: PickleValue[] = [];
  /** Memo entries under other numbers. */
  private readonly sparseMemo = new Map<number, PickleValue>();
  readonly globals = new Map<PickleGlobal, number>();
  private readonly globalsByName = new Map<string, PickleGlobal>();
  readonly persistentIds: PersistentId[] = [];
  private memory = 0;
  /** Most values that the stack has held: the memory it keeps. */
  private highest = 0;
  /** Where the current opcode stands. */
  at = 0;
  /** Number of instructions carried out. */
  opcodes = 0;

  constructor(readonly input: PickleInput) {}

  error(reason: string): Error {
    return this.input.error(reason, this.at);
  }

  charge(bytes: number): void {
    this.memory += bytes;
    if (this.memory > MAX_PICKLE_MEMORY) {
      throw this.error(l10n.t('its pickle would take more than {0} MB of memory', MAX_PICKLE_MEMORY / 2 ** 20));
    }
  }

  push(value: PickleValue): void {
    this.stack.push(value);
    if (this.stack.length > this.highest) {
      this.highest = this.stack.length;
      this.charge(COST.slot);
    }
  }

  mark(): void {
    this.charge(COST.slot);
    this.marks.push(this.stack.length);
  }

  popOrUnmark(): void {
    if (this.stack.length === this.marks.at(-1)) this.marks.pop();
    else this.pop();
  }

  top(): PickleValue {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.at(-1) : undefined;
    if (value === undefined) throw this.error(l10n.t('its pickle takes a value from an empty stack'));
    return value;
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.length--;
    return value;
  }

  popMany(count: number): PickleValue[] {
    if (this.stack.length - count < (this.marks.at(-1) ?? 0)) {
      throw this.error(l10n.t('its pickle takes a value from an empty stack'));
    }
    return this.stack.splice(this.stack.length - count, count);
  }

  popMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.error(l10n.t('its pickle goes back to a mark that it has not set'));
    return this.stack.splice(mark);
  }

  pushInt(): void {
    const start = this.input.position;
    const line = this.input.line();
    if (line === '00' || line === '01') {
      this.push(line === '01');
      return;
    }
    this.input.position = start;
    this.push(this.input.decimalLine());
  }

  pushString(text: string): void {
    this.charge(COST.string + text.length);
    this.push(text);
  }

  pushText(length: number): void {
    if (this.input.isWindow && this.isLatin1Text()) {
      this.pushLeft(length, 'utf8');
      return;
    }
    this.charge(COST.string + Math.min(length, this.input.bytes.length));
    this.push(this.input.text(length));
  }

  /** A string of Python 2: bytes, if they follow where NumPy has whether an array is in Fortran order. */
  pushByteText(length: number): void {
    if (this.input.isWindow && typeof this.stack.at(-1) === 'boolean') this.pushLeft(length, 'bytes');
    else this.pushText(length);
  }

  pushBlob(length: number): void {
    if (this.input.isWindow) {
      this.pushLeft(length, 'bytes');
      return;
    }
    this.charge(COST.blob);
    this.push(this.input.blob(length));
  }

  /** Protocols before 3 have no bytes: they call a function that makes them of text. */
  private isLatin1Text(): boolean {
    const above = this.stack.at(-1);
    return above instanceof PickleGlobal && above.module === '_codecs' && above.name === 'encode';
  }

  private pushLeft(length: number, encoding: PickleBlob['encoding']): void {
    this.charge(COST.blob);
    this.push(new PickleBlob(this.input.pass(length), length, encoding));
  }

  pushArray(items: PickleValue[]): void {
    this.charge(COST.container + COST.slot * items.length);
    this.push(items);
  }

  pushDict(items: readonly PickleValue[]): void {
    this.charge(COST.dict);
    this.push(new Map());
    this.setItems(items);
  }

  pushSet(items: readonly PickleValue[]): void {
    this.charge(COST.dict);
    this.push(new Set());
    this.addItems(items);
  }

  append(items: readonly PickleValue[]): void {
    const target = this.top();
    let list: PickleValue[];
    if (Array.isArray(target)) list = target;
    else if (target instanceof PickleCall) list = target.items ??= [];
    else throw this.error(l10n.t('its pickle appends to what is no list'));
    this.charge(COST.slot * items.length);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
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

  addItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof Set)) throw this.error(l10n.t('its pickle adds to what is no set'));
    this.charge(COST.entry * items.length);
    for (const item of items) target.add(item);
  }

  global(module: string, name: string): PickleGlobal {
    const key = `${module}\n${name}`;
    const known = this.globalsByName.get(key);
    if (known !== undefined) return known;
    this.charge(COST.dict + key.length);
    const global = new PickleGlobal(module, name);
    this.globalsByName.set(key, global);
    this.globals.set(global, this.at);
    return global;
  }

  pushStackGlobal(): void {
    const [module, name] = this.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.error(l10n.t('its pickle names a class by what is no string'));
    }
    this.push(this.global(module, name));
  }

  pushCall([callee = null, args = null, keywords]: readonly PickleValue[]): void {
    if (!Array.isArray(args)) throw this.error(l10n.t('its pickle calls with arguments that are no tuple'));
    this.charge(COST.container);
    this.push(new PickleCall(callee, args, keywords));
  }

  pushInst(): void {
    const global = this.global(this.input.nameLine(), this.input.nameLine());
    const args = this.popMark();
    this.charge(COST.container + COST.slot * args.length);
    this.pushCall([global, args]);
  }

  pushObj(): void {
    const [callee, ...args] = this.popMark();
    if (callee === undefined) throw this.error(l10n.t('its pickle makes an object of no class'));
    this.charge(COST.container + COST.slot * args.length);
    this.pushCall([callee, args]);
  }

  /** What is no object of a class (a dict, say) cannot keep a state; Python sets attributes of it, which hold no weights. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PickleCall) target.state = state;
  }

  pushPersistentId(id: PickleValue): void {
    this.charge(COST.container);
    const persistentId = new PersistentId(id);
    this.persistentIds.push(persistentId);
    this.push(persistentId);
  }

  memoize(index: number | bigint): void {
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

  memoizeNext(): void {
    this.memoize(this.memo.length + this.sparseMemo.size);
  }

  recall(index: number | bigint): void {
    const value = typeof index === 'number' ? (this.memo[index] ?? this.sparseMemo.get(index)) : undefined;
    if (value === undefined) throw this.error(l10n.t('its pickle refers to an object that it has not defined'));
    this.push(value);
  }
}
