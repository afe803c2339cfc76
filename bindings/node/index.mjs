// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// One implementation serves both kinds of modules, so that a program has one of it.
import pygrpc from './dist/index.js';

export const {
  AmbiguousError,
  ArgumentError,
  CancelledError,
  Client,
  ClosedError,
  DeadlineExceededError,
  ForkedError,
  InvalidCardinalityError,
  JsonError,
  LibraryError,
  NotFoundError,
  OptionError,
  OutOfMemoryError,
  PygrpcError,
  RpcError,
  SchemaError,
  StateError,
  WireError,
  cardinalities,
  channelStates,
  codes,
  loadLibrary,
  options,
  statuses,
  version,
} = pygrpc;
