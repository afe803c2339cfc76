// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Options: what of them is the binding's own, and the text of the rest. */

import { bytesOf } from './codec';
import { ownError, typeName } from './errors';

export function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

/** Throws for what is no object, and for lists and maps, whose members are no options. */
export function checkOptions(options: unknown): void {
  if (options === undefined || options === null) return;
  if (typeof options !== 'object' || Symbol.iterator in options) {
    throw new TypeError(`options are an object, such as { timeout: 2 }, not ${typeName(options)}`);
  }
}

/** Throws for an option that has none of the values. */
export function checkOneOf(options: Record<string, unknown>, name: string, values: string[]): void {
  const value = options[name];
  if (value === undefined || values.includes(value as string)) return;
  const choices = values.map((each) => `'${each}'`).join(' or ');
  const shown = typeof value === 'string' ? JSON.stringify(value) : typeName(value);
  throw ownError('E_OPTION', `option "${name}" is ${shown}, not ${choices}`);
}

/** The option "signal". Its class is not asked for, for there are other AbortSignals than Node's. */
export function signalOf(options: { signal?: unknown }): AbortSignal | undefined {
  const signal = options.signal ?? undefined;
  if (signal === undefined) return undefined;
  const given = signal as Partial<Record<keyof AbortSignal, unknown>>;
  const has = (name: keyof AbortSignal, type: string) => typeof given[name] === type;
  if (
    has('aborted', 'boolean') &&
    has('addEventListener', 'function') &&
    has('removeEventListener', 'function')
  ) {
    return signal as AbortSignal;
  }
  const hint = signal instanceof AbortController ? ": give the controller's signal" : '';
  throw ownError('E_OPTION', `option "signal" is ${typeName(signal)}, not an AbortSignal${hint}`);
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration in ms, as the library reads it. */
export function milliseconds(name: string, value: unknown): number {
  if (value === undefined || value === null || value === 'none') return Infinity;
  if (typeof value === 'number' && value >= 0) return value * 1000;
  const found = typeof value === 'string' ? /^(\d+(?:\.\d*)?)(ms|s|m|h)$/.exec(value) : null;
  if (found !== null) return Number(found[1]) * (UNITS[found[2] as string] as number);
  const shown =
    typeof value === 'number'
      ? value
      : typeof value === 'string'
        ? JSON.stringify(value)
        : typeName(value);
  throw ownError(
    'E_OPTION',
    `option "${name}" takes a number of seconds, or text like "250ms", "2s", "1m", not ${shown}`,
  );
}

// ---- Metadata

function metadataValues(place: string, key: string, given: unknown): string[] {
  const isBinary = key.endsWith('-bin');
  const values = Array.isArray(given) ? given : [given];
  return values.map((value: unknown) => {
    const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined;
    if (isBinary && bytes !== undefined) return bytes.toString('base64');
    if (!isBinary && typeof value === 'string') return value;
    const wanted = isBinary ? 'Uint8Arrays' : 'strings';
    throw new TypeError(`${place}: the values of '${key}' are ${wanted}, not ${typeName(value)}`);
  });
}

/** The entries of an object, a Map, Headers or another iterable of pairs. */
function* metadataEntries(place: string, given: object): Generator<[key: string, value: unknown]> {
  if (!(Symbol.iterator in given)) {
    yield* Object.entries(given);
    return;
  }
  for (const entry of given as Iterable<unknown>) {
    if (!Array.isArray(entry) || entry.length !== 2) {
      const found = Array.isArray(entry) ? `an array of ${entry.length}` : typeName(entry);
      throw new TypeError(`${place}: ${typeName(given)} gives ${found}, not pairs [key, value]`);
    }
    const [key, value] = entry as [unknown, unknown];
    if (typeof key !== 'string') {
      throw new TypeError(`${place}: a key is a string, not ${typeName(key)}`);
    }
    yield [key, value];
  }
}

function encodeMetadata(name: string, metadata: unknown): unknown {
  if (metadata === undefined || metadata === null) return metadata;
  const place = `option "${name}"`;
  if (typeof metadata !== 'object') {
    throw new TypeError(
      `${place} takes an object, a Map, Headers or pairs of keys and values, not ${typeName(metadata)}`,
    );
  }
  const encoded = new Map<string, string[]>();
  for (const [key, given] of metadataEntries(place, metadata)) {
    if (given === undefined) continue;
    const values = metadataValues(place, key, given);
    const before = encoded.get(key);
    if (before === undefined) encoded.set(key, values);
    else before.push(...values);
  }
  return Object.fromEntries(encoded);
}

// ---- The library's

/** The JSON of options; those that are undefined are left out, so that they have their defaults. */
export function encodeOptions(options: object): string {
  const given: Record<string, unknown> = { ...options };
  for (const name of ['metadata', 'reflection_metadata']) {
    if (given[name] !== undefined) given[name] = encodeMetadata(name, given[name]);
  }
  return JSON.stringify(given, (key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw ownError('E_OPTION', `option "${key}" is ${value}`);
    }
    if (['bigint', 'function', 'symbol'].includes(typeof value)) {
      throw new TypeError(`option "${key}": ${typeName(value)} cannot be an option's value`);
    }
    return value;
  });
}
