// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/** Clients. */

import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

import { cardinalities, channelStates } from './api';
import { Call } from './call';
import { abortReason, CallCore, type Codec, type Requests, streamsRequests } from './call_core';
import { encodeBinary, encodeMessage, splitFrames } from './codec';
import { Connection, type Opening } from './connection';
import { located, ownError, typeName } from './errors';
import { checked, checkText, type FallibleFunction, hasHalfPair, type Input } from './library';
import {
  checkOneOf,
  checkOptions,
  encodeOptions,
  isEmpty,
  milliseconds,
  signalOf,
} from './options';
import { UnaryCall } from './unary_call';

/** A message as it is received: an object by JSON names. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- it is known at run time only
export type Message = any;

/** A duration: a number of seconds, or text with a unit (`'250ms'`, `'2s'`, `'1m'`). */
export type Duration = number | string;
/** A size: a number of bytes, text with a unit (`'16MiB'`), or `'none'`. */
export type Size = number | string;

type MetadataValue = string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
/**
 * Metadata to be sent: an object, or pairs of keys and values such as a `Map` or `Headers` gives.
 * Values of keys that end in `-bin` are bytes, all others text.
 */
export type MetadataInput =
  Record<string, MetadataValue> | Iterable<readonly [key: string, value: MetadataValue]>;

/** The name of a cardinality. */
export type Cardinality = 'UNARY_UNARY' | 'UNARY_STREAM' | 'STREAM_UNARY' | 'STREAM_STREAM';

/** The state of a channel. */
export type ChannelState = keyof typeof channelStates;

/**
 * What clients and calls both take. Options that are not listed here are the library's, too;
 * `options()` lists all, and an unknown one is an `OptionError`.
 */
export interface CommonOptions {
  /** 64-bit integers in responses: texts of their digits (the default), or bigints. */
  int64?: 'string' | 'bigint' | undefined;
  /** Fields of bytes in responses: base64 texts (the default), or Buffers. */
  bytes?: 'base64' | 'buffer' | undefined;
  /** The deadline, from now. */
  timeout?: Duration | undefined;
  /** Wait for a connection instead of failing with the first attempt. */
  wait_for_ready?: boolean | undefined;
  metadata?: MetadataInput | undefined;
  compression?: 'none' | 'gzip' | undefined;
  /** Messages are values, or bytes in protobuf's wire format. */
  codec?: 'json' | 'binary' | undefined;
  /** Fields without presence are there also when they have their default value; true here. */
  print_defaults?: boolean | undefined;
  enum_numbers?: boolean | undefined;
  proto_names?: boolean | undefined;
  ignore_unknown?: boolean | undefined;
  [option: string]: unknown;
}

/** Options of a call. */
export interface CallOptions extends CommonOptions {
  /** Ends the call when it is aborted, with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Options of a client, and defaults for its calls. */
export interface ClientOptions extends CommonOptions {
  transport?: 'plaintext' | 'tls' | undefined;
  /** Ask the server for its schema at the first call, if nothing is loaded. */
  reflection?: boolean | string | undefined;
  /** Directories to look for .proto files in. */
  proto_path?: string | readonly string[] | undefined;
  max_receive_size?: Size | undefined;
  max_send_size?: Size | undefined;
  [option: string]: unknown;
}

/** Options of `load()`. */
export interface LoadOptions {
  proto_path?: string | readonly string[] | undefined;
  timeout?: Duration | undefined;
  metadata?: MetadataInput | undefined;
  [option: string]: unknown;
}

/** What `load()` takes: a name or a path, a descriptor set, or another client. */
export type Source = string | URL | Uint8Array | Client;

/** Something that ends a wait. */
export interface WaitOptions {
  signal?: AbortSignal | undefined;
  timeout?: Duration | undefined;
}

/** The status of a service. */
export interface Health {
  status: 'SERVING' | 'NOT_SERVING' | 'UNKNOWN' | 'SERVICE_UNKNOWN';
}

// Every field that has a value is there: `reply.count` is 0, and not undefined.
const DEFAULTS = { print_defaults: true };

// How often it is looked whether the channel is ready, in ms.
const FIRST_LOOK = 1;
const LAST_LOOK = 50;

const cardinalityNames = new Map<number, string>(
  Object.entries(cardinalities).map(([name, value]) => [value, name]),
);

/** Options of a call, as it needs them. */
interface Prepared {
  text: string | null;
  codec: Codec;
  signal: AbortSignal | undefined;
}

const binaryCodec: Codec = {
  isBinary: true,
  encode: encodeBinary,
  decode: (data) => data,
  decodeMany: (data) => splitFrames(data as Buffer),
  convert: (message) => message,
};
const jsonCodec: Codec = {
  isBinary: false,
  encode: encodeMessage,
  decode: (data) => JSON.parse(data as string) as unknown,
  decodeMany: (data) => JSON.parse(data as string) as unknown[],
  convert: (message) => message,
};

/**
 * A target and a schema. Calls go by a method's name, with native values.
 *
 * Methods are named by their short name where only one service has it, or as `Greeter/SayHello`,
 * `helloworld.Greeter.SayHello`, `/helloworld.Greeter/SayHello`.
 */
export class Client {
  readonly #connection: Connection;
  #clientOptions: CallOptions = {};
  #callOptions: CallOptions = {};
  #prepared: Prepared | undefined;

