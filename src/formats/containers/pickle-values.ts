/**
 * What a pickle describes, as inert data. Nothing here can run: classes and functions are names, and calls of them are
 * records of what Python would call. Lists and tuples are both arrays, as nothing that we read depends on the
 * difference. Values may be shared and, through lists, dicts and calls, cyclic.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | Set<PickleValue>
  | PickleGlobal
  | PickleCall
  | PersistentId
  | PickleBlob;

/** Dicts are maps: a key named `__proto__` is a key like any other. Integers beyond 2^53 are bigints. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** A class or function that the pickle imports by name. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  get qualifiedName(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An object that Python would make by calling something (REDUCE, NEWOBJ, OBJ, INST), and what it would do to it then. */
export class PickleCall {
  /** Appended to it (list subclasses). */
  items: PickleValue[] | undefined;
  /** Set as its items (dict subclasses). */
  entries: PickleDict | undefined;
  /** Passed to its `__setstate__`, or put into its `__dict__`. */
  state: PickleValue | undefined;

  constructor(
    readonly callee: PickleValue,
    readonly args: PickleValue[],
    /** Keyword arguments (NEWOBJ_EX). */
    readonly keywords?: PickleValue,
  ) {}

  /** `module.name` of what is called; empty if that is itself the result of a call. */
  get calleeName(): string {
    return this.callee instanceof PickleGlobal ? this.callee.qualifiedName : '';
  }
}

/** An object that is stored outside the pickle (PyTorch: the storage of a tensor). */
export class PersistentId {
  constructor(readonly id: PickleValue) {}
}

/** Bytes that stay in the file: where they are. Only of pickles that are read by ranges. */
export class PickleBlob {
  constructor(
    readonly offset: number,
    readonly length: number,
    /** `utf8`: text of characters up to U+00FF, each of which stands for a byte. */
    readonly encoding: 'bytes' | 'utf8',
  ) {}
}
