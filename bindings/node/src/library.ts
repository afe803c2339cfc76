// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Finds libpygrpc, loads it once, and calls it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';

import { abiVersion, codes, type Functions, parameters, prototypes } from './api';
import { LibraryError, makeError, ownError, type PygrpcError, typeName } from './errors';
import { Owned } from './owned';

/** What is used of koffi. */
export interface Koffi {
  load(path: string | null): NativeLibrary;
  address(memory: ArrayBuffer): bigint;
}
export interface NativeLibrary {
  func(prototype: string): (...values: never[]) => unknown;
  symbol(name: string): bigint;
}

type Copy = (to: Uint8Array, from: number, size: number) => number;

const FILE_NAME = 'libpygrpc.so.0';
const NUL_TERMINATED = -1;

/** A function whose last parameter is the error, and whose result is a code. */
export type FallibleFunction = {
  [Name in keyof Functions]: Functions[Name] extends (...values: never[]) => number ? Name : never;
}[keyof Functions];

/** What a call by name is given: all but what comes out, and without the sizes of texts. */
export type Input = string | number | Uint8Array | null;

/** What a call by name comes to. */
export interface Output {
  code: number;
  /** The handle or number that came out; 0 if none did. */
  value: number;
  /** The bytes that came out. */
  bytes: Buffer | null;
  /** The JSON of the error, where the code is that of one. */
  error: string;
}

const NO_BYTES = new Uint8Array(1).subarray(0, 0);

/** Bytes as the library takes them: an array without memory would arrive as NULL. */
export function toLibrary(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : bytes;
}

/**
 * An input as koffi is to have it. It takes whatever is no text for an address, so nothing else may
 * get there.
 */
function checkedInput(name: string, kind: string, input: Input | undefined): Input {
  if (kind !== 'text' && kind !== 'data') {
    const number = input ?? 0;
    if (typeof number === 'number') return number;
  } else if (input === null || input === undefined || typeof input === 'string') {
    return input ?? null;
  } else if (kind === 'data' && types.isUint8Array(input)) {
    return toLibrary(input);
  }
  throw new TypeError(`${name}: ${typeName(input)} is no ${kind}`);
}

/** Memory for what comes out of a function: addresses, sizes and integers. */
export class Slot {
  readonly #words: Uint32Array;
  /** Where it is. It does not move: the memory of an ArrayBuffer is not on V8's heap. */
  readonly address: number;

  constructor(koffi: Pick<Koffi, 'address'>) {
    const memory = new ArrayBuffer(8);
    this.#words = new Uint32Array(memory);
    this.address = Number(koffi.address(memory));
  }

  /** As an address or a size. Both stay far below 2 ** 53. */
  get value(): number {
    return (this.#words[1] as number) * 4294967296 + (this.#words[0] as number);
  }

  clear(): void {
    this.#words[0] = 0;
    this.#words[1] = 0;
  }
}

/** The loaded library. */
export class Library {
  readonly path: string;
  readonly functions: Functions;
  /** As pygrpc_event_message(), but what it gives is made a string at once; not for bytes. */
  readonly eventText: (event: number, size: number) => string;
  /** pipe2() of the system. */
  readonly makePipe: (ends: Int32Array, flags: number) => number;
  readonly owned: Owned;
  readonly #copy: Copy;
  /** Where functions that are called directly put their errors. */
  readonly errorOut: number;
  readonly #koffi: Koffi;
  readonly #error: Slot;
  readonly #size: Slot;
  readonly #text: Slot;
  readonly #value: Slot;

  constructor(path: string, koffi: Koffi, native: NativeLibrary) {
    this.path = path;
    this.#koffi = koffi;
    this.#error = this.newSlot();
    this.#size = this.newSlot();
    this.#text = this.newSlot();
    this.#value = this.newSlot();
    this.errorOut = this.#error.address;
    const declared = Object.entries(prototypes).map(([name, prototype]) => [
      name,
      native.func(prototype),
    ]);
    this.functions = Object.fromEntries(declared) as Functions;
    this.owned = new Owned(koffi, native, this.functions);
    this.eventText = native.func(
      prototypes.pygrpc_event_message.replace('uintptr_t', 'const char *'),
    ) as Library['eventText'];
    const process = koffi.load(null);
    this.#copy = process.func('uintptr_t memcpy(void *to, uintptr_t from, size_t size)') as Copy;
    this.makePipe = process.func('int pipe2(void *ends, int flags)') as Library['makePipe'];
  }

