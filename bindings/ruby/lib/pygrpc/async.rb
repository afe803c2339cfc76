# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'client'
require_relative 'reactor'

module Pygrpc
  # An asynchronous read or write that the library has accepted.
  class Operation
    attr_reader :code, :data

    def initialize(reactor, handle_to_close = nil)
      @reactor = reactor
      @handle_to_close = handle_to_close
      @complete = false
    end

    def complete?
      @complete
    end

    # Waits for it; false if it is not there within so many seconds.
    def wait(timeout)
      @complete || @reactor.wait(self, timeout)
    end

    # For the Reactor: what became of it, and the message or the JSON of an error.
    def complete(code, data)
      @code = code
      @data = data
      @complete = true
      @handle_to_close&.close
    end

    def error
      Error.for(@code, Codec.parse(@data))
    end
  end
  private_constant :Operation

  # What a call, or a read of one, will come to. Any number of threads and fibers may wait for it.
  class Future
    # The handle is the call's; the block makes the value, where somebody waits for it.
    def initialize(operation, handle, &convert)
      @operation = operation
      @handle = handle
      @convert = convert
      @lock = Mutex.new
    end

    # Whether the value, or an error, is there.
    def complete?
      @operation.complete?
    end

    # The value, for which it waits; or raises what went wrong. Raises a Timeout::Error if it is not there
    # within so many seconds: ask again. Timeout, Thread#kill and the like end the call.
    def value(timeout = nil)
      raise WaitTimeoutError, "not there within #{timeout} s" unless wait(timeout)

      @lock.synchronize { convert } if @convert
      raise @error if @error

      @value
    end

    # Waits for it; false if it is not there within so many seconds.
    def wait(timeout = nil)
      seconds = Wait.seconds(timeout)
      begin
        returned = false
        result = @operation.wait(seconds)
        returned = true
        result
      rescue Error
        returned = true
        raise
      ensure
        cancel unless returned
      end
    end

    # Cancels the call. Trap handlers may, too.
    def cancel
      @handle.cancel_open
      nil
    end

    private

    def convert
      return unless @convert

      @value = @convert.call(@operation)
    rescue StandardError => e
      @error = e
    ensure
      @convert = nil
    end
  end

  # Sends messages over the queue.
  class AsyncSender
    def initialize(handle, reactor)
      @handle = handle
      @reactor = reactor
      @last = nil
    end

    # Takes a message once the one before has left.
    def send(data, timeout)
      code = wait_for_last(timeout)
      return code if code != OK

      operation = Operation.new(@reactor)
      @handle.use { |pointer| @reactor.write(pointer, data, operation) }
      @last = operation
      OK
    end

    def half_close
      return if wait_for_last(nil) != OK

      @handle.use { |pointer| Sender.half_close(pointer) }
    end

    private

    def wait_for_last(timeout)
      return OK unless @last
      return PENDING unless @last.wait(timeout)

      operation = @last
      @last = nil
      raise operation.error if operation.code.negative?

      operation.code
    end
  end
  private_constant :AsyncSender

  # A Call whose waits are those of Ruby's own I/O, which a Fiber scheduler sees. headers waits as a Call
  # does; once a response was read, they are there.
  class AsyncCall < Call
    def initialize(reactor, *arguments)
      @reactor = reactor
      @reading = nil
      super(*arguments)
    end

    # A Future of the next response; its value raises StopIteration behind the last.
    def read_async
      raise state_error("a read of #{@method_name} is under way") if @reading

      operation = start_reading
      Future.new(operation, @handle) do
        @reading = nil
        code, response = there_already? ? receive(nil) : interpret(*result_of(operation))
        raise StopIteration, "#{@method_name} has no more responses" if code == END_OF_STREAM

        response
      end
    end

    private

    def make_sender
      AsyncSender.new(@handle, @reactor)
    end

    # A read that did not come in time is still under way: the next one waits for it.
    def read_bytes(timeout)
      operation = cancelled_if_interrupted do
        started = @reading || start_reading
        started.wait(timeout) ? started : nil
      end
      return [PENDING, nil] unless operation

      @reading = nil
      result_of(operation)
    end

    def loop_over
      loop do
        code, response = receive(nil)
        break if code == END_OF_STREAM

        yield response
      end
    end

    def start_reading
      operation = Operation.new(@reactor)
      unless there_already?
        @handle.use { |pointer| @reactor.read_many(pointer, MANY, operation) }
        return @reading = operation
      end
      operation.complete(END_OF_STREAM, nil)
      operation
    end

    # Whether the next response, or that there is none, is known without a read.
    def there_already?
      @failure || @ended || !@ahead.empty?
    end

    def take(data)
      take_many(data)
      @ahead.shift
    end

    def result_of(operation)
      [operation.code, operation.code.negative? ? operation.error : operation.data]
    end
  end

  # A client whose calls do not wait: a call with one response is a Future, one with many an AsyncCall.
  # It shares the connection and the schema with the Client that it is of.
  #
  # There is no thread behind it. Who waits for a Future takes the completions of all of them.
  class Async < BaseClient
    UNARY_UNARY = Api::CARDINALITIES[:UNARY_UNARY]
    private_constant :UNARY_UNARY

    def initialize(connection, options) # rubocop:disable Lint/MissingSuper -- it shares the connection
      @connection = connection
      @options = options
    end

    # A Future of the one response.
    def unary_unary(method, request = ABSENT, **keywords)
      codec, data, options = prepare(request, keywords)
      reactor = Reactor.current
      handle = Out.borrow do |out|
        @connection.open(out, method, UNARY_UNARY, data, options, reactor.queue)
        Handle.new(out.take_handle, :stream_free, method, collected: false)
      end
      operation = Operation.new(reactor, handle)
      handle.use { |pointer| reactor.read(pointer, operation) }
      Future.new(operation, handle) do
        raise operation.error if operation.code.negative?

        codec.decode(operation.data)
      end
    end

    # An AsyncCall, an Enumerable of the responses.
    def unary_stream(method, request = ABSENT, **keywords)
      start(method, :UNARY_STREAM, request, keywords)
    end

    # A Future of the one response to the requests of an enumerable, which a thread of its own runs.
    def stream_unary(method, requests, **options)
      start(method, :STREAM_UNARY, requests, options).read_async
    end

    # An AsyncCall. Without requests, it has write and half_close.
    def stream_stream(method, requests = nil, **options)
      start(method, :STREAM_STREAM, requests.nil? ? ABSENT : requests, options)
    end

    # One of the four above, by what the method is.
    def request(method, request = ABSENT, **keywords)
      case cardinality(method)
      when :UNARY_UNARY then unary_unary(method, request, **keywords)
      when :STREAM_UNARY then stream_unary(method, request, **keywords)
      else start(method, cardinality(method), request, keywords)
      end
    end

    # An AsyncCall of any cardinality.
    def call(method, request = ABSENT, **keywords)
      start(method, cardinality(method), request, keywords)
    end

    private

    def asynchronous?
      true
    end
  end
end
