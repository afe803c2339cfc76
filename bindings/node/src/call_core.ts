// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** What goes on in a call, whether anybody looks at it or not. */

import { cardinalities, codes, statuses } from './api';
import { type Closable, type Connection, type Opening } from './connection';
import {
  located,
  makeError,
  type Metadata,
  metadataOf,
  ownError,
  PygrpcError,
  RpcError,
} from './errors';
import { checked } from './library';
import type { Handler } from './reactor';

/** How the messages of a call cross the border to the library. */
export interface Codec {
  readonly isBinary: boolean;
  encode(message: unknown): string | Uint8Array;
  /** The message that the library gave as JSON text or bytes. */
  decode(data: string | Buffer): unknown;
  /** The messages that the library gave in one; see pygrpc_stream_read_many(). */
  decodeMany(data: string | Buffer): unknown[];
  /** What users get of a decoded message. */
  convert(message: unknown, method: string): unknown;
}

/** The iterables that requests are taken from. */
export type Requests<Request> = Iterable<Request> | AsyncIterable<Request>;

// So much is read ahead of who iterates the responses; more waits in the connection, and then at
// the server.
const MAX_AHEAD = 256;
const MAX_SIZE_AHEAD = 65536;

// How often it is looked whether headers have come, in ms; events are looked at besides.
const FIRST_LOOK = 1;
const LAST_LOOK = 20;

/** What an aborted signal has it end with. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

export function streamsRequests(cardinality: number): boolean {
  return cardinality >= cardinalities.STREAM_UNARY;
}

export function streamsResponses(cardinality: number): boolean {
  return cardinality === cardinalities.UNARY_STREAM || cardinality === cardinalities.STREAM_STREAM;
}

interface Waiter<Value> {
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
  owner?: unknown;
}

/** A decoded response, or why there is none. */
type Item = unknown;

/** How a call has ended: with an error, or without. */
interface End {
  error: unknown;
}

/** A write that waits for its turn, or for its event. */
interface Write extends Waiter<boolean> {
  data: string | Uint8Array;
}

/**
 * All of a call that goes on while nobody looks at it. What users have is a Call, which refers to
 * this; when they have dropped it, the call is cancelled.
 */
export class CallCore implements Handler, Closable {
  readonly connection: Connection;
  readonly opening: Opening;
  readonly codec: Codec;
  readonly #signal: AbortSignal | undefined;
  #stream = 0;
  /** Of the read and the write under way; 0 if there is none. */
  #readTag = 0;
  #writeTag = 0;
  #items: Item[] = [];
  #firstItem = 0;
  #sizeAhead = 0;
  readonly #readers: Waiter<IteratorResult<unknown, undefined>>[] = [];
  readonly #writes: Write[] = [];
  #isHalfClosed = false;
  #isCancelled = false;
  #end: End | undefined;
  #opened: Waiter<void>[] = [];
  #changes: (() => void)[] = [];
  #stopRequests: (() => void) | undefined;
  status: number | undefined;

  constructor(
    connection: Connection,
    opening: Opening,
    codec: Codec,
    signal: AbortSignal | undefined,
  ) {
    this.connection = connection;
    this.opening = opening;
    this.codec = codec;
    this.#signal = signal;
  }

  hasEnded(): boolean {
    return this.#end !== undefined;
  }

  // ---- Start

