// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

'use strict';

exports.abiVersion = 1;

exports.codes = Object.freeze({
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
});

exports.statuses = Object.freeze({
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
});

exports.cardinalities = Object.freeze({
  ANY_CARDINALITY: 0,
  UNARY_UNARY: 1,
  UNARY_STREAM: 2,
  STREAM_UNARY: 3,
  STREAM_STREAM: 4,
});

exports.channelStates = Object.freeze({
  IDLE: 0,
  CONNECTING: 1,
  READY: 2,
  TRANSIENT_FAILURE: 3,
  SHUTDOWN: 4,
});

exports.handles = Object.freeze([
  'pygrpc_client',
  'pygrpc_stream',
  'pygrpc_queue',
  'pygrpc_event',
  'pygrpc_error',
]);

exports.functions = Object.freeze({
  pygrpc_version: 'const char *pygrpc_version(void)',
  pygrpc_abi_version: 'int32_t pygrpc_abi_version(void)',
  pygrpc_code_name: 'const char *pygrpc_code_name(int32_t code)',
  pygrpc_options_json: 'int32_t pygrpc_options_json(_Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_free: 'void pygrpc_free(void *memory)',
  pygrpc_error_code: 'int32_t pygrpc_error_code(const pygrpc_error *error)',
  pygrpc_error_message: 'const char *pygrpc_error_message(const pygrpc_error *error)',
  pygrpc_error_status: 'int32_t pygrpc_error_status(const pygrpc_error *error)',
  pygrpc_error_json: 'const char *pygrpc_error_json(const pygrpc_error *error)',
  pygrpc_error_free: 'void pygrpc_error_free(pygrpc_error *error)',
  pygrpc_client_new: 'int32_t pygrpc_client_new(const char *target, const char *options, _Out_ pygrpc_client **client, _Out_ pygrpc_error **error)',
  pygrpc_client_free: 'void pygrpc_client_free(pygrpc_client *client)',
  pygrpc_client_wait_ready: 'int32_t pygrpc_client_wait_ready(pygrpc_client *client, int64_t timeout_ms, _Out_ pygrpc_error **error)',
  pygrpc_client_state: 'int32_t pygrpc_client_state(pygrpc_client *client, _Out_ int32_t *state, _Out_ pygrpc_error **error)',
  pygrpc_load: 'int32_t pygrpc_load(pygrpc_client *client, const char *source, const char *options, _Out_ pygrpc_error **error)',
  pygrpc_load_descriptor_set: 'int32_t pygrpc_load_descriptor_set(pygrpc_client *client, const uint8_t *bytes, size_t size, _Out_ pygrpc_error **error)',
  pygrpc_load_proto: 'int32_t pygrpc_load_proto(pygrpc_client *client, const char *filename, const uint8_t *text, size_t size, _Out_ pygrpc_error **error)',
  pygrpc_load_client: 'int32_t pygrpc_load_client(pygrpc_client *client, pygrpc_client *other, _Out_ pygrpc_error **error)',
  pygrpc_services: 'int32_t pygrpc_services(pygrpc_client *client, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_describe: 'int32_t pygrpc_describe(pygrpc_client *client, const char *symbol, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_template: 'int32_t pygrpc_template(pygrpc_client *client, const char *type, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_json_schema: 'int32_t pygrpc_json_schema(pygrpc_client *client, const char *type, const char *options, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_export: 'int32_t pygrpc_export(pygrpc_client *client, const char *symbols, const char *format, _Out_ void **bytes, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_json_to_binary: 'int32_t pygrpc_json_to_binary(pygrpc_client *client, const char *type, const uint8_t *json, size_t size, const char *options, _Out_ void **bytes, _Out_ size_t *bytes_size, _Out_ pygrpc_error **error)',
  pygrpc_binary_to_json: 'int32_t pygrpc_binary_to_json(pygrpc_client *client, const char *type, const uint8_t *bytes, size_t size, const char *options, _Out_ void **json, _Out_ size_t *json_size, _Out_ pygrpc_error **error)',
  pygrpc_method_cardinality: 'int32_t pygrpc_method_cardinality(pygrpc_client *client, const char *method, _Out_ int32_t *cardinality, _Out_ pygrpc_error **error)',
  pygrpc_unary_unary: 'int32_t pygrpc_unary_unary(pygrpc_client *client, const char *method, const uint8_t *request, size_t size, const char *options, _Out_ void **response, _Out_ size_t *response_size, _Out_ pygrpc_error **error)',
  pygrpc_unary_stream: 'int32_t pygrpc_unary_stream(pygrpc_client *client, const char *method, const uint8_t *request, size_t size, const char *options, _Out_ pygrpc_stream **stream, _Out_ pygrpc_error **error)',
  pygrpc_stream_unary: 'int32_t pygrpc_stream_unary(pygrpc_client *client, const char *method, const char *options, _Out_ pygrpc_stream **stream, _Out_ pygrpc_error **error)',
  pygrpc_stream_stream: 'int32_t pygrpc_stream_stream(pygrpc_client *client, const char *method, const char *options, _Out_ pygrpc_stream **stream, _Out_ pygrpc_error **error)',
  pygrpc_stream_open: 'int32_t pygrpc_stream_open(pygrpc_client *client, const char *method, int32_t cardinality, const uint8_t *request, size_t size, const char *options, pygrpc_queue *queue, _Out_ pygrpc_stream **stream, _Out_ pygrpc_error **error)',
  pygrpc_health: 'int32_t pygrpc_health(pygrpc_client *client, const char *service, const char *options, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_health_watch: 'int32_t pygrpc_health_watch(pygrpc_client *client, const char *service, const char *options, pygrpc_queue *queue, _Out_ pygrpc_stream **stream, _Out_ pygrpc_error **error)',
  pygrpc_stream_write: 'int32_t pygrpc_stream_write(pygrpc_stream *stream, const uint8_t *message, size_t size, int64_t timeout_ms, _Out_ pygrpc_error **error)',
  pygrpc_stream_half_close: 'int32_t pygrpc_stream_half_close(pygrpc_stream *stream, _Out_ pygrpc_error **error)',
  pygrpc_stream_read: 'int32_t pygrpc_stream_read(pygrpc_stream *stream, int64_t timeout_ms, _Out_ void **message, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_stream_cardinality: 'int32_t pygrpc_stream_cardinality(const pygrpc_stream *stream)',
  pygrpc_stream_headers: 'int32_t pygrpc_stream_headers(pygrpc_stream *stream, int64_t timeout_ms, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_stream_trailers: 'int32_t pygrpc_stream_trailers(pygrpc_stream *stream, int64_t timeout_ms, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_stream_info: 'int32_t pygrpc_stream_info(pygrpc_stream *stream, int64_t timeout_ms, _Out_ void **json, _Out_ size_t *size, _Out_ pygrpc_error **error)',
  pygrpc_stream_cancel: 'int32_t pygrpc_stream_cancel(pygrpc_stream *stream, _Out_ pygrpc_error **error)',
  pygrpc_stream_free: 'void pygrpc_stream_free(pygrpc_stream *stream)',
  pygrpc_queue_new: 'int32_t pygrpc_queue_new(_Out_ pygrpc_queue **queue, _Out_ pygrpc_error **error)',
  pygrpc_queue_free: 'void pygrpc_queue_free(pygrpc_queue *queue)',
  pygrpc_queue_poll: 'int32_t pygrpc_queue_poll(pygrpc_queue *queue, int64_t timeout_ms, _Out_ pygrpc_event **events, size_t max, _Out_ size_t *count, _Out_ pygrpc_error **error)',
  pygrpc_queue_wakeup: 'int32_t pygrpc_queue_wakeup(pygrpc_queue *queue, _Out_ pygrpc_error **error)',
  pygrpc_queue_set_fd: 'int32_t pygrpc_queue_set_fd(pygrpc_queue *queue, int32_t fd, _Out_ pygrpc_error **error)',
  pygrpc_stream_read_async: 'int32_t pygrpc_stream_read_async(pygrpc_stream *stream, uint64_t tag, _Out_ pygrpc_error **error)',
  pygrpc_stream_write_async: 'int32_t pygrpc_stream_write_async(pygrpc_stream *stream, const uint8_t *message, size_t size, uint64_t tag, _Out_ pygrpc_error **error)',
  pygrpc_event_tag: 'uint64_t pygrpc_event_tag(const pygrpc_event *event)',
  pygrpc_event_code: 'int32_t pygrpc_event_code(const pygrpc_event *event)',
  pygrpc_event_message: 'const void *pygrpc_event_message(const pygrpc_event *event, _Out_ size_t *size)',
  pygrpc_event_error: 'const pygrpc_error *pygrpc_event_error(const pygrpc_event *event)',
  pygrpc_event_free: 'void pygrpc_event_free(pygrpc_event *event)',
});
