// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Call any gRPC method by name, with native values.
 *
 * @packageDocumentation
 */

export { cardinalities, channelStates, codes, statuses } from './api';
export type { Call, CallInfo } from './call';
export type { Requests } from './call_core';
export {
  type CallOptions,
  type Cardinality,
  type ChannelState,
  Client,
  type ClientOptions,
  type CommonOptions,
  type Duration,
  type Health,
  type LoadOptions,
  type Message,
  type MetadataInput,
  type Size,
  type Source,
  type WaitOptions,
} from './client';
export {
  AmbiguousError,
  ArgumentError,
  CancelledError,
  ClosedError,
  DeadlineExceededError,
  type ErrorInfo,
  ForkedError,
  InvalidCardinalityError,
  JsonError,
  LibraryError,
  type Metadata,
  NotFoundError,
  OptionError,
  OutOfMemoryError,
  PygrpcError,
  RpcError,
  SchemaError,
  type SchemaLocation,
  StateError,
  WireError,
} from './errors';
export { loadLibrary, type OptionInfo, options, version } from './library';
