// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** The queue of the library, in Node's event loop. */

import { closeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';

import { codes } from './api';
import { checked, getLibrary, type Library, type Slot } from './library';

/** What becomes of an operation. */
export interface Handler {
  /** The event is freed after the call. */
  complete(code: number, event: number): void;
  /** What complete() threw, such as memory running out. Must not throw. */
  fail(error: unknown): void;
}

// net.Socket takes these, too; they save a buffer for each wake.
interface Options extends SocketConstructorOpts {
  onread: { buffer: Uint8Array; callback: () => boolean };
}

// From Linux's fcntl.h; Node has only some of them.
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** So long the loop may be kept from other work, in ms; then they get their turn. */
const TURN = 0.5;

/** Makes a pipe whose ends do not block, and which no child inherits. */
function makePipe(library: Library): [readEnd: number, writeEnd: number] {
  const ends = new Int32Array(2);
  if (library.makePipe(ends, O_NONBLOCK | O_CLOEXEC) !== 0)
    throw new Error('pipe2() failed: no more files?');
  return [ends[0] as number, ends[1] as number];
}

/**
 * One queue for all clients of a thread of Node. The library writes a byte to a pipe when the queue
 * becomes non-empty; the loop reads it, and takes all events that are there.
 */
export class Reactor {
  readonly library: Library;
  readonly queue: number;
  readonly #socket: Socket;
  readonly #writeEnd: number;
  readonly #handlers = new Map<number, Handler>();
  readonly #event: Slot;
  readonly #count: Slot;
  #lastTag = 0;
  #waiters = 0;
  #isScheduled = false;

  constructor(library: Library) {
    this.library = library;
    this.#event = library.newSlot();
    this.#count = library.newSlot();
    this.queue = checked(library.call('pygrpc_queue_new', [])).value;
    const [readEnd, writeEnd] = makePipe(library);
    this.#writeEnd = writeEnd;
    checked(library.call('pygrpc_queue_set_fd', [this.queue, writeEnd]));
    const options: Options = {
      fd: readEnd,
      readable: true,
      writable: false,
      onread: {
        buffer: new Uint8Array(256),
        callback: () => {
          this.#drain();
          return true;
        },
      },
    };
    this.#socket = new Socket(options);
    this.#socket.unref();
    // The library goes on writing while this thread of Node ends, or until it is told.
    const { owned } = library;
    const ends = owned.add('close', writeEnd) && owned.add('pygrpc_queue_free', this.queue);
    if (!ends) process.once('exit', () => this.#close());
  }

  /** Begins a read of a stream. */
  read(stream: number, handler: Handler): number {
    const tag = ++this.#lastTag;
    const { functions, errorOut } = this.library;
    const code = functions.pygrpc_stream_read_async(stream, tag, errorOut);
    if (code < 0) throw this.library.takeError(code);
    this.#handlers.set(tag, handler);
    return tag;
  }

  /** Begins a read of up to `max` messages of a stream. */
  readMany(stream: number, max: number, handler: Handler): number {
    const tag = ++this.#lastTag;
    const { functions, errorOut } = this.library;
    const code = functions.pygrpc_stream_read_many_async(stream, max, tag, errorOut);
    if (code < 0) throw this.library.takeError(code);
    this.#handlers.set(tag, handler);
    return tag;
  }

  /** Begins a write to a stream. */
  write(stream: number, data: string | Uint8Array, handler: Handler): number {
    const tag = ++this.#lastTag;
    const { functions, errorOut } = this.library;
    const size = typeof data === 'string' ? -1 : data.length;
    const code = functions.pygrpc_stream_write_async(stream, data, size, tag, errorOut);
    if (code < 0) throw this.library.takeError(code);
    this.#handlers.set(tag, handler);
    return tag;
  }

  /** The event of an operation is of no interest any more. */
  forget(tag: number): void {
    this.#handlers.delete(tag);
  }

  /** Somebody waits, for which the process has to go on. */
  retain(): void {
    if (this.#waiters++ === 0) this.#socket.ref();
  }

  release(): void {
    if (--this.#waiters === 0) this.#socket.unref();
  }

  /** Takes events until there are none, but gives the loop its turn in between. */
  #drain(): void {
    const { functions, errorOut } = this.library;
    const began = performance.now();
    do {
      // One by one: as long as each poll gets what it asks for, the library writes no byte to the
      // pipe, although the next read of a stream often ends as soon as it is begun.
      const event = this.#event;
      const code = functions.pygrpc_queue_poll(
        this.queue,
        0,
        event.address,
        1,
        this.#count.address,
        errorOut,
      );
      if (code < 0) throw this.library.takeError(code);
      if (code === codes.PENDING) return;
      this.#dispatch(event.value);
    } while (performance.now() - began < TURN);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#drain();
    });
  }

  #dispatch(event: number): void {
    const { functions } = this.library;
    const tag = functions.pygrpc_event_tag(event);
    const handler = this.#handlers.get(tag);
    if (handler !== undefined) {
      this.#handlers.delete(tag);
      try {
        handler.complete(functions.pygrpc_event_code(event), event);
      } catch (error) {
        handler.fail(error); // that one; the events behind it are others'
      }
    }
    functions.pygrpc_event_free(event);
  }

  #close(): void {
    this.library.functions.pygrpc_queue_set_fd(this.queue, -1, 0);
    closeSync(this.#writeEnd);
  }
}

let reactor: Reactor | undefined;

/** The reactor of this thread of Node. */
export function getReactor(): Reactor {
  reactor ??= new Reactor(getLibrary());
  return reactor;
}
