# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

# What pygrpc.h declares. Written by scripts/generate-bindings; do not edit.

module Pygrpc
  module Api
    ABI_VERSION = 1

    CODES = {
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
    }.freeze

    STATUSES = {
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
    }.freeze

    CARDINALITIES = {
      ANY_CARDINALITY: 0,
      UNARY_UNARY: 1,
      UNARY_STREAM: 2,
      STREAM_UNARY: 3,
      STREAM_STREAM: 4,
    }.freeze

    CHANNEL_STATES = {
      IDLE: 0,
      CONNECTING: 1,
      READY: 2,
      TRANSIENT_FAILURE: 3,
      SHUTDOWN: 4,
    }.freeze

    # What it takes, what it returns, and whether it may wait.
    FUNCTIONS = {
      pygrpc_version: [[].freeze, :string, false].freeze,
      pygrpc_abi_version: [[].freeze, :int32, false].freeze,
      pygrpc_code_name: [[:int32].freeze, :string, false].freeze,
      pygrpc_options_json: [[:pointer, :pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_free: [[:pointer].freeze, :void, false].freeze,
      pygrpc_error_code: [[:pointer].freeze, :int32, false].freeze,
      pygrpc_error_message: [[:pointer].freeze, :string, false].freeze,
      pygrpc_error_status: [[:pointer].freeze, :int32, false].freeze,
      pygrpc_error_json: [[:pointer].freeze, :string, false].freeze,
      pygrpc_error_free: [[:pointer].freeze, :void, false].freeze,
      pygrpc_client_new: [[:string, :string, :pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_client_free: [[:pointer].freeze, :void, false].freeze,
      pygrpc_client_wait_ready: [[:pointer, :int64, :pointer].freeze, :int32, true].freeze,
      pygrpc_client_state: [[:pointer, :pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_load: [[:pointer, :string, :string, :pointer].freeze, :int32, true].freeze,
      pygrpc_load_descriptor_set: [[:pointer, :pointer, :size_t, :pointer].freeze, :int32, true].freeze,
      pygrpc_load_proto: [[:pointer, :string, :pointer, :size_t, :pointer].freeze, :int32, true].freeze,
      pygrpc_load_client: [[:pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_services: [[:pointer, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_describe: [[:pointer, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_template: [[:pointer, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_json_schema: [[:pointer, :string, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_export: [[:pointer, :string, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_json_to_binary: [[:pointer, :string, :pointer, :size_t, :string, :pointer, :pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_binary_to_json: [[:pointer, :string, :pointer, :size_t, :string, :pointer, :pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_method_cardinality: [[:pointer, :string, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_unary_unary: [[:pointer, :string, :pointer, :size_t, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_unary_stream: [[:pointer, :string, :pointer, :size_t, :string, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_unary: [[:pointer, :string, :string, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_stream: [[:pointer, :string, :string, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_open: [[:pointer, :string, :int32, :pointer, :size_t, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_health: [[:pointer, :string, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_health_watch: [[:pointer, :string, :string, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_write: [[:pointer, :pointer, :size_t, :int64, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_half_close: [[:pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_stream_read: [[:pointer, :int64, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_read_many: [[:pointer, :size_t, :int64, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_cardinality: [[:pointer].freeze, :int32, false].freeze,
      pygrpc_stream_headers: [[:pointer, :int64, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_trailers: [[:pointer, :int64, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_info: [[:pointer, :int64, :pointer, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_stream_cancel: [[:pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_stream_free: [[:pointer].freeze, :void, false].freeze,
      pygrpc_queue_new: [[:pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_queue_free: [[:pointer].freeze, :void, true].freeze,
      pygrpc_queue_poll: [[:pointer, :int64, :pointer, :size_t, :pointer, :pointer].freeze, :int32, true].freeze,
      pygrpc_queue_wakeup: [[:pointer, :pointer].freeze, :int32, false].freeze,
      pygrpc_queue_set_fd: [[:pointer, :int32, :pointer].freeze, :int32, false].freeze,
      pygrpc_stream_read_async: [[:pointer, :uint64, :pointer].freeze, :int32, false].freeze,
      pygrpc_stream_read_many_async: [[:pointer, :size_t, :uint64, :pointer].freeze, :int32, false].freeze,
      pygrpc_stream_write_async: [[:pointer, :pointer, :size_t, :uint64, :pointer].freeze, :int32, false].freeze,
      pygrpc_event_tag: [[:pointer].freeze, :uint64, false].freeze,
      pygrpc_event_code: [[:pointer].freeze, :int32, false].freeze,
      pygrpc_event_message: [[:pointer, :pointer].freeze, :pointer, false].freeze,
      pygrpc_event_error: [[:pointer].freeze, :pointer, false].freeze,
      pygrpc_event_free: [[:pointer].freeze, :void, false].freeze,
    }.freeze
  end
end
