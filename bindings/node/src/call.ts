// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Calls in progress, as users have them. */

import { type CallCore, type Requests, streamsRequests, streamsResponses } from './call_core';
import { type Metadata, metadataOf, ownError } from './errors';

/** What is known of an RPC; the names are those of `pygrpc_stream_info()`. */
export interface CallInfo {
  method: string;
  target: string;
  cardinality: string;
  peer?: string;
  ended: boolean;
  headers?: Metadata;
  status?: number;
  statusName?: string;
  message?: string;
  details?: unknown[];
  trailers?: Metadata;
  messagesSent: number;
  messagesReceived: number;
  /** Milliseconds since the start of the RPC. */
  timing: { connect?: number; headers?: number; firstMessage?: number; total?: number };
}

// Who has dropped a call is not interested in it any more.
const registry = new FinalizationRegistry<CallCore>((core) => core.close());

/**
 * A call in progress, of any cardinality. Iterating it gives the responses; leaving the iteration
 * early cancels the call.
 */
export class Call<Response = unknown, Request = unknown> implements AsyncIterable<Response> {
  readonly #core: CallCore;

  /** @internal */
  constructor(core: CallCore, requests: Requests<Request> | undefined) {
    this.#core = core;
    registry.register(this, core, this);
    core.start();
    if (requests !== undefined) void core.sendAll(requests);
  }

  /** The name of the method, as it was given. */
  get method(): string {
    return this.#core.opening.method;
  }

  /** How the RPC ended, one of `statuses`; undefined until that is known. */
  get status(): number | undefined {
    return this.#core.status;
  }

  // ---- Responses

  /** The next response; undefined behind the last. */
  async read(): Promise<Response | undefined> {
    const step = await this.#core.next(this);
    return step.done ? undefined : (step.value as Response);
  }

  /** The response of a method that does not stream responses. */
  async response(): Promise<Response> {
    const core = this.#core;
    await core.opened();
    if (streamsResponses(core.opening.cardinality)) {
      throw ownError('E_CARDINALITY', `${this.method} streams responses; iterate the call`);
    }
    const step = await core.next(this);
    if (step.done) throw ownError('E_STATE', `the response of ${this.method} was read already`);
    return step.value as Response;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Response> {
    // The iterator refers to this, or the call would be dropped while it is iterated.
    const next = () => this.#core.next(this) as Promise<IteratorResult<Response, undefined>>;
    const iterator: AsyncIterableIterator<Response> = {
      next,
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  // ---- Requests

  /**
   * Sends a request, once those before have left.
   *
   * @returns False if the server has ended the RPC and takes no more: read for the result.
   */
  async write(message: Request): Promise<boolean> {
    const core = this.#core;
    if (!streamsRequests(core.opening.cardinality)) {
      throw ownError('E_STATE', `${this.method} takes one request, which was given already`);
    }
    return await core.write(core.codec.encode(message));
  }

  /** Tells the server that no more requests follow. */
  halfClose(): void {
    this.#core.halfClose();
  }

  // ---- Metadata and more

  /** The server's initial metadata, for which it waits. */
  async headers(): Promise<Metadata> {
    return await this.#core.metadata('pygrpc_stream_headers');
  }

  /**
   * The server's trailing metadata, which come behind the last response. Of a method that does not
   * stream responses it waits for them.
   *
   * @throws {StateError} There may be responses to be read yet.
   */
  async trailers(): Promise<Metadata> {
    const core = this.#core;
    await core.opened();
    while (!core.hasEnded()) {
      if (streamsResponses(core.opening.cardinality)) {
        throw ownError('E_STATE', `${this.method}: the trailers come after the last response`);
      }
      await core.change();
    }
    return await core.metadata('pygrpc_stream_trailers');
  }

  /** What is known of the RPC so far: peer, headers, status, counts, times and more. */
  async info(): Promise<CallInfo> {
    await this.#core.opened();
    const info = this.#core.json('pygrpc_stream_info') as Record<string, unknown>;
    for (const key of ['headers', 'trailers']) {
      if (key in info) info[key] = metadataOf(info[key] as Record<string, string[]>);
    }
    return info as unknown as CallInfo;
  }

  // ---- End

  /** Cancels the RPC; who is reading gets a `CancelledError`. */
  cancel(): void {
    this.#core.cancel();
  }

  /** Cancels the RPC if it has not ended, and frees what it holds. May be repeated. */
  close(): void {
    registry.unregister(this);
    this.#core.close();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
