// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** The queue of the library, in Node's event loop. */

import { closeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';

import { codes } from './api';
import { checked, getLibrary, type Library, Slot } from './library';

/** What becomes of an operation. The event is freed after the call. */
export interface Handler {
  complete(code: number, event: number): void;
}

// net.Socket takes these, too; they save a buffer for each wake.
interface Options extends SocketConstructorOpts {
  onread: { buffer: Uint8Array; callback: () => boolean };
}

// From Linux's fcntl.h; Node has only some of them.
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const MAX_EVENTS = 64;
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
  readonly #events = new Uint32Array(2 * MAX_EVENTS);
  readonly #count = new Slot();
  #lastTag = 0;
  #waiters = 0;
  /** How many events are asked for at once; as many as are converted in less than a turn. */
  #batch = MAX_EVENTS;
  #isScheduled = false;

  constructor(library: Library) {
    this.library = library;
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
    process.once('exit', () => this.#close());
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
    let now = began;
    while (now - began < TURN) {
      const before = now;
      const code = functions.pygrpc_queue_poll(
        this.queue,
        0,
        this.#events,
        this.#batch,
        this.#count.words,
        errorOut,
      );
      if (code < 0) throw this.library.takeError(code);
      if (code === codes.PENDING) return;
      const count = this.#count.value;
      for (let index = 0; index < count; index++) {
        this.#dispatch(
          (this.#events[2 * index + 1] as number) * 4294967296 +
            (this.#events[2 * index] as number),
        );
      }
      now = performance.now();
      this.#adapt(count, now - before);
    }
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
      handler.complete(functions.pygrpc_event_code(event), event);
    }
    functions.pygrpc_event_free(event);
  }

  /** Messages are converted while events are taken: large ones are taken in smaller batches. */
  #adapt(count: number, took: number): void {
    if (took > TURN) {
      this.#batch = Math.max(1, count >> 1);
    } else if (count === this.#batch && took < TURN / 4) {
      this.#batch = Math.min(MAX_EVENTS, this.#batch * 2);
    }
  }

  #close(): void {
    this.library.functions.pygrpc_queue_set_fd(this.queue, -1, null);
    closeSync(this.#writeEnd);
  }
}

let reactor: Reactor | undefined;

/** The reactor of this thread of Node. */
export function getReactor(): Reactor {
  reactor ??= new Reactor(getLibrary());
  return reactor;
}
