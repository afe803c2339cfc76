// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Native values to the texts and bytes that the library takes, and back. */

import { types } from 'node:util';

import { typeName } from './errors';
import { toLibrary } from './library';

/** Deeper than this, a value is looked at with care: it may hold itself. */
const PLAIN_DEPTH = 60;
const MAX_DEPTH = 5000;

const isObjectPrototype = (prototype: unknown): boolean =>
  prototype === Object.prototype || prototype === null;

/** Whether JSON.stringify() writes the value as it is meant. It loses NaN, -0, and more. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isPlain(value[index], depth - 1)) return false;
    }
    return true;
  }
  if (!isObjectPrototype(Object.getPrototypeOf(value))) return false;
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined && !isPlain(member, depth - 1)) return false;
  }
  return true;
}

function step(path: string, key: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)
    ? `${path}.${key}`
    : `${path}[${JSON.stringify(key)}]`;
}

function writeNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
  return `"${value}"`; // as ProtoJSON writes NaN and infinities
}

/** The bytes of a value that is some; undefined if it is none. */
export function bytesOf(value: object): Buffer | undefined {
  if (types.isUint8Array(value) || types.isDataView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return types.isAnyArrayBuffer(value) ? Buffer.from(value) : undefined;
}

/** Writes JSON of values that JSON.stringify() does not know, or reports where they are. */
class Writer {
  readonly #holders = new Set<object>();

  write(value: unknown, path: string): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'number':
        return writeNumber(value);
      case 'bigint':
      case 'boolean':
        return String(value);
      case 'object':
        return value === null ? 'null' : this.#writeObject(value, path);
      default:
        throw new TypeError(`${path}: ${typeName(value)} cannot be sent`);
    }
  }

  #writeObject(value: object, path: string): string {
    const bytes = bytesOf(value);
    if (bytes !== undefined) return `"${bytes.toString('base64')}"`;
    if (this.#holders.has(value)) {
      throw new TypeError(`${path}: ${typeName(value).replace(/^an? /, 'the ')} holds itself`);
    }
    if (this.#holders.size >= MAX_DEPTH) throw new TypeError(`${path}: it nests too deeply`);
    this.#holders.add(value);
    try {
      return this.#writeMembers(value, path);
    } finally {
      this.#holders.delete(value);
    }
  }

  #writeMembers(value: object, path: string): string {
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      const items = Array.from(value as ArrayLike<unknown>, (item, index) =>
        this.write(item, `${path}[${index}]`),
      );
      return `[${items.join()}]`;
    }
    if (value instanceof Map) return this.#writeEntries(value, path);
    if (value instanceof Date && Number.isNaN(value.getTime())) {
      throw new TypeError(`${path}: an invalid Date cannot be sent`);
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return this.write((value as { toJSON(): unknown }).toJSON(), path);
    }
    const isNoMessage =
      Symbol.iterator in value || Symbol.asyncIterator in value || 'then' in value;
    if (isNoMessage && !isObjectPrototype(Object.getPrototypeOf(value))) {
      throw new TypeError(`${path}: ${typeName(value)} cannot be sent`);
    }
    return this.#writeEntries(Object.entries(value), path);
  }

  #writeEntries(entries: Iterable<[unknown, unknown]>, path: string): string {
    const members: string[] = [];
    for (const [key, item] of entries) {
      if (!['string', 'number', 'bigint', 'boolean'].includes(typeof key)) {
        throw new TypeError(`${path}: ${typeName(key)} cannot be a key`);
      }
      if (item === undefined) continue;
      const name = String(key);
      members.push(`${JSON.stringify(name)}:${this.write(item, step(path, name))}`);
    }
    return `{${members.join()}}`;
  }
}

/**
 * The JSON of a request.
 *
 * @throws {TypeError} A value cannot be sent; the text names its path and its type.
 */
export function encodeMessage(value: unknown): string {
  if (isPlain(value, PLAIN_DEPTH)) return JSON.stringify(value);
  return new Writer().write(value, '$');
}

/** A request of the codec 'binary'. */
export function encodeBinary(value: unknown): Uint8Array {
  const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined;
  if (bytes !== undefined) return toLibrary(bytes);
  throw new TypeError(`with the codec 'binary' a message is a Uint8Array, not ${typeName(value)}`);
}

const FRAME_HEADER = 5;

/** The messages in what pygrpc_stream_read_many() gave of the codec 'binary'. */
export function splitFrames(data: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const start = at + FRAME_HEADER;
    at = start + data.readUInt32BE(at + 1);
    messages.push(data.subarray(start, at));
  }
  return messages;
}