  newSlot(): Slot {
    return new Slot(this.#koffi);
  }

  /** The error of a function that was called directly. */
  takeError(code: number): PygrpcError {
    return makeError(code, this.#takeErrorJson());
  }

  /** The JSON of an error, which stays whose it is. */
  errorJson(error: number): string {
    return this.functions.pygrpc_error_json(error);
  }

  /** The message of an event, as bytes. */
  eventBytes(event: number): Buffer {
    const address = this.functions.pygrpc_event_message(event, this.#size.address);
    return this.#bytesAt(address, this.#size.value);
  }

  /** Calls a function by its name. May wait, if the function does. */
  call(name: FallibleFunction, inputs: readonly Input[]): Output {
    const values: Input[] = [];
    let next = 0;
    let textOut = false;
    let valueOut = false;
    for (const kind of parameters[name]) {
      const last = values.length === parameters[name].length - 1;
      if (kind === 'handle_out' && last) {
        values.push(this.#error.address);
      } else if (kind === 'handle_out' || kind === 'int32_out') {
        this.#value.clear();
        valueOut = true;
        values.push(this.#value.address);
      } else if (kind === 'text_out') {
        textOut = true;
        values.push(this.#text.address);
      } else if (kind === 'size_out') {
        values.push(this.#size.address);
      } else if (kind === 'size') {
        const data = values[values.length - 1];
        values.push(types.isUint8Array(data) ? data.length : NUL_TERMINATED);
      } else {
        values.push(checkedInput(name, kind, inputs[next++]));
      }
    }
    const call: (...all: never[]) => number = this.functions[name];
    const code = call(...(values as never[]));
    return {
      code,
      value: valueOut && code >= 0 ? this.#value.value : 0,
      bytes: textOut && code === codes.OK ? this.#takeBytes() : null,
      error: code < 0 ? this.#takeErrorJson() : '',
    };
  }

  #takeErrorJson(): string {
    const error = this.#error.value;
    const json = this.functions.pygrpc_error_json(error);
    this.functions.pygrpc_error_free(error);
    this.#error.clear();
    return json;
  }

  #takeBytes(): Buffer {
    const address = this.#text.value;
    const bytes = this.#bytesAt(address, this.#size.value);
    this.functions.pygrpc_free(address);
    return bytes;
  }

  #bytesAt(address: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    if (size > 0) this.#copy(bytes, address, size);
    return bytes;
  }
}

/** The result of a call by name; throws its error. */
export function checked(output: Output): Output {
  if (output.code < 0) throw makeError(output.code, output.error);
  return output;
}

/** Checks a text that the library takes up to its NUL. */
export function checkText(text: string, what: string): string {
  if (typeof text !== 'string') {
    throw new TypeError(`${what} is a string, not ${typeName(text)}`);
  }
  if (text.includes('\0')) {
    throw ownError('E_ARGUMENT', `${what} has a NUL in it: ${JSON.stringify(text)}`);
  }
  if (hasHalfPair(text)) {
    throw ownError(
      'E_ARGUMENT',
      `${what} has half a surrogate pair in it: ${JSON.stringify(text)}`,
    );
  }
  return text;
}

/** Whether there is half a surrogate pair in a text, which UTF-8 cannot hold. */
export function hasHalfPair(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

let loaded: Library | undefined;

/** Loads one file. Throws a text that says what is wrong with it. */
function open(path: string): Library {
  const koffi = require('koffi') as Koffi;
  let native: NativeLibrary;
  try {
    native = koffi.load(path);
  } catch (error) {
    throw new Error((error as Error).message);
  }
  let found: number;
  try {
    found = (native.func(prototypes.pygrpc_abi_version) as () => number)();
  } catch {
    throw new Error('it is no libpygrpc: it lacks pygrpc_abi_version');
  }
  if (found < abiVersion) {
    throw new Error(`its ABI is ${found}, this package needs ${abiVersion} or later`);
  }
  try {
    return new Library(path, koffi, native);
  } catch (error) {
    throw new Error(`it lacks a function: ${(error as Error).message}`);
  }
}

function candidates(given: string | undefined): [path: string, why: string][] {
  if (given !== undefined) return [[given, 'given to loadLibrary()']];
  const named = process.env.PYGRPC_LIBRARY;
  if (named) return [[named, 'PYGRPC_LIBRARY']];
  const bundled = join(__dirname, '..', 'native', `${process.platform}-${process.arch}`, FILE_NAME);
  return [
    [bundled, 'bundled'],
    [FILE_NAME, "the system's loader"],
  ];
}

function find(given: string | undefined): Library {
  const searched: string[] = [];
  for (const [path, why] of candidates(given)) {
    if (why === 'bundled' && !existsSync(path)) {
      searched.push(`${path} (${why}): there is no such file`);
      continue;
    }
    try {
      return open(path);
    } catch (error) {
      searched.push(`${path} (${why}): ${(error as Error).message}`);
    }
  }
  throw new LibraryError(`libpygrpc cannot be loaded; tried ${searched.join('; ')}`, searched);
}

/** The library, which is loaded if it is not yet. */
export function getLibrary(): Library {
  loaded ??= find(undefined);
  return loaded;
}

/**
 * Loads the library from a path. To be called before the first client is made; without it the
 * library is looked for in the environment variable PYGRPC_LIBRARY, or else in the package, then
 * among the system's libraries.
 *
 * @throws {LibraryError} It cannot be loaded, or another one is loaded already.
 */
export function loadLibrary(path: string): void {
  checkText(path, 'the path');
  if (loaded !== undefined && loaded.path !== path) {
    throw new LibraryError(`${path} cannot be loaded: ${loaded.path} is loaded already`, [path]);
  }
  loaded ??= find(path);
}

/** The version of the library, such as `'0.1.0'`. */
export function version(): string {
  return getLibrary().functions.pygrpc_version();
}

/** One option of the library. */
export interface OptionInfo {
  name: string;
  type: string;
  default?: unknown;
  help: string;
  [key: string]: unknown;
}

/** All options: those of a client, of a call, and of `load()`. */
export function options(): Record<'client' | 'call' | 'load', OptionInfo[]> {
  const output = checked(getLibrary().call('pygrpc_options_json', []));
  return JSON.parse(String(output.bytes)) as Record<'client' | 'call' | 'load', OptionInfo[]>;
}
