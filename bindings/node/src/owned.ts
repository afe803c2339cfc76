// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** What a thread of Node has of the library, and has to give back. */

import { isMainThread } from 'node:worker_threads';

import type { Functions } from './api';
import type { Koffi, NativeLibrary } from './library';

/** What is freed at the end of a Worker, and by which function. */
type Release = 'pygrpc_client_free' | 'pygrpc_stream_free' | 'pygrpc_queue_free' | 'close';

type Hook = (isolate: number, release: bigint, handle: number) => void;

// Functions of Node's for addons, as C++ names them: Isolate::GetCurrent(), and what adds and removes
// a function that is called when the thread ends, with an argument, the last added first.
const CURRENT_ISOLATE = 'uintptr_t _ZN2v87Isolate10GetCurrentEv()';
const OF_HOOK =
  'CleanupHookEPN2v87IsolateEPFvPvES3_(uintptr_t isolate, uintptr_t release, uintptr_t handle)';
const ADD_HOOK = `void _ZN4node25AddEnvironment${OF_HOOK}`;
const REMOVE_HOOK = `void _ZN4node28RemoveEnvironment${OF_HOOK}`;

/** The hooks that Node calls when a Worker ends, also by terminate(), which runs none of its code. */
class EndOfWorker {
  readonly #addresses: Record<Release, bigint>;
  readonly #isolate: number;
  readonly #add: Hook;
  readonly #remove: Hook;

  /** Throws where Node has not what it takes. */
  constructor(koffi: Koffi, library: NativeLibrary) {
    const node = koffi.load(null);
    this.#add = node.func(ADD_HOOK) as Hook;
    this.#remove = node.func(REMOVE_HOOK) as Hook;
    this.#addresses = {
      pygrpc_client_free: library.symbol('pygrpc_client_free'),
      pygrpc_stream_free: library.symbol('pygrpc_stream_free'),
      pygrpc_queue_free: library.symbol('pygrpc_queue_free'),
      close: node.symbol('close'),
    };
    this.#isolate = (node.func(CURRENT_ISOLATE) as () => number)();
  }

  add(release: Release, handle: number): void {
    this.#add(this.#isolate, this.#addresses[release], handle);
  }

  remove(release: Release, handle: number): void {
    this.#remove(this.#isolate, this.#addresses[release], handle);
  }
}

/** What is owned ends with its thread, so that no call and no connection of a Worker outlives it. */
export class Owned {
  readonly #functions: Functions;
  readonly #find: () => EndOfWorker;
  #end: EndOfWorker | null | undefined;
  readonly #clients = new Set<number>();

  constructor(koffi: Koffi, library: NativeLibrary, functions: Functions) {
    this.#functions = functions;
    this.#find = () => new EndOfWorker(koffi, library);
  }

  /** Has it released when this thread ends. False if nothing does that, as in the main thread. */
  add(release: Release, handle: number): boolean {
    if (this.#end === undefined) {
      this.#end = null;
      try {
        if (!isMainThread) this.#end = this.#find();
      } catch {
        // Not every program that has Node's API exports the rest of it.
      }
    }
    this.#end?.add(release, handle);
    return this.#end !== null;
  }

  addClient(client: number): void {
    this.#clients.add(client);
    this.add('pygrpc_client_free', client);
  }

  /** Frees a client, unless that was done already. */
  freeClient(client: number): void {
    if (!this.#clients.delete(client)) return;
    this.#end?.remove('pygrpc_client_free', client);
    this.#functions.pygrpc_client_free(client);
  }

  addStream(stream: number): void {
    this.add('pygrpc_stream_free', stream);
  }

  /** Frees a stream; 0 is none. */
  freeStream(stream: number): void {
    if (stream === 0) return;
    this.#end?.remove('pygrpc_stream_free', stream);
    this.#functions.pygrpc_stream_free(stream);
  }
}
