// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

export const abiVersion: number;
export const handles: readonly string[];
/** The declaration of each function, for koffi, by its name. */
export const functions: Readonly<Record<string, string>>;
export const codes: {
  readonly OK: 0;
  readonly END: 1;
  readonly PENDING: 2;
  readonly E_ARGUMENT: -1;
  readonly E_OPTION: -2;
  readonly E_SCHEMA: -3;
  readonly E_NOT_FOUND: -4;
  readonly E_AMBIGUOUS: -5;
  readonly E_CARDINALITY: -6;
  readonly E_JSON: -7;
  readonly E_WIRE: -8;
  readonly E_STATUS: -9;
  readonly E_STATE: -10;
  readonly E_CLOSED: -11;
  readonly E_FORKED: -12;
  readonly E_NO_MEMORY: -13;
  readonly E_INTERNAL: -14;
};
export const statuses: {
  readonly OK: 0;
  readonly CANCELLED: 1;
  readonly UNKNOWN: 2;
  readonly INVALID_ARGUMENT: 3;
  readonly DEADLINE_EXCEEDED: 4;
  readonly NOT_FOUND: 5;
  readonly ALREADY_EXISTS: 6;
  readonly PERMISSION_DENIED: 7;
  readonly RESOURCE_EXHAUSTED: 8;
  readonly FAILED_PRECONDITION: 9;
  readonly ABORTED: 10;
  readonly OUT_OF_RANGE: 11;
  readonly UNIMPLEMENTED: 12;
  readonly INTERNAL: 13;
  readonly UNAVAILABLE: 14;
  readonly DATA_LOSS: 15;
  readonly UNAUTHENTICATED: 16;
};
export const cardinalities: {
  readonly ANY_CARDINALITY: 0;
  readonly UNARY_UNARY: 1;
  readonly UNARY_STREAM: 2;
  readonly STREAM_UNARY: 3;
  readonly STREAM_STREAM: 4;
};
export const channelStates: {
  readonly IDLE: 0;
  readonly CONNECTING: 1;
  readonly READY: 2;
  readonly TRANSIENT_FAILURE: 3;
  readonly SHUTDOWN: 4;
};
