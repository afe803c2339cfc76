// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** The errors, and the codes that they carry. */

import { codes, statuses } from './api';

/** Metadata as they arrive: values of keys that end in `-bin` are bytes, all others text. */
export interface Metadata {
  [key: string]: (string | Buffer)[];
}

/** A fault in a schema, and where it is. */
export interface SchemaLocation {
  file?: string;
  line?: number;
  column?: number;
  message?: string;
}

/** What the library knows of a failure, under the names that `pygrpc_error_json()` gives them. */
export interface ErrorInfo {
  code?: number;
  name?: string;
  message?: string;
  status?: number;
  statusName?: string;
  statusMessage?: string;
  details?: unknown[];
  headers?: Record<string, string[]>;
  trailers?: Record<string, string[]>;
  method?: string;
  peer?: string;
  path?: string;
  offset?: number;
  expected?: string;
  found?: string;
  locations?: SchemaLocation[];
  searched?: string[];
  candidates?: string[];
  near?: string[];
  retriable?: boolean;
  [key: string]: unknown;
}

const codeNames = new Map<number, string>(
  Object.entries(codes).map(([name, code]) => [code, name]),
);

/** Metadata as the library writes them, in which `-bin` values are base64. */
export function metadataOf(written: Record<string, string[]> | undefined): Metadata {
  const metadata: Metadata = {};
  for (const [key, values] of Object.entries(written ?? {})) {
    metadata[key] = key.endsWith('-bin')
      ? values.map((value) => Buffer.from(value, 'base64'))
      : values;
  }
  return metadata;
}

/** Any failure of a client or a call. The message is one line: what, where, and what instead. */
export class PygrpcError extends Error {
  /** One of `codes`; of an `RpcError`, one of `statuses`. */
  readonly code: number;
  /** Everything that the library knows of the failure. */
  readonly info: ErrorInfo;

  constructor(code: number, message: string, info: ErrorInfo = {}) {
    super(message);
    this.code = code;
    this.info = info;
  }

  /** The code's name, such as `'E_OPTION'` or, of an `RpcError`, `'NOT_FOUND'`. */
  get codeName(): string {
    return codeNames.get(this.code) ?? 'E_UNKNOWN';
  }

  /** The method called, such as `'/helloworld.Greeter/SayHello'`. */
  get method(): string | undefined {
    return this.info.method;
  }

  /** The place in the message, such as `'$.items[3].name'`. */
  get path(): string | undefined {
    return this.info.path;
  }

  /** The place in the JSON text or in the wire bytes, counted in bytes. */
  get offset(): number | undefined {
    return this.info.offset;
  }

  /** A schema's faults. */
  get locations(): SchemaLocation[] {
    return this.info.locations ?? [];
  }

  /** The places looked at for a schema's file. */
  get searched(): string[] {
    return this.info.searched ?? [];
  }

  /** What an ambiguous name may mean. */
  get candidates(): string[] {
    return this.info.candidates ?? [];
  }

  /** Known names that resemble an unknown one. */
  get near(): string[] {
    return this.info.near ?? [];
  }

  /** Whether the same call may succeed later. */
  get retriable(): boolean {
    return this.info.retriable ?? false;
  }
}

/** An argument that cannot be used at all, such as a method's name with a NUL in it. */
export class ArgumentError extends PygrpcError {}

/** An unknown option, or a bad value of one. */
export class OptionError extends PygrpcError {}

/** A schema that cannot be loaded; see `searched` and `locations`. */
export class SchemaError extends PygrpcError {}

/** No such method or type in the schema; see `near`. */
export class NotFoundError extends PygrpcError {}

/** A short name that several methods or types have; see `candidates`. */
export class AmbiguousError extends PygrpcError {}

/** The method streams where the call does not, or the reverse. */
export class InvalidCardinalityError extends PygrpcError {}

/** A value that does not fit the message, or a message without a JSON form; see `path`. */
export class JsonError extends PygrpcError {}

/** Bytes that are no valid message. */
export class WireError extends PygrpcError {}

/** Not now: a write after the half-close, a call on a client without a target. */
export class StateError extends PygrpcError {}

/** The client or the call is closed. */
export class ClosedError extends PygrpcError {}