  /**
   * Makes a client. It connects with the first call.
   *
   * @param target - `'localhost:50051'`, `'unix:/run/service.sock'` or another target of gRPC;
   *   null for a client that serves schema and conversion only.
   * @param options - Options of the client, and defaults for its calls.
   * @throws {OptionError} An option is unknown, or its value does not fit.
   * @throws {LibraryError} libpygrpc cannot be loaded.
   */
  constructor(target: string | null, options: ClientOptions = {}) {
    if ((target as unknown) instanceof Connection) {
      this.#connection = target as unknown as Connection; // by withOptions()
      return;
    }
    checkOptions(options);
    const { int64, bytes, ...given } = options;
    this.#clientOptions = { int64, bytes, codec: options.codec };
    this.#checkOwn(this.#clientOptions);
    this.#connection = new Connection(target, { ...DEFAULTS, ...given });
  }

  /**
   * The same client, whose calls have other options unless they say otherwise. It shares the
   * connection and the schema; closing one closes both.
   */
  withOptions(options: CallOptions): Client {
    checkOptions(options);
    const client = new Client(this.#connection as never);
    client.#clientOptions = this.#clientOptions;
    client.#callOptions = { ...this.#callOptions, ...options };
    return client;
  }

  // ---- Schema

  /**
   * Loads a schema: by the name of a file (`'helloworld.proto'`, `'helloworld'`), a directory, a
   * descriptor set as a file or as bytes, `'reflection'` for what the server tells of itself, or all
   * that another client has loaded. The event loop goes on meanwhile.
   *
   * @throws {SchemaError} It cannot be loaded; see `locations` and `searched`.
   */
  async load(source: Source, options?: LoadOptions): Promise<void> {
    const [name, inputs] = this.#loading(source, options);
    if (name === 'pygrpc_load_client') {
      this.#loadNow(name, inputs); // at once: the other client might be closed meanwhile
    } else {
      await this.#connection.inBackground(name, inputs);
      this.#connection.schemaLoaded();
    }
  }

  /** As `load()`, but blocks the event loop for that time; for programs that are just starting. */
  loadSync(source: Source, options?: LoadOptions): void {
    const [name, inputs] = this.#loading(source, options);
    this.#loadNow(name, inputs);
  }

  /**
   * Loads the text of a .proto file under the name that others import it by.
   *
   * @throws {SchemaError} It cannot be loaded. If that is only for want of what it imports, the
   *   text is kept, and joins the schema by itself when that arrives.
   */
  async loadProto(filename: string, text: string | Uint8Array): Promise<void> {
    const name = checkText(filename, "the file's name");
    if (typeof text !== 'string' && !types.isUint8Array(text)) {
      throw new TypeError(`the text of ${name} is a string or a Uint8Array, not ${typeName(text)}`);
    }
    if (typeof text === 'string' && hasHalfPair(text)) {
      throw ownError('E_ARGUMENT', `the text of ${name} has half a surrogate pair in it`);
    }
    const inputs = [name, typeof text === 'string' ? Buffer.from(text) : text];
    await this.#connection.inBackground('pygrpc_load_proto', inputs);
    this.#connection.schemaLoaded();
  }

  #loading(source: Source, options: LoadOptions | undefined): [FallibleFunction, Input[]] {
    this.#connection.requireOpen();
    checkOptions(options);
    if (typeof source === 'string' || source instanceof URL) {
      const path = source instanceof URL ? fileURLToPath(source) : source;
      const text = options === undefined ? null : encodeOptions(options);
      return ['pygrpc_load', [checkText(path, 'the source'), text]];
    }
    if (options !== undefined && !isEmpty(options)) {
      throw new TypeError(`only names and paths take options, such as ${Object.keys(options)[0]}`);
    }
    if (source instanceof Client) {
      return ['pygrpc_load_client', [source.#connection.handle]];
    }
    if (types.isUint8Array(source)) return ['pygrpc_load_descriptor_set', [source]];
    throw new TypeError(
      `a source is a string, a URL, a Uint8Array or a Client, not ${typeName(source)}`,
    );
  }

  #loadNow(name: FallibleFunction, inputs: Input[]): void {
    checked(this.#connection.library.call(name, [this.#connection.handle, ...inputs]));
    this.#connection.schemaLoaded();
  }

  /** The services with their methods: types, cardinality, comments, options. */
  services(): Promise<Message[]> {
    return this.#introspect('pygrpc_services', []);
  }

  /** What is declared under a name: a service, method, message, field, enum, file and so on. */
  describe(symbol: string): Promise<Message> {
    return this.#introspect('pygrpc_describe', [symbol]);
  }

  /** A message with an example in each field; of a method, its request. */
  template(type: string): Promise<Message> {
    return this.#introspect('pygrpc_template', [type]);
  }

  /**
   * JSON Schema of a message; of a method, a tool definition for language models; without a name,
   * an array of those of all methods.
   */
  jsonSchema(type?: string, options?: CallOptions): Promise<Message> {
    checkOptions(options);
    const text = options === undefined ? null : encodeOptions(options);
    return this.#introspect('pygrpc_json_schema', [type ?? null, text]);
  }

  /** The files that declare some symbols, or all: as a descriptor set, or as .proto texts. */
  async export(symbols?: readonly string[], format?: 'descriptor_set'): Promise<Buffer>;
  async export(
    symbols: readonly string[] | undefined,
    format: 'proto',
  ): Promise<Record<string, string>>;
  async export(symbols?: readonly string[], format = 'descriptor_set'): Promise<unknown> {
    if (symbols !== undefined && !Array.isArray(symbols)) {
      throw new TypeError(`the symbols are an array of strings, not ${typeName(symbols)}`);
    }
    const inputs = [
      symbols === undefined ? null : JSON.stringify(symbols),
      checkText(format, 'the format'),
    ];
    const { bytes } = await this.#connection.inBackground('pygrpc_export', inputs);
    return format === 'descriptor_set' ? bytes : (JSON.parse(String(bytes)) as unknown);
  }

  async #introspect<Result>(name: FallibleFunction, inputs: (string | null)[]): Promise<Result> {
    for (const text of inputs) {
      if (text !== null) checkText(text, 'the name');
    }
    const { bytes } = await this.#connection.inBackground(name, inputs);
    return JSON.parse(String(bytes)) as Result;
  }

  /** The cardinality of a method. */
  async cardinality(method: string): Promise<Cardinality> {
    const cardinality = await this.#connection.cardinality(method);
    return cardinalityNames.get(cardinality) as Cardinality;
  }

  // ---- Conversion

  /** Converts a message to protobuf's wire format. */
  jsonToBinary(type: string, message: unknown, options: CallOptions = {}): Buffer {
    const { library, handle } = this.#connection;
    checkOptions(options);
    const text = isEmpty(options) ? null : this.#prepare(options).text;
    const inputs = [handle, checkText(type, 'the type'), encodeMessage(message), text];
    return checked(library.call('pygrpc_json_to_binary', inputs)).bytes as Buffer;
  }

  /** Converts protobuf's wire format to a message. */
  binaryToJson<Result = Message>(
    type: string,
    bytes: Uint8Array,
    options: CallOptions = {},
  ): Result {
    const { library, handle } = this.#connection;
    const { int64, bytes: bytesForm, text } = this.#conversion(options);
    const inputs = [handle, checkText(type, 'the type'), encodeBinary(bytes), text];
    const output = checked(library.call('pygrpc_binary_to_json', inputs));
    const message: unknown = JSON.parse(String(output.bytes));
    if (!int64 && !bytesForm) return message as Result;
    return this.#connection
      .converter({ int64, bytes: bytesForm })
      .convertType(type, message) as Result;
  }

  // ---- Calls

  /** Calls a method with one request and one response. The deadline is 10 s unless given. */
  async unaryUnary<Response = Message>(
    method: string,
    request: unknown = {},
    options?: CallOptions,
  ): Promise<Response> {
    try {
      return await this.#callOnce(method, request, options);
    } catch (error) {
      throw located(error);
    }
  }

  #callOnce<Response>(
    method: string,
    request: unknown,
    options: CallOptions | undefined,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      // What is thrown here rejects the promise.
      const { opening, codec, signal } = this.#open(
        method,
        cardinalities.UNARY_UNARY,
        options,
        request,
      );
      if (signal?.aborted) throw abortReason(signal);
      const connection = this.#connection;
      if (connection.opensSlowly(opening)) {
        const core = new CallCore(connection, opening, codec, signal);
        only(new Call<Response>(core, undefined)).then(resolve, reject);
        return;
      }
      const done = resolve as (response: unknown) => void;
      const call = new UnaryCall(connection, opening, codec, signal, done, reject);
      call.start(connection.open(opening));
    });
  }

  /** Calls a method with one request and a stream of responses: iterate what is returned. */
  unaryStream<Response = Message>(
    method: string,
    request: unknown = {},
    options?: CallOptions,
  ): Call<Response> {
    return this.#call(method, cardinalities.UNARY_STREAM, request, undefined, options);
  }

  /** Calls a method with a stream of requests, taken from an iterable, and one response. */
  async streamUnary<Response = Message, Request = unknown>(
    method: string,
    requests: Requests<Request>,
    options?: CallOptions,
  ): Promise<Response> {
    const cardinality = cardinalities.STREAM_UNARY;
    if ((requests as unknown) === undefined) {
      throw new TypeError(`the requests of ${method} are missing: an iterable of messages`);
    }
    return only(this.#call<Response, Request>(method, cardinality, undefined, requests, options));
  }

  /**
   * Calls a method with streams of requests and responses. Without an iterable, the requests are
   * given to `write()` of the call that is returned.
   */
  streamStream<Response = Message, Request = unknown>(
    method: string,
    requests?: Requests<Request>,
    options?: CallOptions,
  ): Call<Response, Request> {
    return this.#call(method, cardinalities.STREAM_STREAM, undefined, requests, options);
  }

  /**
   * Calls a method with what it takes, a request or an iterable of requests, and gives what it
   * gives, a response or a call to be iterated.
   */
  async request<Result = Message>(
    method: string,
    request: unknown = {},
    options?: CallOptions,
  ): Promise<Result> {
    const cardinality = await this.#connection.cardinality(method);
    const requests = request as Requests<unknown>;
    switch (cardinality) {
      case cardinalities.UNARY_UNARY:
        return this.unaryUnary<Result>(method, request, options);
      case cardinalities.UNARY_STREAM:
        return this.unaryStream(method, request, options) as Result;
      case cardinalities.STREAM_UNARY:
        return this.streamUnary<Result>(method, requests, options);
      default:
        return this.streamStream(method, requests, options) as Result;
    }
  }

  /**
   * Calls a method of any cardinality, with what it takes: a request, or an iterable of requests, or
   * nothing where they are to be written. The call has headers, trailers and more.
   */
  async call<Response = Message, Request = unknown>(
    method: string,
    request?: Request | Requests<Request>,
    options?: CallOptions,
  ): Promise<Call<Response, Request>> {
    const cardinality = await this.#connection.cardinality(method);
    return streamsRequests(cardinality)
      ? this.#call(method, cardinality, undefined, request as Requests<Request>, options)
      : this.#call(method, cardinality, request ?? {}, undefined, options);
  }

  #open(
    method: string,
    cardinality: number,
    options: CallOptions | undefined,
    request: unknown,
  ): { opening: Opening; codec: Codec; signal: AbortSignal | undefined } {
    const { text, codec, signal } = this.#prepare(options);
    const data = request === undefined ? null : codec.encode(request);
    const opening: Opening = {
      name: 'pygrpc_stream_open',
      method,
      cardinality,
      request: data,
      options: text,
      isBinary: codec.isBinary,
    };
    return { opening, codec, signal };
  }

  #call<Response, Request>(
    method: string,
    cardinality: number,
    request: unknown,
    requests: Requests<Request> | undefined,
    options: CallOptions | undefined,
  ): Call<Response, Request> {
    const { opening, codec, signal } = this.#open(method, cardinality, options, request);
    return new Call(new CallCore(this.#connection, opening, codec, signal), requests);
  }

  // ---- Options of calls

  #checkOwn(options: CallOptions): void {
    checkOneOf(options, 'int64', ['string', 'bigint']);
    checkOneOf(options, 'bytes', ['base64', 'buffer']);
  }

  #prepare(given: CallOptions | undefined): Prepared {
    checkOptions(given);
    if (given === undefined || isEmpty(given)) {
      this.#prepared ??= this.#prepareThese(this.#callOptions);
      return this.#prepared;
    }
    return this.#prepareThese({ ...this.#callOptions, ...given });
  }

  #prepareThese(options: CallOptions): Prepared {
    const signal = signalOf(options);
    const { int64, bytes, text } = this.#conversion(options);
    if ((options.codec ?? this.#clientOptions.codec) === 'binary') {
      return { text, codec: binaryCodec, signal };
    }
    if (!int64 && !bytes) return { text, codec: jsonCodec, signal };
    const connection = this.#connection;
    const converter = connection.converter({ int64, bytes });
    const convert = (message: unknown, method: string) => converter.convert(method, message);
    return { text, codec: { ...jsonCodec, convert }, signal };
  }

  /** What of the options the binding does itself, and the text of the rest. */
  #conversion(options: CallOptions): { int64: boolean; bytes: boolean; text: string | null } {
    checkOptions(options);
    const { signal: _, int64, bytes, ...given } = options;
    this.#checkOwn(options);
    return {
      int64: (int64 ?? this.#clientOptions.int64) === 'bigint',
      bytes: (bytes ?? this.#clientOptions.bytes) === 'buffer',
      text: isEmpty(given) ? null : encodeOptions(given),
    };
  }

  // ---- Channel and health

  /** The state of the channel. It is not asked to connect. */
  get state(): ChannelState {
    const { library, handle } = this.#connection;
    const { value } = checked(library.call('pygrpc_client_state', [handle]));
    const states = Object.entries(channelStates) as [ChannelState, number][];
    return (states.find(([, state]) => state === value) as [ChannelState, number])[0];
  }

  /**
   * Connects, and waits until the channel is ready.
   *
   * @returns False if it is not within `timeout`.
   */
  async waitReady(options: WaitOptions = {}): Promise<boolean> {
    checkOptions(options);
    const signal = signalOf(options);
    const deadline = performance.now() + milliseconds('timeout', options.timeout);
    let look = FIRST_LOOK;
    while (!this.#connection.isReady()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      if (signal?.aborted) throw abortReason(signal);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(go, Math.min(look, left));
        signal?.addEventListener('abort', go);
        function go(): void {
          clearTimeout(timer);
          signal?.removeEventListener('abort', go);
          resolve();
        }
      });
      look = Math.min(look * 2, LAST_LOOK);
    }
    return true;
  }

  /** Asks the server's health service for a service, or for the server as a whole. */
  async health(service = '', options?: CallOptions): Promise<Health> {
    const { text, signal } = this.#prepare(options);
    const inputs = [checkText(service, "the service's name"), text];
    if (signal?.aborted) throw abortReason(signal);
    const asking = this.#connection.inBackground('pygrpc_health', inputs);
    const { bytes } = await (signal === undefined ? asking : unlessAborted(asking, signal));
    return JSON.parse(String(bytes)) as Health;
  }

  /** The status of a service now, and each change of it; endless. */
  healthWatch(service = '', options?: CallOptions): Call<Health> {
    const { text, signal } = this.#prepare(options);
    const opening: Opening = {
      name: 'pygrpc_health_watch',
      method: service,
      cardinality: cardinalities.UNARY_STREAM,
      request: null,
      options: text,
      isBinary: false,
    };
    return new Call(new CallCore(this.#connection, opening, jsonCodec, signal), undefined);
  }

  // ---- End

  /** Closes the client; its calls in flight end with a `ClosedError`. May be repeated. */
  close(): void {
    this.#connection.close();
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The response of a call, which is closed after it. */
async function only<Response>(call: Call<Response, never>): Promise<Response> {
  try {
    return await call.response();
  } finally {
    call.close();
  }
}

/** What a promise comes to, unless the signal is aborted before. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortReason(signal));
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort as () => void);
  }
}
