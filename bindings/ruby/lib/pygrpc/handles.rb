# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'codec'
require_relative 'native'

# Codes, handles and waits, for the rest of the gem.
module Pygrpc
  OK = Api::CODES[:OK]
  END_OF_STREAM = Api::CODES[:END]
  PENDING = Api::CODES[:PENDING]
  private_constant :OK, :END_OF_STREAM, :PENDING

  # While it waits, the library gives Ruby no chance to see a signal, a Timeout or a Thread#kill; so it
  # never waits longer than this.
  SLICE_MS = 50
  private_constant :SLICE_MS

  # The out parameters of functions: text, size, error and handle; for one thread at a time.
  #
  # An exception may arrive at the end of any function, from Timeout or Thread#raise say, also of one
  # that has succeeded. So what it gave out is found here, and freed by who borrowed the Out.
  class Out
    SIZE_AT = 8
    ERROR_AT = 16
    HANDLE_AT = 24
    private_constant :SIZE_AT, :ERROR_AT, :HANDLE_AT

    # They are used again and again: making them takes as long as a call of a function.
    @free = []

    # Yields one, and frees afterwards what is left in it.
    def self.borrow
      out = @free.pop || new
      returned = false
      begin
        result = yield out
        returned = true
        result
      ensure
        out.clear unless returned
        @free.push(out)
      end
    end

    attr_reader :text, :size, :error, :handle

    def initialize
      @text = FFI::MemoryPointer.new(:pointer, 4)
      @size = @text + SIZE_AT
      @error = @text + ERROR_AT
      @handle = @text + HANDLE_AT
    end

    # A copy of the text, which is freed.
    def take
      pointer = @text.get_pointer(0)
      @text.put_pointer(0, nil)
      data = pointer.get_bytes(0, @text.get_uint64(SIZE_AT))
      Native.free(pointer)
      data
    end

    # The same, and frees the stream that it came from.
    def take_with_stream
      data = take
      Native.stream_free(take_handle)
      data
    end

    # What an int32_t was given out in place of a handle.
    def take_int32
      value = @text.get_int32(HANDLE_AT)
      @text.put_pointer(HANDLE_AT, nil)
      value
    end

    # The handle; whoever takes it frees it.
    def take_handle
      pointer = @text.get_pointer(HANDLE_AT)
      @text.put_pointer(HANDLE_AT, nil)
      pointer
    end

    # The handle, which stays here.
    def peek_handle
      @text.get_pointer(HANDLE_AT)
    end

    # Raises what went wrong.
    def raise_error(code)
      raise take_error(code)
    end

    # The error of a failure with this code.
    def take_error(code)
      pointer = @text.get_pointer(ERROR_AT)
      @text.put_pointer(ERROR_AT, nil)
      info = Codec.parse(Native.error_json(pointer))
      Native.error_free(pointer)
      Error.for(code, info)
    end

    # Frees what it holds. A handle here is a stream's.
    def clear
      Native.free(@text.get_pointer(0))
      Native.error_free(@text.get_pointer(ERROR_AT))
      Native.stream_free(@text.get_pointer(HANDLE_AT))
      @text.clear
    end
  end

  # A pointer to a client, stream or queue. It is freed when it is closed and no thread uses it any
  # more; else when it is collected.
  class Handle
    # collected: false of one that is not dropped before it is closed.
    def initialize(pointer, free, what, collected: true)
      @pointer = collected ? FFI::AutoPointer.new(pointer, Native.method(free)) : pointer
      @free = collected ? nil : free
      @lock = Mutex.new
      @users = 0
      @closed = false
      @what = what
    end

    # Yields the pointer, which nobody frees meanwhile. Not for trap handlers, where Ruby gives no locks.
    def use
      @lock.synchronize do
        raise closed if @closed

        @users += 1
      end
      begin
        yield @pointer
      ensure
        @lock.synchronize do
          @users -= 1
          free if @closed
        end
      end
    end

    def close
      locked do
        @closed = true
        free
      end
    end

    # Frees it although threads may be waiting in functions with it, which for a client is safe: they
    # return.
    def close_under_users
      @lock.synchronize do
        @closed = true
        @users = 0
        free
      end
    end

    def closed?
      @closed
    end

    # Whether this is a trap handler. Ruby does not tell, but by what it refuses.
    def self.trapped?
      Mutex.new.synchronize { false }
    rescue ThreadError
      true
    end

    # Cancels a stream, unless it is closed.
    def cancel_open
      locked { Native.stream_cancel(@pointer, nil) unless @closed }
    end

    # The same for who knows that nobody frees it. Takes no lock, and so is fit for finalizers.
    def cancel
      pointer = @pointer
      Native.stream_cancel(pointer, nil) if pointer
    end

    def closed
      message = "#{@what} is closed"
      ClosedError.new(message, { 'message' => message })
    end

    private

    # Does the work under the lock. A trap handler gets none: it may have interrupted who holds it. So its
    # work is done by a thread.
    def locked(&work)
      return @lock.synchronize(&work) unless Handle.trapped?

      Thread.new { @lock.synchronize(&work) }
    end

    def free
      return if @users.positive? || @pointer.nil?

      pointer = @pointer
      @pointer = nil
      @free ? Native.public_send(@free, pointer) : pointer.free
    end
  end

  # What cannot be waited for in slices.
  module Background
    @clients = {}.compare_by_identity
    @hooked = false

    class << self
      # Does the work with a client's pointer so that the wait for it can be interrupted. If it is,
      # the work goes on until its own end, or that of the process.
      def wait(handle, &block)
        thread = Thread.new { handle.use(&block) }
        thread.report_on_exception = false
        finished = false
        result = thread.value
        finished = true
        result
      ensure
        abandon(handle) unless finished || thread.nil? || !thread.alive?
      end

      private

      # Ruby waits for its threads when it ends: closing the client ends them.
      def abandon(handle)
        @clients[handle] = true
        return if @hooked

        @hooked = true
        at_exit { @clients.each_key(&:close_under_users) }
      end
    end
  end
  private_constant :Background

  # Waiting in slices.
  module Wait
    # Seconds from which on a wait is one without limit: clocks cannot add much more.
    LONGEST = 1_000_000_000
    private_constant :LONGEST

    module_function

    # A timeout that was given, as seconds to wait; nil without a limit. To be asked before a wait begins:
    # what interrupts a wait cancels the call.
    def seconds(timeout)
      return timeout if timeout.nil?

      unless timeout.is_a?(Numeric) && timeout.real?
        raise TypeError, "a timeout is a number of seconds, or nil, not a #{timeout.class}"
      end

      seconds = timeout.is_a?(Integer) ? timeout : timeout.to_f
      Codec.raise_argument('a timeout is a number of seconds, not NaN') if seconds.is_a?(Float) && seconds.nan?
      seconds < LONGEST ? [seconds, 0].max : nil
    end

    # Repeats a step, which is given milliseconds to wait, until it is done or the seconds are over.
    # Gives its last code, PENDING if they are over.
    def until_done(timeout)
      return forever { |ms| yield ms } if timeout.nil? # rubocop:disable Style/ExplicitBlockArgument

      deadline = now + timeout
      loop do
        left = ((deadline - now) * 1000).ceil
        code = Native.undisturbed { yield left.clamp(0, SLICE_MS) }
        return code if code != PENDING || left <= 0
      end
    end

    def forever
      code = PENDING
      code = Native.undisturbed { yield SLICE_MS } while code == PENDING
      code
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
  private_constant :Wait
end
