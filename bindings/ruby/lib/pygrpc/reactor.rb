# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'io/nonblock'
require 'io/wait'
require_relative 'handles'

module Pygrpc
  # The queue where completions come from the library, and whom they are for.
  #
  # The library writes a byte to a pipe when the queue gets its first completion. Whoever waits for one
  # reads the pipe and then the queue, for all others who wait: there is no thread for it, and no thread
  # of the library ever enters Ruby. The waits are Ruby's own, so that a Fiber scheduler sees them.
  class Reactor
    BATCH = 64
    FEW = 4
    POINTER_SIZE = FFI.type_size(:pointer)
    # Others who wait look so often whether the one who reads for all is still alive.
    LOOK_AFTER = 1
    private_constant :BATCH, :FEW, :POINTER_SIZE, :LOOK_AFTER

    @lock = Mutex.new

    # That of the process; a forked child has its own.
    def self.current
      return @current if @current && @pid == Process.pid

      @lock.synchronize do
        if @pid != Process.pid
          @current = new
          @pid = Process.pid
        end
        @current
      end
    end

    attr_reader :queue

    def initialize
      @pid = Process.pid
      @reader, @writer = IO.pipe
      # The library may write until the process ends.
      [@reader, @writer].each { |each| each.autoclose = false }
      @writer.nonblock = true
      Out.borrow do |out|
        code = Native.queue_new(out.handle, out.error)
        out.raise_error(code) if code != OK
        @queue = out.take_handle
        code = Native.queue_set_fd(@queue, @writer.fileno, out.error)
        out.raise_error(code) if code != OK
      end
      @events = FFI::MemoryPointer.new(:pointer, BATCH)
      @sizes = FFI::MemoryPointer.new(:size_t, 2)
      @taken = @given = 0
      # Whether the library writes a byte when there is something in the queue.
      @armed = true
      @receivers = {}
      @last_tag = 0
      @lock = Mutex.new
      @changed = ConditionVariable.new
      @waiting = 0
      @leader = nil
    end

    # Asks for the next message of a stream; the receiver's complete gets it.
    def read(stream, receiver)
      start(receiver) { |tag, error| Native.stream_read_async(stream, tag, error) }
    end

    # Asks for up to `max` messages of a stream that there are.
    def read_many(stream, max, receiver)
      start(receiver) { |tag, error| Native.stream_read_many_async(stream, max, tag, error) }
    end

    # Sends a message.
    def write(stream, data, receiver)
      start(receiver) { |tag, error| Native.stream_write_async(stream, data, data.bytesize, tag, error) }
    end

    # Waits until the receiver is complete; whether it is after so many seconds. A forked child shares the
    # pipe, and so must not read what is there for its parent.
    def wait(receiver, timeout)
      raise forked if @pid != Process.pid

      deadline = timeout && (Wait.now + timeout)
      until receiver.complete?
        left = deadline && (deadline - Wait.now)
        return false if left&.negative?

        lead(left) if leads?(receiver, left)
      end
      true
    end

    private

    def forked
      message = 'this call is of the process that this one was forked from, and ends there; ' \
                'fork before the first call, or start a new process'
      ForkedError.new(message, { 'message' => message })
    end

    def start(receiver)
      tag = @lock.synchronize do
        @receivers[@last_tag += 1] = receiver
        @last_tag
      end
      Out.borrow do |out|
        code = yield tag, out.error
        if code.negative?
          @lock.synchronize { @receivers.delete(tag) }
          out.raise_error(code)
        end
      end
    end

    # Whether the caller is to read for all; if not, it has waited a while.
    def leads?(receiver, left)
      @lock.synchronize do
        return false if receiver.complete?

        if @leader&.alive?
          @waiting += 1
          @changed.wait(@lock, [left || LOOK_AFTER, LOOK_AFTER].min)
          @waiting -= 1
          return false
        end
        @leader = Thread.current
        true
      end
    end

    def lead(left)
      if @armed && @taken == @given
        return unless @reader.wait_readable(left)

        @reader.read_nonblock(4096, exception: false)
        @armed = false
      end
      # What was taken out of the queue must come to whom it is for.
      Thread.handle_interrupt(Object => :never) { drain }
    ensure
      @lock.synchronize do
        @leader = nil
        @changed.broadcast if @waiting.positive?
      end
    end

    # Hands out what one poll gives.
    def drain
      poll if @taken == @given
      while @taken < @given
        event = @events.get_pointer(@taken * POINTER_SIZE)
        @taken += 1
        hand_out(event)
      end
    end

    # Where few operations are under way, it asks for one event: as long as the library gives out as many
    # as it was asked for, it writes no byte, so that a stream that comes quickly needs none.
    def poll
      room = @receivers.size < FEW ? 1 : BATCH
      code = Native.queue_poll_now(@queue, 0, @events, room, @sizes, nil)
      @taken = 0
      @given = code == OK ? @sizes.get_uint64(0) : 0
      @armed = @given < room
    end

    def hand_out(event)
      receiver = @lock.synchronize { @receivers.delete(Native.event_tag(event)) }
      message = Native.event_message(event, @sizes + POINTER_SIZE)
      if message.null?
        code = Native.event_code(event)
        error = code.negative? ? Native.error_json(Native.event_error(event)) : nil
        receiver.complete(code, error)
      else
        receiver.complete(OK, message.get_bytes(0, @sizes.get_uint64(POINTER_SIZE)))
      end
    ensure
      Native.event_free(event)
    end
  end
  private_constant :Reactor
end
