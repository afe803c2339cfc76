# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'timeout'
require_relative 'api'

module Pygrpc
  # libpygrpc was not found, or is not fit for this gem. `searched` has every place that was tried.
  class LibraryError < LoadError
    attr_reader :searched

    def initialize(message, searched = [])
      super(message)
      @searched = searched
    end
  end

  # Any failure of a client or a call. A module, so that `rescue Pygrpc::Error` finds them all and each
  # can still be one of Ruby's own errors, such as an ArgumentError, too.
  module Error
    # All that the library knows, under the names of pygrpc_error_json() in pygrpc.h.
    attr_reader :info

    def initialize(message = nil, info = {}, code = nil)
      super(message)
      @info = info
      @code = code
    end

    # One of Pygrpc::CODES; of an RpcError, the gRPC status.
    def code
      @code || Api::CODES.fetch(self.class::NAME)
    end

    # The code's name, such as "E_OPTION" or, of an RpcError, "NOT_FOUND".
    def name
      Api::CODES.key(code).to_s
    end

    # The method that was called, such as "/helloworld.Greeter/SayHello".
    def method_name
      @info['method']
    end

    # The place in the message, such as "$.items[3].name".
    def path
      @info['path']
    end

    # The place in the JSON text or in the wire bytes, counted in bytes.
    def offset
      @info['offset']
    end

    # What should have stood there.
    def expected
      @info['expected']
    end

    # What did stand there.
    def found
      @info['found']
    end

    # A schema's faults: file, line, column and message of each.
    def locations
      @info.fetch('locations', [])
    end

    # The places looked at for a schema's file.
    def searched
      @info.fetch('searched', [])
    end

    # What an ambiguous name may mean.
    def candidates
      @info.fetch('candidates', [])
    end

    # Known names that resemble an unknown one.
    def near
      @info.fetch('near', [])
    end

    # Whether the same call may succeed later.
    def retriable?
      @info.fetch('retriable', false)
    end
  end

  # An RPC that ended with a status other than OK.
  module RpcError
    include Error

    # The status's number.
    def code
      @info.fetch('status', Api::STATUSES[:UNKNOWN])
    end

    # The status's name, such as "NOT_FOUND".
    def name
      Api::STATUSES.key(code).to_s
    end

    # The status's message as the server gave it.
    def status_message
      @info.fetch('statusMessage', '')
    end

    # The google.rpc details of the status, each with its type under "@type".
    def details
      @info.fetch('details', [])
    end

    # The server's initial metadata.
    def headers
      Codec.metadata(@info.fetch('headers', {}))
    end

    # The server's trailing metadata.
    def trailers
      Codec.metadata(@info.fetch('trailers', {}))
    end

    # What happened, in one word, where the status is too wide; nil if there is no such word.
    def reason
      @info['reason']
    end
  end

  # An RPC that ended with a status that has no class of its own.
  class StatusError < StandardError
    include RpcError
  end

  # DEADLINE_EXCEEDED.
  class DeadlineExceededError < ::Timeout::Error
    include RpcError
  end

  # CANCELLED.
  class CancelledError < StandardError
    include RpcError
  end

  # UNAVAILABLE.
  class UnavailableError < IOError
    include RpcError
  end

  # An argument that cannot be used at all, such as a method's name with a NUL in it.
  class ArgumentError < ::ArgumentError
    include Error
    NAME = :E_ARGUMENT
  end

  # An unknown option, or a bad value of one.
  class OptionError < ::ArgumentError
    include Error
    NAME = :E_OPTION
  end

  # A schema that cannot be loaded; see searched and locations.
  class SchemaError < StandardError
    include Error
    NAME = :E_SCHEMA
  end

  # No such method or type in the schema; see near.
  class NotFoundError < IndexError
    include Error
    NAME = :E_NOT_FOUND
  end

  # A short name that several methods or types have; see candidates.
  class AmbiguousError < IndexError
    include Error
    NAME = :E_AMBIGUOUS
  end

  # The method streams where the call does not, or the reverse.
  class InvalidCardinalityError < ::ArgumentError
    include Error
    NAME = :E_CARDINALITY
  end

  # A value that does not fit the message, or a message without a JSON form; see path.
  class JsonError < ::ArgumentError
    include Error
    NAME = :E_JSON
  end

  # Bytes that are no valid message.
  class WireError < ::ArgumentError
    include Error
    NAME = :E_WIRE
  end

  # Not now: a write after half_close, a second reader, a call on a client without a target.
  class StateError < StandardError
    include Error
    NAME = :E_STATE
  end

  # The client or the call is closed.
  class ClosedError < IOError
    include Error
    NAME = :E_CLOSED
  end

  # An RPC in a child of a process that had used gRPC before it forked.
  class ForkedError < StandardError
    include Error
    NAME = :E_FORKED
  end

  # Memory ran out.
  class OutOfMemoryError < StandardError
    include Error
    NAME = :E_NO_MEMORY
  end

  # A fault of the library.
  class InternalError < StandardError
    include Error
    NAME = :E_INTERNAL
  end

  # Something did not happen within the time that a read, a write or a wait was given. Nothing is lost.
  class WaitTimeoutError < ::Timeout::Error; end

  # The classes of codes and statuses.
  module Error
    CLASSES = [
      ArgumentError, OptionError, SchemaError, NotFoundError, AmbiguousError, InvalidCardinalityError,
      JsonError, WireError, StateError, ClosedError, ForkedError, OutOfMemoryError, InternalError,
    ].to_h { |each| [Api::CODES.fetch(each::NAME), each] }.freeze

    STATUS_CLASSES = {
      Api::STATUSES[:CANCELLED] => CancelledError,
      Api::STATUSES[:DEADLINE_EXCEEDED] => DeadlineExceededError,
      Api::STATUSES[:UNAVAILABLE] => UnavailableError,
    }.freeze

    # The error for a code and what the library says of it.
    def self.for(code, info)
      message = info.fetch('message', "error #{code}")
      return STATUS_CLASSES.fetch(info['status'], StatusError).new(message, info) if code == Api::CODES[:E_STATUS]

      CLASSES.fetch(code, InternalError).new(message, info, code)
    end
  end
end