/** A call in a child of a process that had made calls before it forked. */
export class ForkedError extends PygrpcError {}

/** Memory ran out. */
export class OutOfMemoryError extends PygrpcError {}

/** The RPC ended with a status other than OK. */
export class RpcError extends PygrpcError {
  override get codeName(): string {
    return this.info.statusName ?? 'UNKNOWN';
  }

  /** The status's message as the server gave it. */
  get statusMessage(): string {
    return this.info.statusMessage ?? '';
  }

  /** The google.rpc details of the status, each with its type under `'@type'`. */
  get details(): unknown[] {
    return this.info.details ?? [];
  }

  /** The server's initial metadata. */
  get headers(): Metadata {
    return metadataOf(this.info.headers);
  }

  /** The server's trailing metadata. */
  get trailers(): Metadata {
    return metadataOf(this.info.trailers);
  }
}

/** DEADLINE_EXCEEDED. Its `name` is `'TimeoutError'`, as that of other timeouts in JavaScript. */
export class DeadlineExceededError extends RpcError {}

/** CANCELLED. Its `name` is `'AbortError'`, as that of other cancellations in JavaScript. */
export class CancelledError extends RpcError {}

/** libpygrpc was not found, or is not fit for this package. */
export class LibraryError extends Error {
  /** Every place that was tried, and what was found there. */
  readonly searched: string[];

  constructor(message: string, searched: string[]) {
    super(message);
    this.searched = searched;
  }
}

type ErrorClass = new (code: number, message: string, info?: ErrorInfo) => PygrpcError;

const classes: Record<number, ErrorClass> = {
  [codes.E_ARGUMENT]: ArgumentError,
  [codes.E_OPTION]: OptionError,
  [codes.E_SCHEMA]: SchemaError,
  [codes.E_NOT_FOUND]: NotFoundError,
  [codes.E_AMBIGUOUS]: AmbiguousError,
  [codes.E_CARDINALITY]: InvalidCardinalityError,
  [codes.E_JSON]: JsonError,
  [codes.E_WIRE]: WireError,
  [codes.E_STATE]: StateError,
  [codes.E_CLOSED]: ClosedError,
  [codes.E_FORKED]: ForkedError,
  [codes.E_NO_MEMORY]: OutOfMemoryError,
};

const statusClasses: Record<number, ErrorClass> = {
  [statuses.DEADLINE_EXCEEDED]: DeadlineExceededError,
  [statuses.CANCELLED]: CancelledError,
};

// The names are on the prototypes, so that they do not show as properties of each error.
const names: [{ prototype: Error }, string][] = [
  [PygrpcError, 'PygrpcError'],
  [LibraryError, 'LibraryError'],
  [RpcError, 'RpcError'],
  [DeadlineExceededError, 'TimeoutError'],
  [CancelledError, 'AbortError'],
  ...Object.values(classes).map((each): [ErrorClass, string] => [each, each.name]),
];
for (const [each, name] of names) {
  Object.defineProperty(each.prototype, 'name', { value: name, configurable: true });
}

/** The error for a code and the JSON that the library wrote of it. */
export function makeError(code: number, json: string): PygrpcError {
  const info = JSON.parse(json) as ErrorInfo;
  const message = info.message || `error ${code}`;
  if (code === codes.E_STATUS) {
    const status = info.status ?? statuses.UNKNOWN;
    return new (statusClasses[status] ?? RpcError)(status, message, info);
  }
  return new (classes[code] ?? PygrpcError)(code, message, info);
}

/**
 * An error, with the stack of who waits for it: where it was made, only the event loop is. To be
 * called in an async function, whose callers are then in the stack.
 */
export function located(error: unknown): unknown {
  if (error instanceof PygrpcError) Error.captureStackTrace(error, located);
  return error;
}

/** The language's name of a value's type, for messages. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const { name } = (value.constructor as { name?: unknown } | undefined) ?? {};
  if (typeof name !== 'string' || name === '') return 'an object';
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** An error that the binding has found itself. */
export function ownError(code: keyof typeof codes, message: string): PygrpcError {
  const info = { code: codes[code], name: code, message };
  return new (classes[codes[code]] ?? PygrpcError)(codes[code], message, info);
}
