// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** The library's client, and what is known of its schema. */

import { codes } from './api';
import { runInBackground } from './background';
import { ownError, type PygrpcError } from './errors';
import {
  checked,
  checkText,
  type FallibleFunction,
  type Input,
  type Library,
  type Output,
  type Slot,
} from './library';
import { encodeOptions } from './options';
import { getReactor, type Reactor } from './reactor';
import { Converter, type Description, type Wanted } from './values';

// A client that nobody closed is freed when nothing refers to it any more.
const registry = new FinalizationRegistry<{ library: Library; handle: number }>(
  ({ library, handle }) => library.owned.freeClient(handle),
);

/** Who is to be told that the client is closed while the library cannot be. */
export interface Closable {
  connectionClosed(error: PygrpcError): void;
}

/** What is to be opened: a method with its request, or a watch of the server's health. */
export interface Opening {
  name: 'pygrpc_stream_open' | 'pygrpc_health_watch';
  method: string;
  cardinality: number;
  request: string | Uint8Array | null;
  options: string | null;
  isBinary: boolean;
}

/** What a client and those that withOptions() makes of it share. */
export class Connection {
  readonly library: Library;
  readonly reactor: Reactor;
  readonly target: string | null;
  readonly #handle: number;
  readonly #usesReflection: boolean;
  readonly #reflectsNeeded: boolean;
  readonly #calls = new Set<Closable>();
  /** Cardinalities of methods that are in the schema. */
  readonly #methods = new Map<string, number>();
  readonly #converters = new Map<string, Converter>();
  readonly #stream: Slot;
  #hasSchema = false;
  #isClosed = false;
  /** Functions of this client that worker threads are in, or about to be. */
  #inBackground = 0;