  /** Starts the call. What goes wrong is told to whoever reads. */
  start(): void {
    if (this.#signal?.aborted) {
      this.terminate(abortReason(this.#signal));
      return;
    }
    this.#signal?.addEventListener('abort', this.#abort);
    try {
      if (!this.connection.opensSlowly(this.opening)) {
        this.#isOpen(this.connection.open(this.opening));
        return;
      }
    } catch (error) {
      this.terminate(error);
      return;
    }
    this.connection.openSlowly(this.opening).then(
      (stream) => this.#isOpen(stream),
      (error: unknown) => this.terminate(error),
    );
  }

  readonly #abort = (): void => {
    this.#forgetItems();
    this.terminate(abortReason(this.#signal as AbortSignal));
  };

  #isOpen(stream: number): void {
    const { functions, owned } = this.connection.library;
    if (this.#end !== undefined) {
      owned.freeStream(stream);
      return;
    }
    this.#stream = stream;
    this.opening.cardinality = functions.pygrpc_stream_cardinality(stream);
    this.connection.add(this);
    for (const waiter of this.#opened.splice(0)) waiter.resolve();
    this.ask();
    this.#writeNext();
    if (this.#isHalfClosed) this.#halfCloseNow();
  }

  /** Until the call was started, or could not be. */
  opened(): Promise<void> {
    if (this.#stream !== 0) return Promise.resolve();
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => this.#opened.push({ resolve, reject }));
  }

  // ---- Responses

  get #hasRoom(): boolean {
    return this.#items.length - this.#firstItem < MAX_AHEAD && this.#sizeAhead < MAX_SIZE_AHEAD;
  }

  /** Asks for the next response, unless that is done already or enough are there. */
  ask(): void {
    if (this.#readTag !== 0 || this.#stream === 0 || this.#end !== undefined) return;
    if (!this.#hasRoom && !this.#isCancelled) return;
    const { reactor } = this.connection;
    try {
      this.#readTag = streamsResponses(this.opening.cardinality)
        ? reactor.readMany(this.#stream, MAX_AHEAD, this)
        : reactor.read(this.#stream, this);
    } catch (error) {
      this.#finish(error);
    }
  }

  complete(code: number, event: number): void {
    this.#readTag = 0;
    const { library } = this.connection;
    if (code === codes.OK) {
      const { codec } = this;
      const data = codec.isBinary ? library.eventBytes(event) : library.eventText(event, 0);
      if (streamsResponses(this.opening.cardinality)) {
        if (!this.#isCancelled) {
          for (const message of codec.decodeMany(data)) this.#deliver(message);
          this.#sizeAhead += this.#items.length > 0 ? data.length : 0;
        }
        this.ask();
      } else {
        this.#deliver(codec.decode(data));
        this.status = statuses.OK;
        this.#finish(undefined);
      }
    } else if (code === codes.END) {
      this.status = statuses.OK;
      this.#finish(undefined);
    } else {
      this.#failed(code, library.errorJson(library.functions.pygrpc_event_error(event)));
    }
    this.#changed();
  }

  fail(error: unknown): void {
    this.terminate(error);
  }

  #failed(code: number, json: string): void {
    const error = makeError(code, json);
    const isSkipped = code === codes.E_JSON || code === codes.E_WIRE;
    if (isSkipped && streamsResponses(this.opening.cardinality)) {
      this.#deliver(error);
      this.ask();
      return;
    }
    if (error instanceof RpcError) this.status = error.code;
    this.#finish(error);
  }

  #deliver(item: Item): void {
    if (this.#isCancelled && streamsResponses(this.opening.cardinality)) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      this.connection.reactor.release();
      this.#give(item, reader);
      return;
    }
    this.#items.push(item);
  }

  #give(item: Item, reader: Waiter<IteratorResult<unknown, undefined>>): void {
    try {
      reader.resolve(this.#stepOf(item));
    } catch (error) {
      reader.reject(error);
    }
  }

  #stepOf(item: Item): IteratorResult<unknown, undefined> {
    if (item instanceof PygrpcError) throw item;
    return { done: false, value: this.codec.convert(item, this.opening.method) };
  }

  /** The next response, or done. The owner is kept from collection until then. */
  next(owner: unknown): Promise<IteratorResult<unknown, undefined>> {
    if (this.#firstItem < this.#items.length) {
      try {
        return Promise.resolve(this.#stepOf(this.#takeItem()));
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.#end !== undefined) {
      return this.#end.error === undefined
        ? Promise.resolve({ done: true, value: undefined })
        : Promise.reject(this.#end.error);
    }
    return this.#arrival(owner);
  }

  async #arrival(owner: unknown): Promise<IteratorResult<unknown, undefined>> {
    this.connection.reactor.retain();
    const next = new Promise<IteratorResult<unknown, undefined>>((resolve, reject) =>
      this.#readers.push({ resolve, reject, owner }),
    );
    this.ask();
    try {
      return await next;
    } catch (error) {
      throw located(error);
    }
  }

  #takeItem(): Item {
    this.#sizeAhead -= this.#sizeAhead / (this.#items.length - this.#firstItem); // about
    const item = this.#items[this.#firstItem++];
    if (this.#firstItem === this.#items.length) {
      this.#items = [];
      this.#firstItem = 0;
    }
    // Not after each: asking for a few at a time, they come a few at a time.
    if (this.#items.length - this.#firstItem <= MAX_AHEAD / 2) this.ask();
    return item;
  }

  /** Who cancels or closes a call gets none of the responses that were read ahead. */
  #forgetItems(): void {
    this.#items = [];
    this.#firstItem = 0;
    this.#sizeAhead = 0;
  }

  // ---- Requests

  /** Sends what an iterable gives, at the pace of the server. */
  async sendAll(requests: Requests<unknown>): Promise<void> {
    let iterator: Iterator<unknown> | AsyncIterator<unknown>;
    let isOver = false;
    const leave = async () => {
      if (isOver) return;
      isOver = true;
      try {
        await iterator.return?.();
      } catch (error) {
        this.terminate(error);
      }
    };
    try {
      iterator = iteratorOf(requests);
      this.#stopRequests = () => void leave();
      while (!this.hasEnded()) {
        // Awaiting what is no promise would cost a turn of the microtasks for each request.
        const next = iterator.next();
        const step = next instanceof Promise ? await next : next;
        if (step.done) {
          isOver = true;
          this.#stopRequests = undefined;
          if (!this.hasEnded()) this.halfClose();
          return;
        }
        if (this.hasEnded()) return;
        if (!(await this.write(this.codec.encode(step.value)))) break;
      }
      await leave();
    } catch (error) {
      // It was the iterable, or a request that cannot be sent.
      if (!this.hasEnded()) this.terminate(error);
      await leave();
    }
  }

  /** Sends a request, once those before have left. False if the server takes no more. */
  write(data: string | Uint8Array): Promise<boolean> {
    if (this.#isHalfClosed) {
      return Promise.reject(
        ownError('E_STATE', `${this.opening.method}: a write after halfClose()`),
      );
    }
    if (this.#end !== undefined) return this.#writeAfterEnd();
    return new Promise((resolve, reject) => {
      this.connection.reactor.retain();
      this.#writes.push({ data, resolve, reject });
      this.#writeNext();
    });
  }

  #writeAfterEnd(): Promise<boolean> {
    const error = this.#end?.error;
    return error === undefined || error instanceof RpcError
      ? Promise.resolve(false)
      : Promise.reject(error);
  }

  #writeNext(): void {
    while (this.#stream !== 0 && this.#writeTag === 0 && this.#end === undefined) {
      const write = this.#writes[0];
      if (write === undefined) return;
      try {
        this.#writeTag = this.connection.reactor.write(this.#stream, write.data, this.#written);
      } catch (error) {
        this.#takeWrite().reject(error);
      }
    }
  }

  #takeWrite(): Write {
    this.connection.reactor.release();
    return this.#writes.shift() as Write;
  }

  readonly #written: Handler = {
    complete: (code: number, event: number): void => {
      this.#writeTag = 0;
      const write = this.#takeWrite();
      const { library } = this.connection;
      if (code >= 0) {
        write.resolve(code === codes.OK);
      } else {
        const json = library.errorJson(library.functions.pygrpc_event_error(event));
        write.reject(makeError(code, json));
      }
      this.#writeNext();
      if (this.#isHalfClosed) this.#halfCloseNow();
    },
    fail: (error: unknown): void => this.terminate(error),
  };

  /** No more requests follow; those before are sent first. */
  halfClose(): void {
    if (this.#isHalfClosed) return;
    this.#isHalfClosed = true;
    this.#halfCloseNow();
  }

  #halfCloseNow(): void {
    if (this.#stream === 0 || this.#writes.length > 0 || this.#end !== undefined) return;
    const { functions, errorOut } = this.connection.library;
    const code = functions.pygrpc_stream_half_close(this.#stream, errorOut);
    if (code < 0) this.terminate(this.connection.library.takeError(code));
  }

  // ---- Metadata and more

  /** The result of a function that gives JSON; undefined if it is not there yet. */
  json(name: 'pygrpc_stream_headers' | 'pygrpc_stream_trailers' | 'pygrpc_stream_info'): unknown {
    if (this.#stream === 0) throw this.#end?.error ?? this.#closedError();
    const output = checked(this.connection.library.call(name, [this.#stream, 0]));
    return output.bytes === null ? undefined : JSON.parse(String(output.bytes));
  }

  async metadata(name: 'pygrpc_stream_headers' | 'pygrpc_stream_trailers'): Promise<Metadata> {
    await this.opened();
    let look = FIRST_LOOK;
    for (;;) {
      const found = this.json(name);
      if (found !== undefined) return metadataOf(found as Record<string, string[]>);
      await this.change(look);
      look = Math.min(look * 2, LAST_LOOK);
    }
  }

  /** Until something has happened, or so many ms have passed. */
  change(milliseconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer =
        milliseconds === undefined ? undefined : setTimeout(() => this.#changed(), milliseconds);
      if (timer === undefined) this.connection.reactor.retain();
      this.#changes.push(() => {
        if (timer === undefined) this.connection.reactor.release();
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #changed(): void {
    if (this.#changes.length === 0) return;
    for (const change of this.#changes.splice(0)) change();
  }

  // ---- End

  cancel(): void {
    if (this.#end !== undefined) return;
    if (this.#stream === 0) {
      const message = `the call of ${this.opening.method} was cancelled before it was started`;
      const info = { status: statuses.CANCELLED, statusName: 'CANCELLED', message };
      this.status = statuses.CANCELLED;
      this.terminate(makeError(codes.E_STATUS, JSON.stringify(info)));
      return;
    }
    this.#isCancelled = true;
    this.#forgetItems();
    this.connection.library.functions.pygrpc_stream_cancel(this.#stream, 0);
    this.ask();
  }

  /** Cancels the RPC if it has not ended, and frees what it holds. */
  close(): void {
    this.terminate(this.#closedError());
    this.#forgetItems();
    if (this.#end?.error === undefined) this.#end = { error: this.#closedError() };
    this.connection.library.owned.freeStream(this.#stream);
    this.#stream = 0;
  }

  #closedError(): PygrpcError {
    return ownError('E_CLOSED', `the call of ${this.opening.method} is closed`);
  }

  connectionClosed(error: unknown): void {
    this.terminate(error);
  }

  /** Ends the call at once with an error, unless it has ended. */
  terminate(error: unknown): void {
    if (this.#end !== undefined) return;
    const { reactor, library } = this.connection;
    if (this.#readTag !== 0) reactor.forget(this.#readTag);
    if (this.#writeTag !== 0) reactor.forget(this.#writeTag);
    this.#readTag = 0;
    this.#writeTag = 0;
    library.owned.freeStream(this.#stream);
    this.#stream = 0;
    this.#finish(error);
    this.#changed();
  }

  /** The RPC is over. Responses that were read ahead can still be read. */
  #finish(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const { reactor } = this.connection;
    this.connection.remove(this);
    for (const reader of this.#readers.splice(0)) {
      reactor.release();
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
    for (const write of this.#writes.splice(0)) {
      reactor.release();
      this.#writeAfterEnd().then(write.resolve, write.reject);
    }
    if (this.#writeTag !== 0) reactor.forget(this.#writeTag);
    this.#writeTag = 0;
    for (const waiter of this.#opened.splice(0)) waiter.reject(error);
    this.#stopRequests?.();
    this.#stopRequests = undefined;
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}

function iteratorOf(requests: Requests<unknown>): Iterator<unknown> | AsyncIterator<unknown> {
  const given = requests as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const iterator = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.();
  if (iterator === undefined || typeof requests === 'string') {
    throw new TypeError('the requests are an iterable or an async iterable of messages');
  }
  return iterator;
}
