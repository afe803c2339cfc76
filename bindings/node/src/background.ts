// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Functions of the library that wait for files or the network run in worker threads, so that the
 * event loop does not wait for them. Not in libuv's threads: those are four, for all of the process.
 */

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { FallibleFunction, Input, Library, Output } from './library';

/** A function to be called. The first input is the handle of a client. */
export interface Task {
  name: FallibleFunction;
  inputs: Input[];
}
export type TaskResult = Omit<Output, 'bytes'> & { bytes: Uint8Array | null };

const MAX_WORKERS = 8;

/** What tests change. */
export const settings = {
  /** A worker without work ends after so many ms. */
  idle: 5000,
};

interface Waiting {
  task: Task;
  resolve(result: TaskResult): void;
  reject(error: unknown): void;
}

/** A worker thread, and the one task that it has. */
class Lane {
  readonly #worker: Worker;
  readonly #begun = new Int32Array(new SharedArrayBuffer(4));
  #current: Waiting | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(
    library: Library,
    private readonly onIdle: (lane: Lane) => void,
    /** It takes no more tasks. */
    private readonly onEnd: (lane: Lane) => void,
  ) {
    this.#worker = new Worker(join(__dirname, 'worker.js'), {
      workerData: { path: library.path, begun: this.#begun },
      execArgv: [], // such as --input-type, which is not for files
      stdin: false,
    });
    this.#worker.on('message', (result: TaskResult) => {
      const done = this.#current;
      this.#rest();
      done?.resolve(result);
      this.onIdle(this);
    });
    this.#worker.on('error', (error) => {
      this.#current?.reject(error);
      this.#current = undefined;
    });
    this.#worker.on('exit', (status) => {
      const name = this.#current?.task.name;
      this.#current?.reject(new Error(`the thread that was in ${name} ended with ${status}`));
      this.#current = undefined;
      this.onEnd(this);
    });
  }

  run(waiting: Waiting): void {
    clearTimeout(this.#idleTimer);
    this.#current = waiting;
    this.#worker.ref();
    try {
      this.#worker.postMessage(waiting.task);
    } catch (error) {
      waiting.reject(error); // there are bytes that cannot be copied
      this.#rest();
      this.onIdle(this);
    }
  }

  #rest(): void {
    this.#current = undefined;
    this.#worker.unref();
    this.#idleTimer = setTimeout(() => {
      this.onEnd(this); // now: a worker that is terminated still takes messages, and loses them
      void this.#worker.terminate();
    }, settings.idle);
    this.#idleTimer.unref();
  }

  /** Node waits for its workers when it exits; freeing the client ends what one of them waits for. */
  interrupt(library: Library): void {
    const client = this.#current?.task.inputs[0];
    if (typeof client !== 'number' || Atomics.load(this.#begun, 0) === 0) return;
    // The function has been entered long since, or is just about to be.
    Atomics.wait(this.#begun, 0, 1, 5);
    library.owned.freeClient(client);
  }
}

/** The worker threads of this thread of Node. */
class Background {
  readonly #library: Library;
  readonly #lanes = new Set<Lane>();
  readonly #idle: Lane[] = [];
  readonly #queue: Waiting[] = [];

  constructor(library: Library) {
    this.#library = library;
    process.once('exit', () => {
      for (const lane of this.#lanes) lane.interrupt(library);
    });
  }

  run(task: Task): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    const waiting = this.#queue[0];
    if (waiting === undefined) return;
    let lane: Lane | undefined;
    try {
      lane = this.#idle.pop() ?? this.#newLane();
      if (lane === undefined) return; // one of them will be idle
    } catch (error) {
      waiting.reject(error); // there is no thread to be had
    }
    this.#queue.shift();
    lane?.run(waiting);
  }

  #newLane(): Lane | undefined {
    if (this.#lanes.size >= MAX_WORKERS) return undefined;
    const lane = new Lane(
      this.#library,
      (idle) => {
        this.#idle.push(idle);
        this.#next();
      },
      (ended) => {
        this.#lanes.delete(ended);
        const at = this.#idle.indexOf(ended);
        if (at >= 0) this.#idle.splice(at, 1);
        this.#next();
      },
    );
    this.#lanes.add(lane);
    return lane;
  }
}

let background: Background | undefined;

/** Calls a function in a worker thread. */
export async function runInBackground(library: Library, task: Task): Promise<Output> {
  background ??= new Background(library);
  const result = await background.run(task);
  return { ...result, bytes: result.bytes === null ? null : Buffer.from(result.bytes) };
}