  constructor(target: string | null, options: Record<string, unknown>) {
    this.reactor = getReactor();
    this.library = this.reactor.library;
    this.#stream = this.library.newSlot();
    this.target = target === null ? null : checkText(target, 'the target');
    this.#usesReflection = target !== null && options.reflection !== false;
    this.#reflectsNeeded = options.reflection_scope === 'needed';
    const inputs = [this.target, encodeOptions(options)];
    this.#handle = checked(this.library.call('pygrpc_client_new', inputs)).value;
    this.library.owned.addClient(this.#handle);
    registry.register(this, { library: this.library, handle: this.#handle }, this);
  }

  /** Throws ClosedError. */
  requireOpen(): void {
    if (this.#isClosed) throw this.closedError();
  }

  /** The library's client. Throws ClosedError. */
  get handle(): number {
    this.requireOpen();
    return this.#handle;
  }

  closedError(): PygrpcError {
    return ownError('E_CLOSED', `the client of ${this.target} is closed`);
  }

  // ---- The schema

  /** Whether the library would wait for the network to know a method. */
  mayWait(method: string, isBinary: boolean): boolean {
    if (!this.#usesReflection || this.#methods.has(method)) return false;
    if (isBinary && /^\/[^/]+\/[^/]+$/.test(method)) return false;
    return this.#reflectsNeeded || !this.#hasSchema;
  }

  /** Something was loaded. */
  schemaLoaded(): void {
    this.#hasSchema = true;
  }

  /** The cardinality of a method; undefined if only a call of it would tell without waiting. */
  knownCardinality(method: string): number | undefined {
    const known = this.#methods.get(method);
    if (known !== undefined || this.mayWait(method, false)) return known;
    const inputs = [this.handle, checkText(method, "the method's name")];
    const output = checked(this.library.call('pygrpc_method_cardinality', inputs));
    this.#remember(method, output.value);
    return output.value;
  }

  async cardinality(method: string): Promise<number> {
    const known = this.knownCardinality(method);
    if (known !== undefined) return known;
    const output = await this.inBackground('pygrpc_method_cardinality', [
      checkText(method, "the method's name"),
    ]);
    this.#hasSchema = true;
    this.#remember(method, output.value);
    return output.value;
  }

  #remember(method: string, cardinality: number): void {
    // Names come from programs; whatever else is called must not pile up.
    if (this.#methods.size < 10000) this.#methods.set(method, cardinality);
  }

  converter(wanted: Wanted): Converter {
    const key = `${wanted.int64} ${wanted.bytes}`;
    let converter = this.#converters.get(key);
    if (converter === undefined) {
      const describe = (symbol: string) => {
        const output = checked(this.library.call('pygrpc_describe', [this.handle, symbol]));
        return JSON.parse(String(output.bytes)) as Description;
      };
      converter = new Converter(describe, wanted);
      this.#converters.set(key, converter);
    }
    return converter;
  }

  // ---- Calls

  /** Whether open() would wait for the network. */
  opensSlowly(opening: Opening): boolean {
    return opening.name === 'pygrpc_stream_open' && this.mayWait(opening.method, opening.isBinary);
  }

  /** Starts a call, and returns its handle. */
  open(opening: Opening): number {
    const handle = this.handle;
    const { functions, errorOut } = this.library;
    const stream = this.#stream;
    const { method, request, options } = opening;
    let code: number;
    if (opening.name === 'pygrpc_stream_open') {
      code = functions.pygrpc_stream_open(
        handle,
        this.#methods.has(method) ? method : checkText(method, "the method's name"),
        opening.cardinality,
        request,
        typeof request === 'object' && request !== null ? request.length : -1,
        options,
        this.reactor.queue,
        stream.address,
        errorOut,
      );
    } else {
      const service = checkText(method, "the service's name");
      const { queue } = this.reactor;
      code = functions.pygrpc_health_watch(
        handle,
        service,
        options,
        queue,
        stream.address,
        errorOut,
      );
    }
    if (code < 0) throw this.library.takeError(code);
    const opened = stream.value;
    this.library.owned.addStream(opened);
    return opened;
  }

  /** As open(), where that would wait. */
  async openSlowly(opening: Opening): Promise<number> {
    const { method, cardinality, request, options } = opening;
    checkText(method, "the method's name");
    const inputs = [method, cardinality, request, options, this.reactor.queue];
    const { value } = await this.inBackground('pygrpc_stream_open', inputs);
    if (!opening.isBinary) this.#hasSchema = true;
    this.library.owned.addStream(value);
    return value;
  }

  add(call: Closable): void {
    this.#calls.add(call);
  }

  remove(call: Closable): void {
    this.#calls.delete(call);
  }

  // ---- The library

  /** Calls a function of the client that may wait, in a worker thread. */
  async inBackground(name: FallibleFunction, inputs: Input[]): Promise<Output> {
    const handle = this.handle;
    this.#inBackground++;
    const closing: Closable = { connectionClosed: () => undefined };
    const closed = new Promise<never>((_resolve, reject) => {
      closing.connectionClosed = reject;
    });
    this.add(closing);
    const working = runInBackground(this.library, { name, inputs: [handle, ...inputs] });
    working.then(
      (output) => this.#leaveBackground(name === 'pygrpc_stream_open' ? output.value : 0),
      () => this.#leaveBackground(0),
    );
    try {
      return checked(await Promise.race([working, closed]));
    } finally {
      this.remove(closing);
    }
  }

  #leaveBackground(stream: number): void {
    this.#inBackground--;
    if (!this.#isClosed) return;
    this.library.functions.pygrpc_stream_free(stream); // nobody waits for it any more
    if (this.#inBackground === 0) this.#free();
  }

  /** Whether the channel is ready; if not, it begins to connect. */
  isReady(): boolean {
    const inputs = [this.handle, 0];
    return checked(this.library.call('pygrpc_client_wait_ready', inputs)).code === codes.OK;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const error = this.closedError();
    for (const call of [...this.#calls]) call.connectionClosed(error);
    this.#calls.clear();
    // A worker thread that is about to enter a function must not find the client freed.
    if (this.#inBackground === 0) this.#free();
  }

  #free(): void {
    registry.unregister(this);
    this.library.owned.freeClient(this.#handle);
  }
}
