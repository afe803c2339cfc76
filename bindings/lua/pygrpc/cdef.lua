-- Copyright 2026 The pygrpc Authors
-- SPDX-License-Identifier: Apache-2.0

-- What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

local api = {}

api.abi_version = 1

api.codes = {
  OK = 0,
  END = 1,
  PENDING = 2,
  E_ARGUMENT = -1,
  E_OPTION = -2,
  E_SCHEMA = -3,
  E_NOT_FOUND = -4,
  E_AMBIGUOUS = -5,
  E_CARDINALITY = -6,
  E_JSON = -7,
  E_WIRE = -8,
  E_STATUS = -9,
  E_STATE = -10,
  E_CLOSED = -11,
  E_FORKED = -12,
  E_NO_MEMORY = -13,
  E_INTERNAL = -14,
}

api.statuses = {
  OK = 0,
  CANCELLED = 1,
  UNKNOWN = 2,
  INVALID_ARGUMENT = 3,
  DEADLINE_EXCEEDED = 4,
  NOT_FOUND = 5,
  ALREADY_EXISTS = 6,
  PERMISSION_DENIED = 7,
  RESOURCE_EXHAUSTED = 8,
  FAILED_PRECONDITION = 9,
  ABORTED = 10,
  OUT_OF_RANGE = 11,
  UNIMPLEMENTED = 12,
  INTERNAL = 13,
  UNAVAILABLE = 14,
  DATA_LOSS = 15,
  UNAUTHENTICATED = 16,
}

api.cardinalities = {
  ANY_CARDINALITY = 0,
  UNARY_UNARY = 1,
  UNARY_STREAM = 2,
  STREAM_UNARY = 3,
  STREAM_STREAM = 4,
}

api.channel_states = {
  IDLE = 0,
  CONNECTING = 1,
  READY = 2,
  TRANSIENT_FAILURE = 3,
  SHUTDOWN = 4,
}

