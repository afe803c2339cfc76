// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Unary calls, which are most of all calls, with no more than they need. */

import { codes } from './api';
import { abortReason, type Codec } from './call_core';
import type { Closable, Connection, Opening } from './connection';
import { makeError } from './errors';
import type { Handler } from './reactor';

/** A unary call, from its start to its response. */
export class UnaryCall implements Handler, Closable {
  #stream = 0;
  #tag = 0;

  constructor(
    private readonly connection: Connection,
    private readonly opening: Opening,
    private readonly codec: Codec,
    private readonly signal: AbortSignal | undefined,
    private readonly resolve: (response: unknown) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  start(stream: number): void {
    const { connection } = this;
    this.#stream = stream;
    try {
      this.#tag = connection.reactor.read(stream, this);
    } catch (error) {
      connection.library.owned.freeStream(stream);
      this.reject(error);
      return;
    }
    connection.reactor.retain();
    connection.add(this);
    this.signal?.addEventListener('abort', this.#abort);
  }

  complete(code: number, event: number): void {
    const { library } = this.connection;
    if (code === codes.OK) {
      const { isBinary } = this.codec;
      const data = isBinary ? library.eventBytes(event) : library.eventText(event, 0);
      this.#end();
      this.resolve(this.codec.convert(this.codec.decode(data), this.opening.method));
    } else {
      const error = library.errorJson(library.functions.pygrpc_event_error(event));
      this.#end();
      this.reject(makeError(code, error));
    }
  }

  connectionClosed(error: unknown): void {
    this.fail(error);
  }

  readonly #abort = (): void => this.fail(abortReason(this.signal as AbortSignal));

  fail(error: unknown): void {
    this.connection.reactor.forget(this.#tag);
    this.#end();
    this.reject(error);
  }

  #end(): void {
    const { connection } = this;
    if (this.#stream === 0) return;
    connection.library.owned.freeStream(this.#stream);
    this.#stream = 0;
    connection.reactor.release();
    connection.remove(this);
    this.signal?.removeEventListener('abort', this.#abort);
  }
}
