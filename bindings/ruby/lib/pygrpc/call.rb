# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'connection'

module Pygrpc
  # Sends messages, each once the one before has left.
  class Sender
    def initialize(handle)
      @handle = handle
    end

    # OK; END_OF_STREAM if the server takes no more; PENDING if there is no room within so many seconds.
    def send(data, timeout)
      @handle.use do |pointer|
        Out.borrow do |out|
          code = Wait.until_done(timeout) do |ms|
            Native.stream_write(pointer, data, data.bytesize, ms, out.error)
          end
          out.raise_error(code) if code.negative?
          code
        end
      end
    end

    def half_close
      @handle.use { |pointer| Sender.half_close(pointer) }
    end

    def self.half_close(pointer)
      Out.borrow do |out|
        code = Native.stream_half_close(pointer, out.error)
        out.raise_error(code) if code.negative?
      end
    end
  end
  private_constant :Sender

  # Sends what an enumerable yields, in a thread.
  #
  # It knows the handle of the call but not the Call, so that an abandoned Call is collected.
  class Writer
    attr_reader :failure
    attr_writer :stopped

    def initialize(handle, sender, requests, codec)
      @handle = handle
      @sender = sender
      @codec = codec
      @stopped = false
      @failure = nil
      thread = Thread.new { run(requests) }
      thread.report_on_exception = false
      thread.name = 'pygrpc-writer'
    end

    private

    def run(requests)
      taken = true
      requests.each { |request| break unless (taken = write(@codec.encode(request))) }
      @sender.half_close if taken && !@stopped
    rescue Exception => e # rubocop:disable Lint/RescueException -- it is raised to the reader
      return if @stopped

      @failure = e
      # Wakes the reader, which raises it.
      @handle.cancel
    end

    # In slices, each of which sees whether the call was closed.
    def write(data)
      code = PENDING
      code = @sender.send(data, SLICE_MS / 1000.0) while code == PENDING && !@stopped
      code == OK
    end
  end
  private_constant :Writer

  # A call in progress: an Enumerable of its responses.
  #
  # Whatever leaves the iteration early cancels the call: break, return, an exception, first(3). So do
  # close, the end of the block that a client's method was given, and the collection of the Call.
  # It is used by at most one reader and one writer at a time; cancel and close are for any thread.
  class Call
    include Enumerable

    # So many responses are taken from the library at a time, if they are there.
    MANY = 32
    private_constant :MANY

    # The name of the method as it was given; one of CARDINALITIES; how the RPC ended, nil until read.
    attr_reader :method_name, :cardinality, :status

    def initialize(connection, method, cardinality, pointer, codec, requests)
      @connection = connection # is not collected, and so not closed, before its calls
      @method_name = method
      @cardinality = cardinality
      @codec = codec
      @handle = Handle.new(pointer, :stream_free, "this call of #{method}")
      @ended = false
      @status = nil
      @failure = nil
      @response = @headers = @trailers = nil
      @has_response = false
      @ahead = []
      @sender = make_sender
      start_writer(requests) if requests
    end

    # ---- Responses

    # Yields each response. Leaving the block early cancels the call.
    def each
      return enum_for(:each) unless block_given?

      finished = false
      begin
        loop_over { |response| yield response } # rubocop:disable Style/ExplicitBlockArgument
        finished = true
      ensure
        close unless finished
      end
      self
    end

    # The next response. Raises StopIteration behind the last, and a Timeout::Error if none comes within
    # so many seconds: nothing is lost then, read again.
    def read(timeout = nil)
      code, response = receive(timeout)
      raise StopIteration, "#{@method_name} has no more responses" if code == END_OF_STREAM

      response
    end
    alias next read

    # The one response of a method that does not stream them; the same each time.
    def response(timeout = nil)
      if streams_responses?
        message = "#{@method_name} streams its responses: iterate the call"
        raise InvalidCardinalityError.new(message, { 'message' => message })
      end
      receive(timeout) unless @has_response
      @response
    end

    # ---- Requests

    # Sends a request, once the one before has left. False if the server takes no more: read for the
    # result. Raises a Timeout::Error, with nothing sent, if there is no room within so many seconds.
    def write(message, timeout = nil)
      raise state_error("the requests of this call of #{@method_name} come from an enumerable") if @writer

      seconds = Wait.seconds(timeout)
      data = @codec.encode(message)
      code = cancelled_if_interrupted { @sender.send(data, seconds) }
      raise WaitTimeoutError, "#{@method_name} took no request within #{timeout} s" if code == PENDING

      code == OK
    end

    # The same, for chains of them.
    def <<(message)
      write(message)
      self
    end

    # Tells the server that no more requests follow.
    def half_close
      @sender.half_close
      nil
    end

    # ---- Metadata and status

    # The server's initial metadata, for which it waits.
    def headers(timeout = nil)
      @headers ||= metadata(:stream_headers, timeout)
    end

    # The server's trailing metadata, which come behind the last response. Of a method that does not
    # stream responses it waits for them.
    def trailers
      @trailers ||= begin
        receive(nil) if !@ended && !streams_responses?
        raise state_error("#{@method_name}: the trailers come after the last response") unless @ended

        metadata(:stream_trailers, nil)
      end
    end

    # What is known of the RPC so far, under the names of pygrpc_stream_info() in pygrpc.h.
    def info
      data = Out.borrow do |out|
        code = @handle.use { |pointer| Native.stream_info(pointer, 0, out.text, out.size, out.error) }
        out.raise_error(code) if code != OK
        out.take
      end
      info = Codec.parse(data)
      %w[headers trailers].each { |key| info[key] = Codec.metadata(info[key]) if info.key?(key) }
      info
    end

    # ---- End

    # Cancels the RPC; who is reading gets a CancelledError. Trap handlers may, too.
    def cancel
      @ahead.clear
      @handle.cancel_open
      nil
    end

    # Cancels the RPC if it has not ended, and frees what it holds. May be repeated. Trap handlers may, too.
    def close
      return if @handle.closed?

      @writer.stopped = true if @writer
      @ahead.clear
      @handle.cancel unless @ended
      @handle.close
    end

    def inspect
      state = @handle.closed? ? 'closed' : 'in progress'
      state = Api::STATUSES.key(@status).to_s if @status
      "#<Pygrpc::Call #{@method_name} #{state}>"
    end

    # Of a writer whose call was collected.
    def self.abandoner(writer, handle)
      lambda do |_|
        writer.stopped = true
        handle.cancel
      end
    end

    private

    def make_sender
      Sender.new(@handle)
    end

    def start_writer(requests)
      @writer = Writer.new(@handle, @sender, requests, @codec)
      ObjectSpace.define_finalizer(self, Call.abandoner(@writer, @handle))
    end

    def streams_responses?
      @cardinality == :UNARY_STREAM || @cardinality == :STREAM_STREAM
    end

    def state_error(message)
      StateError.new(message, { 'message' => message })
    end

    # As receive does it time and again, but with less for each.
    def loop_over
      code = OK
      result = nil
      @handle.use do |pointer|
        Out.borrow do |out|
          yield @ahead.shift until @ahead.empty?
          while !@ended && (code = wait_for_many(pointer, out)) == OK
            take_many(out.take)
            yield @ahead.shift until @ahead.empty?
          end
          result = out.take_error(code) if code.negative?
        end
      end
      return interpret(code, result) unless @ended

      raise @failure if @failure
    end

    def wait_for_many(pointer, out)
      text = out.text
      size = out.size
      error = out.error
      loop do
        code = Native.undisturbed { Native.stream_read_many(pointer, MANY, SLICE_MS, text, size, error) }
        return code unless code == PENDING
      end
    end

    # A code and the next response.
    def receive(timeout)
      seconds = Wait.seconds(timeout)
      return [OK, @ahead.shift] unless @ahead.empty?
      raise @failure if @failure
      return END_OF_STREAM if @ended

      interpret(*read_bytes(seconds), timeout)
    end

    def interpret(code, result, timeout = nil)
      case code
      when OK then [code, take(result)]
      when END_OF_STREAM then finish
      when PENDING then raise WaitTimeoutError, "no response of #{@method_name} within #{timeout} s"
      else raise noted(result)
      end
    end

    # A code, and the bytes of a response or an error.
    def read_bytes(timeout)
      Out.borrow do |out|
        code = cancelled_if_interrupted do
          @handle.use do |pointer|
            Wait.until_done(timeout) do |ms|
              Native.stream_read(pointer, ms, out.text, out.size, out.error)
            end
          end
        end
        result = out.take if code == OK
        result = out.take_error(code) if code.negative?
        [code, result]
      end
    end

    def take(data)
      note(@codec.decode(data))
    end

    def take_many(data)
      @ahead = @codec.decode_many(data)
      note(@ahead.first)
    end

    # What it is for a call to have a response.
    def note(response)
      unless streams_responses?
        @response = response
        @has_response = true
        finished(Api::STATUSES[:OK])
      end
      response
    end

    def finish
      finished(Api::STATUSES[:OK])
      raise @writer.failure if @writer&.failure

      END_OF_STREAM
    end

    # What to raise for an error, of which it keeps that it ended the RPC. Others concern one response;
    # the next may be read.
    def noted(error)
      return error unless error.is_a?(RpcError) || error.is_a?(ClosedError) || error.is_a?(ForkedError)

      finished(error.is_a?(RpcError) ? error.code : nil)
      @failure = @writer&.failure || error
    end

    def finished(status)
      @ended = true
      @status = status
      @writer.stopped = true if @writer
    end

    def metadata(function, timeout)
      seconds = Wait.seconds(timeout)
      data = Out.borrow do |out|
        code = cancelled_if_interrupted do
          @handle.use do |pointer|
            Wait.until_done(seconds) { |ms| Native.public_send(function, pointer, ms, out.text, out.size, out.error) }
          end
        end
        out.raise_error(code) if code.negative?
        raise WaitTimeoutError, "no headers of #{@method_name} within #{timeout} s" if code == PENDING

        out.take
      end
      Codec.metadata(Codec.parse(data))
    end

    # A Timeout, Ctrl-C or Thread#kill that ends a wait ends the call.
    def cancelled_if_interrupted
      returned = false
      result = yield
      returned = true
      result
    rescue Error
      returned = true
      raise
    ensure
      @handle.cancel unless returned
    end
  end
end
