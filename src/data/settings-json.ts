import * as l10n from '@vscode/l10n';

/** Something in a settings file is not as it has to be; `key` is the way to it. */
export class SettingError extends Error {
  constructor(
    readonly key: string,
    readonly reason: string,
  ) {
    super(`${key}: ${reason}`);
  }
}

/** Values under the keys of an object, checked one by one. */
export class SettingReader {
  constructor(
    private readonly object: ReadonlyMap<string, unknown>,
    private readonly prefix = '',
  ) {}

  /** @throws {SettingError} if the value is no object */
  static of(value: unknown, key: string): SettingReader {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SettingError(key, l10n.t('has to be an object'));
    }
    return new SettingReader(new Map(Object.entries(value)), `${key}.`);
  }

  has(key: string): boolean {
    return this.object.has(key);
  }

  inner(key: string): SettingReader {
    return SettingReader.of(this.object.get(key), this.prefix + key);
  }

  text(key: string): string {
    const value = this.object.get(key);
    if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
    throw this.error(key, l10n.t('has to be a text'));
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T {
    const value = this.object.get(key);
    const known = values.find((each) => each === value);
    if (known !== undefined) return known;
    throw this.error(key, l10n.t('has to be one of {0}', values.map((each) => JSON.stringify(each)).join(', ')));
  }

  whole(key: string, least: number, most: number): number {
    return this.checkWhole(key, this.object.get(key), least, most);
  }

  wholes(key: string, most: number, maxLength: number): number[] {
    const value = this.object.get(key);
    if (!Array.isArray(value) || value.length > maxLength) {
      throw this.error(key, l10n.t('has to be a list of at most {0} whole numbers', maxLength));
    }
    return value.map((each: unknown) => this.checkWhole(key, each, 1, most));
  }

  number(key: string): number {
    const value = this.object.get(key);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.error(key, l10n.t('has to be a number'));
  }

  /** A number, or a list of them that is not empty. */
  numbers(key: string, maxLength: number): number[] {
    const value = this.object.get(key);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isNumber = (each: unknown): each is number => typeof each === 'number' && Number.isFinite(each);
    if (list.length > 0 && list.length <= maxLength && list.every(isNumber)) return [...list];
    throw this.error(key, l10n.t('has to be a number, or a list of at most {0} numbers', maxLength));
  }

  error(key: string, reason: string): SettingError {
    return new SettingError(this.prefix + key, reason);
  }

  textOrWhole(key: string, most: number): string | number {
    return typeof this.object.get(key) === 'string' ? this.text(key) : this.whole(key, 0, most);
  }

  private checkWhole(key: string, value: unknown, least: number, most: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.error(key, l10n.t('has to be a whole number from {0} to {1}', least, most));
  }
}