api.cdef = [[
typedef struct pygrpc_client pygrpc_client;
typedef struct pygrpc_stream pygrpc_stream;
typedef struct pygrpc_queue pygrpc_queue;
typedef struct pygrpc_event pygrpc_event;
typedef struct pygrpc_error pygrpc_error;
const char *pygrpc_version(void);
int32_t pygrpc_abi_version(void);
const char *pygrpc_code_name(int32_t code);
int32_t pygrpc_options_json(char **json, size_t *size, pygrpc_error **error);
void pygrpc_free(void *memory);
int32_t pygrpc_error_code(const pygrpc_error *error);
const char *pygrpc_error_message(const pygrpc_error *error);
int32_t pygrpc_error_status(const pygrpc_error *error);
const char *pygrpc_error_json(const pygrpc_error *error);
void pygrpc_error_free(pygrpc_error *error);
int32_t pygrpc_client_new(const char *target, const char *options, pygrpc_client **client, pygrpc_error **error);
void pygrpc_client_free(pygrpc_client *client);
int32_t pygrpc_client_wait_ready(pygrpc_client *client, int64_t timeout_ms, pygrpc_error **error);
int32_t pygrpc_client_state(pygrpc_client *client, int32_t *state, pygrpc_error **error);
int32_t pygrpc_load(pygrpc_client *client, const char *source, const char *options, pygrpc_error **error);
int32_t pygrpc_load_descriptor_set(pygrpc_client *client, const char *bytes, size_t size, pygrpc_error **error);
int32_t pygrpc_load_proto(pygrpc_client *client, const char *filename, const char *text, size_t size, pygrpc_error **error);
int32_t pygrpc_load_client(pygrpc_client *client, pygrpc_client *other, pygrpc_error **error);
int32_t pygrpc_services(pygrpc_client *client, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_describe(pygrpc_client *client, const char *symbol, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_template(pygrpc_client *client, const char *type, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_json_schema(pygrpc_client *client, const char *type, const char *options, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_export(pygrpc_client *client, const char *symbols, const char *format, char **bytes, size_t *size, pygrpc_error **error);
int32_t pygrpc_json_to_binary(pygrpc_client *client, const char *type, const char *json, size_t size, const char *options, char **bytes, size_t *bytes_size, pygrpc_error **error);
int32_t pygrpc_binary_to_json(pygrpc_client *client, const char *type, const char *bytes, size_t size, const char *options, char **json, size_t *json_size, pygrpc_error **error);
int32_t pygrpc_method_cardinality(pygrpc_client *client, const char *method, int32_t *cardinality, pygrpc_error **error);
int32_t pygrpc_unary_unary(pygrpc_client *client, const char *method, const char *request, size_t size, const char *options, char **response, size_t *response_size, pygrpc_error **error);
int32_t pygrpc_unary_stream(pygrpc_client *client, const char *method, const char *request, size_t size, const char *options, pygrpc_stream **stream, pygrpc_error **error);
int32_t pygrpc_stream_unary(pygrpc_client *client, const char *method, const char *options, pygrpc_stream **stream, pygrpc_error **error);
int32_t pygrpc_stream_stream(pygrpc_client *client, const char *method, const char *options, pygrpc_stream **stream, pygrpc_error **error);
int32_t pygrpc_stream_open(pygrpc_client *client, const char *method, int32_t cardinality, const char *request, size_t size, const char *options, pygrpc_queue *queue, pygrpc_stream **stream, pygrpc_error **error);
int32_t pygrpc_health(pygrpc_client *client, const char *service, const char *options, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_health_watch(pygrpc_client *client, const char *service, const char *options, pygrpc_queue *queue, pygrpc_stream **stream, pygrpc_error **error);
int32_t pygrpc_stream_write(pygrpc_stream *stream, const char *message, size_t size, int64_t timeout_ms, pygrpc_error **error);
int32_t pygrpc_stream_half_close(pygrpc_stream *stream, pygrpc_error **error);
int32_t pygrpc_stream_read(pygrpc_stream *stream, int64_t timeout_ms, char **message, size_t *size, pygrpc_error **error);
int32_t pygrpc_stream_read_many(pygrpc_stream *stream, size_t max, int64_t timeout_ms, char **messages, size_t *size, pygrpc_error **error);
int32_t pygrpc_stream_cardinality(const pygrpc_stream *stream);
int32_t pygrpc_stream_headers(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_stream_trailers(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_stream_info(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size, pygrpc_error **error);
int32_t pygrpc_stream_cancel(pygrpc_stream *stream, pygrpc_error **error);
void pygrpc_stream_free(pygrpc_stream *stream);
int32_t pygrpc_queue_new(pygrpc_queue **queue, pygrpc_error **error);
void pygrpc_queue_free(pygrpc_queue *queue);
int32_t pygrpc_queue_poll(pygrpc_queue *queue, int64_t timeout_ms, pygrpc_event **events, size_t max, size_t *count, pygrpc_error **error);
int32_t pygrpc_queue_wakeup(pygrpc_queue *queue, pygrpc_error **error);
int32_t pygrpc_queue_set_fd(pygrpc_queue *queue, int32_t fd, pygrpc_error **error);
int32_t pygrpc_stream_read_async(pygrpc_stream *stream, uint64_t tag, pygrpc_error **error);
int32_t pygrpc_stream_read_many_async(pygrpc_stream *stream, size_t max, uint64_t tag, pygrpc_error **error);
int32_t pygrpc_stream_write_async(pygrpc_stream *stream, const char *message, size_t size, uint64_t tag, pygrpc_error **error);
uint64_t pygrpc_event_tag(const pygrpc_event *event);
int32_t pygrpc_event_code(const pygrpc_event *event);
const char *pygrpc_event_message(const pygrpc_event *event, size_t *size);
const pygrpc_error *pygrpc_event_error(const pygrpc_event *event);
void pygrpc_event_free(pygrpc_event *event);
]]

return api
