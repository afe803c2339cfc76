// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

export const abiVersion = 1;

export const codes = Object.freeze({
  OK: 0,
  END: 1,
  PENDING: 2,
  E_ARGUMENT: -1,
  E_OPTION: -2,
  E_SCHEMA: -3,
  E_NOT_FOUND: -4,
  E_AMBIGUOUS: -5,
  E_CARDINALITY: -6,
  E_JSON: -7,
  E_WIRE: -8,
  E_STATUS: -9,
  E_STATE: -10,
  E_CLOSED: -11,
  E_FORKED: -12,
  E_NO_MEMORY: -13,
  E_INTERNAL: -14,
} as const);

export const statuses = Object.freeze({
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const);

export const cardinalities = Object.freeze({
  ANY_CARDINALITY: 0,
  UNARY_UNARY: 1,
  UNARY_STREAM: 2,
  STREAM_UNARY: 3,
  STREAM_STREAM: 4,
} as const);

export const channelStates = Object.freeze({
  IDLE: 0,
  CONNECTING: 1,
  READY: 2,
  TRANSIENT_FAILURE: 3,
  SHUTDOWN: 4,
} as const);

/** The functions, as they are called. */
export interface Functions {
  pygrpc_version: () => string;
  pygrpc_abi_version: () => number;
  pygrpc_code_name: (code: number) => string;
  pygrpc_options_json: (json: number, size: number, error: number) => number;
  pygrpc_free: (memory: number) => void;
  pygrpc_error_code: (error: number) => number;
  pygrpc_error_message: (error: number) => string;
  pygrpc_error_status: (error: number) => number;
  pygrpc_error_json: (error: number) => string;
  pygrpc_error_free: (error: number) => void;
  pygrpc_client_new: (target: string | null, options: string | null, client: number, error: number) => number;
  pygrpc_client_free: (client: number) => void;
  pygrpc_client_wait_ready: (client: number, timeout_ms: number, error: number) => number;
  pygrpc_client_state: (client: number, state: number, error: number) => number;
  pygrpc_load: (client: number, source: string | null, options: string | null, error: number) => number;
  pygrpc_load_descriptor_set: (client: number, bytes: string | Uint8Array | null, size: number, error: number) => number;
  pygrpc_load_proto: (client: number, filename: string | null, text: string | Uint8Array | null, size: number, error: number) => number;
  pygrpc_load_client: (client: number, other: number, error: number) => number;
  pygrpc_services: (client: number, json: number, size: number, error: number) => number;
  pygrpc_describe: (client: number, symbol: string | null, json: number, size: number, error: number) => number;
  pygrpc_template: (client: number, type: string | null, json: number, size: number, error: number) => number;
  pygrpc_json_schema: (client: number, type: string | null, options: string | null, json: number, size: number, error: number) => number;
  pygrpc_export: (client: number, symbols: string | null, format: string | null, bytes: number, size: number, error: number) => number;
  pygrpc_json_to_binary: (client: number, type: string | null, json: string | Uint8Array | null, size: number, options: string | null, bytes: number, bytes_size: number, error: number) => number;
  pygrpc_binary_to_json: (client: number, type: string | null, bytes: string | Uint8Array | null, size: number, options: string | null, json: number, json_size: number, error: number) => number;
  pygrpc_method_cardinality: (client: number, method: string | null, cardinality: number, error: number) => number;
  pygrpc_unary_unary: (client: number, method: string | null, request: string | Uint8Array | null, size: number, options: string | null, response: number, response_size: number, error: number) => number;
  pygrpc_unary_stream: (client: number, method: string | null, request: string | Uint8Array | null, size: number, options: string | null, stream: number, error: number) => number;
  pygrpc_stream_unary: (client: number, method: string | null, options: string | null, stream: number, error: number) => number;
  pygrpc_stream_stream: (client: number, method: string | null, options: string | null, stream: number, error: number) => number;
  pygrpc_stream_open: (client: number, method: string | null, cardinality: number, request: string | Uint8Array | null, size: number, options: string | null, queue: number, stream: number, error: number) => number;
  pygrpc_health: (client: number, service: string | null, options: string | null, json: number, size: number, error: number) => number;
  pygrpc_health_watch: (client: number, service: string | null, options: string | null, queue: number, stream: number, error: number) => number;
  pygrpc_stream_write: (stream: number, message: string | Uint8Array | null, size: number, timeout_ms: number, error: number) => number;
  pygrpc_stream_half_close: (stream: number, error: number) => number;
  pygrpc_stream_read: (stream: number, timeout_ms: number, message: number, size: number, error: number) => number;
  pygrpc_stream_read_many: (stream: number, max: number, timeout_ms: number, messages: number, size: number, error: number) => number;
  pygrpc_stream_cardinality: (stream: number) => number;
  pygrpc_stream_headers: (stream: number, timeout_ms: number, json: number, size: number, error: number) => number;
  pygrpc_stream_trailers: (stream: number, timeout_ms: number, json: number, size: number, error: number) => number;
  pygrpc_stream_info: (stream: number, timeout_ms: number, json: number, size: number, error: number) => number;
  pygrpc_stream_cancel: (stream: number, error: number) => number;
  pygrpc_stream_free: (stream: number) => void;
  pygrpc_queue_new: (queue: number, error: number) => number;
  pygrpc_queue_free: (queue: number) => void;
  pygrpc_queue_poll: (queue: number, timeout_ms: number, events: number, max: number, count: number, error: number) => number;
  pygrpc_queue_wakeup: (queue: number, error: number) => number;
  pygrpc_queue_set_fd: (queue: number, fd: number, error: number) => number;
  pygrpc_stream_read_async: (stream: number, tag: number, error: number) => number;
  pygrpc_stream_read_many_async: (stream: number, max: number, tag: number, error: number) => number;
  pygrpc_stream_write_async: (stream: number, message: string | Uint8Array | null, size: number, tag: number, error: number) => number;
  pygrpc_event_tag: (event: number) => number;
  pygrpc_event_code: (event: number) => number;
  pygrpc_event_message: (event: number, size: number) => number;
  pygrpc_event_error: (event: number) => number;
  pygrpc_event_free: (event: number) => void;
}

/** The declaration of each function, for koffi. */
export const prototypes: Readonly<Record<keyof Functions, string>> = Object.freeze({
  pygrpc_version:
    'const char *pygrpc_version(void)',
  pygrpc_abi_version:
    'int32_t pygrpc_abi_version(void)',
  pygrpc_code_name:
    'const char *pygrpc_code_name(int32_t code)',
  pygrpc_options_json:
    'int32_t pygrpc_options_json(uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_free:
    'void pygrpc_free(uintptr_t memory)',
  pygrpc_error_code:
    'int32_t pygrpc_error_code(uintptr_t error)',
  pygrpc_error_message:
    'const char *pygrpc_error_message(uintptr_t error)',
  pygrpc_error_status:
    'int32_t pygrpc_error_status(uintptr_t error)',
  pygrpc_error_json:
    'const char *pygrpc_error_json(uintptr_t error)',
  pygrpc_error_free:
    'void pygrpc_error_free(uintptr_t error)',
  pygrpc_client_new:
    'int32_t pygrpc_client_new(const char *target, const char *options, uintptr_t client, uintptr_t error)',
  pygrpc_client_free:
    'void pygrpc_client_free(uintptr_t client)',
  pygrpc_client_wait_ready:
    'int32_t pygrpc_client_wait_ready(uintptr_t client, int64_t timeout_ms, uintptr_t error)',
  pygrpc_client_state:
    'int32_t pygrpc_client_state(uintptr_t client, uintptr_t state, uintptr_t error)',
  pygrpc_load:
    'int32_t pygrpc_load(uintptr_t client, const char *source, const char *options, uintptr_t error)',
  pygrpc_load_descriptor_set:
    'int32_t pygrpc_load_descriptor_set(uintptr_t client, const char *bytes, intptr_t size, uintptr_t error)',
  pygrpc_load_proto:
    'int32_t pygrpc_load_proto(uintptr_t client, const char *filename, const char *text, intptr_t size, uintptr_t error)',
  pygrpc_load_client:
    'int32_t pygrpc_load_client(uintptr_t client, uintptr_t other, uintptr_t error)',
  pygrpc_services:
    'int32_t pygrpc_services(uintptr_t client, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_describe:
    'int32_t pygrpc_describe(uintptr_t client, const char *symbol, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_template:
    'int32_t pygrpc_template(uintptr_t client, const char *type, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_json_schema:
    'int32_t pygrpc_json_schema(uintptr_t client, const char *type, const char *options, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_export:
    'int32_t pygrpc_export(uintptr_t client, const char *symbols, const char *format, uintptr_t bytes, uintptr_t size, uintptr_t error)',
  pygrpc_json_to_binary:
    'int32_t pygrpc_json_to_binary(uintptr_t client, const char *type, const char *json, intptr_t size, const char *options, uintptr_t bytes, uintptr_t bytes_size, uintptr_t error)',
  pygrpc_binary_to_json:
    'int32_t pygrpc_binary_to_json(uintptr_t client, const char *type, const char *bytes, intptr_t size, const char *options, uintptr_t json, uintptr_t json_size, uintptr_t error)',
  pygrpc_method_cardinality:
    'int32_t pygrpc_method_cardinality(uintptr_t client, const char *method, uintptr_t cardinality, uintptr_t error)',
  pygrpc_unary_unary:
    'int32_t pygrpc_unary_unary(uintptr_t client, const char *method, const char *request, intptr_t size, const char *options, uintptr_t response, uintptr_t response_size, uintptr_t error)',
  pygrpc_unary_stream:
    'int32_t pygrpc_unary_stream(uintptr_t client, const char *method, const char *request, intptr_t size, const char *options, uintptr_t stream, uintptr_t error)',
  pygrpc_stream_unary:
    'int32_t pygrpc_stream_unary(uintptr_t client, const char *method, const char *options, uintptr_t stream, uintptr_t error)',
  pygrpc_stream_stream:
    'int32_t pygrpc_stream_stream(uintptr_t client, const char *method, const char *options, uintptr_t stream, uintptr_t error)',
  pygrpc_stream_open:
    'int32_t pygrpc_stream_open(uintptr_t client, const char *method, int32_t cardinality, const char *request, intptr_t size, const char *options, uintptr_t queue, uintptr_t stream, uintptr_t error)',
  pygrpc_health:
    'int32_t pygrpc_health(uintptr_t client, const char *service, const char *options, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_health_watch:
    'int32_t pygrpc_health_watch(uintptr_t client, const char *service, const char *options, uintptr_t queue, uintptr_t stream, uintptr_t error)',
  pygrpc_stream_write:
    'int32_t pygrpc_stream_write(uintptr_t stream, const char *message, intptr_t size, int64_t timeout_ms, uintptr_t error)',
  pygrpc_stream_half_close:
    'int32_t pygrpc_stream_half_close(uintptr_t stream, uintptr_t error)',
  pygrpc_stream_read:
    'int32_t pygrpc_stream_read(uintptr_t stream, int64_t timeout_ms, uintptr_t message, uintptr_t size, uintptr_t error)',
  pygrpc_stream_read_many:
    'int32_t pygrpc_stream_read_many(uintptr_t stream, intptr_t max, int64_t timeout_ms, uintptr_t messages, uintptr_t size, uintptr_t error)',
  pygrpc_stream_cardinality:
    'int32_t pygrpc_stream_cardinality(uintptr_t stream)',
  pygrpc_stream_headers:
    'int32_t pygrpc_stream_headers(uintptr_t stream, int64_t timeout_ms, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_stream_trailers:
    'int32_t pygrpc_stream_trailers(uintptr_t stream, int64_t timeout_ms, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_stream_info:
    'int32_t pygrpc_stream_info(uintptr_t stream, int64_t timeout_ms, uintptr_t json, uintptr_t size, uintptr_t error)',
  pygrpc_stream_cancel:
    'int32_t pygrpc_stream_cancel(uintptr_t stream, uintptr_t error)',
  pygrpc_stream_free:
    'void pygrpc_stream_free(uintptr_t stream)',
  pygrpc_queue_new:
    'int32_t pygrpc_queue_new(uintptr_t queue, uintptr_t error)',
  pygrpc_queue_free:
    'void pygrpc_queue_free(uintptr_t queue)',
  pygrpc_queue_poll:
    'int32_t pygrpc_queue_poll(uintptr_t queue, int64_t timeout_ms, uintptr_t events, intptr_t max, uintptr_t count, uintptr_t error)',
  pygrpc_queue_wakeup:
    'int32_t pygrpc_queue_wakeup(uintptr_t queue, uintptr_t error)',
  pygrpc_queue_set_fd:
    'int32_t pygrpc_queue_set_fd(uintptr_t queue, int32_t fd, uintptr_t error)',
  pygrpc_stream_read_async:
    'int32_t pygrpc_stream_read_async(uintptr_t stream, uint64_t tag, uintptr_t error)',
  pygrpc_stream_read_many_async:
    'int32_t pygrpc_stream_read_many_async(uintptr_t stream, intptr_t max, uint64_t tag, uintptr_t error)',
  pygrpc_stream_write_async:
    'int32_t pygrpc_stream_write_async(uintptr_t stream, const char *message, intptr_t size, uint64_t tag, uintptr_t error)',
  pygrpc_event_tag:
    'uint64_t pygrpc_event_tag(uintptr_t event)',
  pygrpc_event_code:
    'int32_t pygrpc_event_code(uintptr_t event)',
  pygrpc_event_message:
    'uintptr_t pygrpc_event_message(uintptr_t event, uintptr_t size)',
  pygrpc_event_error:
    'uintptr_t pygrpc_event_error(uintptr_t event)',
  pygrpc_event_free:
    'void pygrpc_event_free(uintptr_t event)',
});

/** The kind of each parameter, as bindings/README.md lists them. */
export const parameters: Readonly<Record<keyof Functions, readonly string[]>> = Object.freeze({
  pygrpc_version: [],
  pygrpc_abi_version: [],
  pygrpc_code_name: ['int32'],
  pygrpc_options_json: ['text_out', 'size_out', 'handle_out'],
  pygrpc_free: ['memory'],
  pygrpc_error_code: ['handle'],
  pygrpc_error_message: ['handle'],
  pygrpc_error_status: ['handle'],
  pygrpc_error_json: ['handle'],
  pygrpc_error_free: ['handle'],
  pygrpc_client_new: ['text', 'text', 'handle_out', 'handle_out'],
  pygrpc_client_free: ['handle'],
  pygrpc_client_wait_ready: ['handle', 'int64', 'handle_out'],
  pygrpc_client_state: ['handle', 'int32_out', 'handle_out'],
  pygrpc_load: ['handle', 'text', 'text', 'handle_out'],
  pygrpc_load_descriptor_set: ['handle', 'data', 'size', 'handle_out'],
  pygrpc_load_proto: ['handle', 'text', 'data', 'size', 'handle_out'],
  pygrpc_load_client: ['handle', 'handle', 'handle_out'],
  pygrpc_services: ['handle', 'text_out', 'size_out', 'handle_out'],
  pygrpc_describe: ['handle', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_template: ['handle', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_json_schema: ['handle', 'text', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_export: ['handle', 'text', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_json_to_binary: ['handle', 'text', 'data', 'size', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_binary_to_json: ['handle', 'text', 'data', 'size', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_method_cardinality: ['handle', 'text', 'int32_out', 'handle_out'],
  pygrpc_unary_unary: ['handle', 'text', 'data', 'size', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_unary_stream: ['handle', 'text', 'data', 'size', 'text', 'handle_out', 'handle_out'],
  pygrpc_stream_unary: ['handle', 'text', 'text', 'handle_out', 'handle_out'],
  pygrpc_stream_stream: ['handle', 'text', 'text', 'handle_out', 'handle_out'],
  pygrpc_stream_open: ['handle', 'text', 'int32', 'data', 'size', 'text', 'handle', 'handle_out', 'handle_out'],
  pygrpc_health: ['handle', 'text', 'text', 'text_out', 'size_out', 'handle_out'],
  pygrpc_health_watch: ['handle', 'text', 'text', 'handle', 'handle_out', 'handle_out'],
  pygrpc_stream_write: ['handle', 'data', 'size', 'int64', 'handle_out'],
  pygrpc_stream_half_close: ['handle', 'handle_out'],
  pygrpc_stream_read: ['handle', 'int64', 'text_out', 'size_out', 'handle_out'],
  pygrpc_stream_read_many: ['handle', 'size', 'int64', 'text_out', 'size_out', 'handle_out'],
  pygrpc_stream_cardinality: ['handle'],
  pygrpc_stream_headers: ['handle', 'int64', 'text_out', 'size_out', 'handle_out'],
  pygrpc_stream_trailers: ['handle', 'int64', 'text_out', 'size_out', 'handle_out'],
  pygrpc_stream_info: ['handle', 'int64', 'text_out', 'size_out', 'handle_out'],
  pygrpc_stream_cancel: ['handle', 'handle_out'],
  pygrpc_stream_free: ['handle'],
  pygrpc_queue_new: ['handle_out', 'handle_out'],
  pygrpc_queue_free: ['handle'],
  pygrpc_queue_poll: ['handle', 'int64', 'handles_out', 'size', 'size_out', 'handle_out'],
  pygrpc_queue_wakeup: ['handle', 'handle_out'],
  pygrpc_queue_set_fd: ['handle', 'int32', 'handle_out'],
  pygrpc_stream_read_async: ['handle', 'uint64', 'handle_out'],
  pygrpc_stream_read_many_async: ['handle', 'size', 'uint64', 'handle_out'],
  pygrpc_stream_write_async: ['handle', 'data', 'size', 'uint64', 'handle_out'],
  pygrpc_event_tag: ['handle'],
  pygrpc_event_code: ['handle'],
  pygrpc_event_message: ['handle', 'size_out'],
  pygrpc_event_error: ['handle'],
  pygrpc_event_free: ['handle'],
});
