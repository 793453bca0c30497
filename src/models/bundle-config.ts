import { PipelineError } from '../contracts/errors.ts';

export type ConfigObject = { readonly [key: string]: unknown };

const MAX_DEPTH = 32;

/**
 * A bundle's configuration read as data: plain `@name` and `@outer#inner` references are followed, and nothing
 * is ever evaluated. A `$` expression is refused exactly where its value would be needed.
 */
export class BundleConfig {
  readonly file: string;
  readonly root: ConfigObject;

  /** @throws InvalidModel when the text is not a JSON object. */
  constructor(file: string, bytes: Uint8Array) {
    this.file = file;
    this.root = parseObject(file, bytes);
  }

  /** The value of a top-level id with references followed, or undefined. */
  value(id: string): unknown {
    return this.resolve(this.root[id]);
  }

  /** Follows references in a value and in the members of plain lists and objects. */
  resolve(value: unknown, depth = 0): unknown {
    if (depth > MAX_DEPTH) {
      throw this.problem('references or lists are nested too deep, or refer to themselves');
    }
    if (typeof value === 'string') {
      return value.startsWith('@') ? this.resolve(this.#referred(value.slice(1)), depth + 1) : value;
    }
    if (Array.isArray(value)) {
      return value.map((member) => this.resolve(member, depth + 1));
    }
    return value;
  }

  /** First component of this `_target_` (with or without its package), in document order. */
  findTarget(name: string): ConfigObject | undefined {
    return findTarget(this.root, name, 0);
  }

  problem(what: string): PipelineError {
    return new PipelineError('InvalidModel', `${this.file}: ${what}`, { file: this.file });
  }

  #referred(id: string): unknown {
    let value: unknown = this.root;
    for (const part of id.replaceAll('::', '#').split('#')) {
      value = isObject(value) || Array.isArray(value) ? Reflect.get(value, part) : undefined;
    }
    if (value === undefined) {
      throw this.problem(
        `"@${id.slice(0, 80)}" refers to nothing; only plain references to values are supported`,
      );
    }
    return value;
  }
}

export function isObject(value: unknown): value is ConfigObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** `monai.networks.nets.UNet` and `UNet` are the same component. */
export function targetName(component: ConfigObject): string {
  const target = component._target_;
  return typeof target === 'string' ? (target.split('.').at(-1) ?? '') : '';
}

function findTarget(value: unknown, name: string, depth: number): ConfigObject | undefined {
  if (depth > MAX_DEPTH || value === null || typeof value !== 'object') {
    return undefined;
  }
  if (isObject(value) && targetName(value) === name) {
    return value;
  }
  for (const member of Object.values(value)) {
    const found = findTarget(member, name, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function parseObject(file: string, bytes: Uint8Array): ConfigObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(value)) return value;
  } catch (cause) {
    throw new PipelineError(
      'InvalidModel',
      `${file} is not JSON; correct it and upload the bundle again`,
      {},
      { cause },
    );
  }
  throw new PipelineError(
    'InvalidModel',
    `${file} is not a JSON object; correct it and upload the bundle again`,
  );
}
