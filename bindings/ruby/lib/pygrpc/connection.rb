# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'handles'

module Pygrpc
  # What a client, those that with_options makes of it, and its async client share.
  class Connection
    # Ruby's own defaults: every field that has a value is in its message, and integers are integers.
    DEFAULTS = { 'print_defaults' => true, 'int64_numbers' => true }.freeze
    STREAM_UNARY = Api::CARDINALITIES[:STREAM_UNARY]
    MAX_NAMES = 10_000
    private_constant :DEFAULTS, :STREAM_UNARY, :MAX_NAMES

    attr_reader :target, :handle, :codec

    def initialize(target, options)
      Native.load_library
      @target = target
      @has_schema = false
      @names = {}
      given = DEFAULTS.merge(options.compact.transform_keys(&:to_s))
      @codec = given['codec']
      name = target && Codec.name(target, 'target')
      encoded = Codec.options(given)
      Out.borrow do |out|
        code = Native.client_new(name, encoded, out.handle, out.error)
        out.raise_error(code) if code != OK
        @handle = Handle.new(out.take_handle, :client_free, "the client of #{target}")
      end
    end

    # Starts a call, whose stream is then the Out's handle. Waits only if there is no schema yet.
    def open(out, method, cardinality, data, options, queue = nil)
      name = @names[method]
      size = data ? data.bytesize : 0
      if name && @has_schema
        code = @handle.use do |client|
          Native.stream_open_now(client, name, cardinality, data, size, options, queue, out.handle, out.error)
        end
        out.raise_error(code) if code != OK
      else
        open_first(out, method, cardinality, data, options, queue)
      end
    end

    # Calls a function with the client that gives out nothing but an error.
    def call(function, *arguments)
      @handle.use { |client| invoke(function, client, *arguments) }
    end

    # The same for functions that wait for the network.
    def call_waiting(function, *arguments)
      Background.wait(@handle) { |client| invoke(function, client, *arguments) }
    end

    # Calls a function that gives out a text.
    def text(function, *arguments)
      @handle.use { |client| invoke_for_text(function, client, *arguments) }
    end

    def text_waiting(function, *arguments)
      return text(function, *arguments) if @has_schema

      result = Background.wait(@handle) { |client| invoke_for_text(function, client, *arguments) }
      @has_schema = true
      result
    end

    # The same where it waits for the network whether there is a schema or not.
    def ask(function, *arguments)
      Background.wait(@handle) { |client| invoke_for_text(function, client, *arguments) }
    end

    def cardinality(method)
      name = Codec.name(method, 'method')
      find = lambda do |client|
        Out.borrow do |out|
          code = Native.method_cardinality(client, name, out.handle, out.error)
          out.raise_error(code) if code != OK
          out.take_int32
        end
      end
      number = @has_schema ? @handle.use(&find) : Background.wait(@handle, &find)
      @has_schema = true
      number
    end

    def loaded
      @has_schema = true
    end

    def schema?
      @has_schema
    end

    def state
      Out.borrow do |out|
        code = @handle.use { |client| Native.client_state(client, out.handle, out.error) }
        out.raise_error(code) if code != OK
        out.take_int32
      end
    end

    # PENDING if the connection is not ready within so many seconds.
    def wait_ready(timeout)
      Out.borrow do |out|
        # The client is used anew each time, so that it can be closed meanwhile.
        code = Wait.until_done(timeout) do |ms|
          @handle.use { |client| Native.client_wait_ready(client, ms, out.error) }
        end
        out.raise_error(code) if code.negative?
        code
      end
    end

    def close
      @handle.close
    end

    private

    def open_first(out, method, cardinality, data, options, queue)
      name = Codec.name(method, 'method')
      size = data ? data.bytesize : 0
      if @has_schema
        code = @handle.use do |client|
          Native.stream_open(client, name, cardinality, data, size, options, queue, out.handle, out.error)
        end
        out.raise_error(code) if code != OK
      else
        # The Out is used here again if the wait is interrupted; so the other thread has its own.
        pointer = Background.wait(@handle) do |client|
          Out.borrow do |other|
            code = Native.stream_open(client, name, cardinality, data, size, options, queue, other.handle, other.error)
            other.raise_error(code) if code != OK
            # If nobody waits for it any more, it is collected, and the call cancelled.
            FFI::AutoPointer.new(other.take_handle, Native.method(:stream_free))
          end
        end
        pointer.autorelease = false
        out.handle.put_pointer(0, pointer)
      end
      @has_schema = true
      # Names come from programs; whatever else is called must not pile up.
      @names[method.dup.freeze] = name if @names.size < MAX_NAMES
    end

    def invoke(function, client, *arguments)
      Out.borrow do |out|
        code = Native.public_send(function, client, *arguments, out.error)
        out.raise_error(code) if code != OK
      end
    end

    def invoke_for_text(function, client, *arguments)
      Out.borrow do |out|
        code = Native.public_send(function, client, *arguments, out.text, out.size, out.error)
        out.raise_error(code) if code != OK
        out.take
      end
    end
  end
end
