import {
  DEFAULT_LAYERS,
  LAYER_ORDERS,
  MAX_LAYERS,
  type InputSchema,
  type LayerOrder,
  type ToolDefinition,
} from './tool-definitions';
import { MAX_NAME_LENGTH, untrustedText } from './untrusted-text';

/** Longer than any path that a system accepts. */
const MAX_PATH_LENGTH = 4096;

/** The call itself is wrong; the message says what would be right, for the model that made it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A tool's input: checked field by field as it is read, and against what the tool's schema names. */
export class ToolInput {
  private readonly fields: Readonly<Record<string, unknown>>;

  /** @throws {InputError} if the input is no object, or has a field that the schema does not name */
  constructor(input: unknown, { name, inputSchema }: Pick<ToolDefinition, 'name' | 'inputSchema'>) {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw new InputError(`${name} takes an object with ${fieldNames(inputSchema)}.`);
    }
    const unknown = Object.keys(input).find((field) => !Object.hasOwn(inputSchema.properties, field));
    if (unknown !== undefined) {
      throw new InputError(
        `${name} takes ${fieldNames(inputSchema)}, not "${untrustedText(unknown, MAX_NAME_LENGTH)}".`,
      );
    }
    this.fields = input as Record<string, unknown>;
  }

  /** @throws {InputError} unless the field holds a path */
  path(field: string): string {
    const value = this.fields[field];
    if (typeof value !== 'string' || value.trim() === '') {
      throw new InputError(`"${field}" must be the path of a model file.`);
    }
    if (value.includes('\0') || value.length > MAX_PATH_LENGTH) {
      throw new InputError(`"${field}" is no path: it has a NUL character or more than ${MAX_PATH_LENGTH} characters.`);
    }
    return value;
  }

  /** @throws {InputError} if there is something else than a number of layers */
  get maxLayers(): number {
    const value = this.fields.maxLayers ?? DEFAULT_LAYERS;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_LAYERS) return value;
    throw new InputError(`"maxLayers" must be a whole number from 0 to ${MAX_LAYERS}.`);
  }

  /** @throws {InputError} if there is something else than an order of layers */
  get sortBy(): LayerOrder | undefined {
    const value = this.fields.sortBy ?? undefined;
    if (value === undefined) return undefined;
    const order = LAYER_ORDERS.find((known) => known === value);
    if (order === undefined) throw new InputError(`"sortBy" must be one of ${LAYER_ORDERS.join(', ')}.`);
    return order;
  }
}

function fieldNames({ properties, required }: InputSchema): string {
  return Object.keys(properties)
    .map((field) => (required.includes(field) ? `"${field}"` : `"${field}" (optional)`))
    .join(', ');
}
