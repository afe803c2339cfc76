# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'bigdecimal'
require_relative 'support'

# The tests of what programs give to the gem, in other forms than most, and should not.
module Arguments
  extend Support

  # Not even to_f is known of these.
  class Number < Numeric; end

  module_function

  def refused(type, *parts, &block)
    error = raised(&block)
    check(error.instance_of?(type), error.full_message)
    parts.each { |part| check(error.message.include?(part), "#{error.message.inspect} lacks #{part.inspect}") }
  end

  # A wait that is given a wrong time says so, and nothing is cancelled; one without a time is without limit.
  def timeouts
    client = connect
    [client, client.async].each do |each|
      call = each.call('EchoMetadataBidi', timeout: 60)
      waits = {
        'read' => ->(timeout) { call.read(timeout) },
        'response' => ->(timeout) { each.call('NeverAnswer', {}, timeout: 60).response(timeout) },
        'headers' => ->(timeout) { call.headers(timeout) },
        'write' => ->(timeout) { call.write({}, timeout) },
        'wait_ready' => ->(timeout) { each.wait_ready(timeout) },
      }
      waits.each_value { |wait| check_refused_times(&wait) }
      [-1, -0.5, -Float::INFINITY, 0, 0r].each do |timeout|
        check(raised { call.read(timeout) }.is_a?(Timeout::Error), timeout)
        check(raised { call.headers(timeout) }.is_a?(Timeout::Error), timeout)
      end
      check(call.write({}, Float::INFINITY), 'a write')
      check(call.headers(1e300).is_a?(Hash), 'headers')
      check(call.read(Float::INFINITY).key?('metadata'), 'a read')
      call.write({})
      check(call.read(BigDecimal('60')).key?('metadata'), 'a read of a BigDecimal')
      call.close
      each.wait_ready(60r)
    end
  end

  def check_refused_times
    refused(Pygrpc::ArgumentError, 'number of seconds', 'NaN') { yield Float::NAN }
    refused(Pygrpc::ArgumentError, 'number of seconds', 'NaN') { yield BigDecimal('NaN') }
    refused(TypeError, 'number of seconds', 'String') { yield 'x' }
    refused(TypeError, 'number of seconds', 'Complex') { yield 1i }
  end

  def timeouts_of_futures
    client = connect.async
    never = client.unary_unary('NeverAnswer', {}, timeout: 60)
    check_refused_times { |timeout| never.value(timeout) }
    check_refused_times { |timeout| never.wait(timeout) }
    check(!never.wait(-1) && !never.wait(0r) && !never.complete?, 'a future is cancelled by a wrong time')
    never.cancel
    check(raised { never.value(1e300) }.is_a?(Pygrpc::CancelledError), 'cancel')
    check_equal('Hello, you!', client.unary_unary('SayHello', name: 'you').value(Float::INFINITY)['message'])
  end

  # Numbers of all classes are sent as they are, or not at all.
  def numbers
    client = connect
    exact = 9_007_199_254_740_993
    request = { int64Value: BigDecimal(exact), uint64Value: Rational((2**64) - 1), doubleValue: BigDecimal('0.1') }
    [request, { recursiveValue: request.merge(repeatedInt32: [1r, BigDecimal('2e1')]) }].each do |given|
      reply = client.unary_unary('pygrpc.test.Test/Echo', given)
      reply = reply.fetch('recursiveValue') if given.key?(:recursiveValue)
      check_equal([exact, (2**64) - 1, 0.1], reply.values_at('int64Value', 'uint64Value', 'doubleValue'))
    end
    doubles = [1/3r, BigDecimal('-0'), BigDecimal('NaN'), BigDecimal('-Infinity'), BigDecimal('1e300')]
    reply = client.unary_unary('pygrpc.test.Test/Echo', { repeatedDouble: doubles })['repeatedDouble']
    check_equal([1 / 3.0, 'NaN', '-Infinity', 1e300], reply.values_at(0, 2, 3, 4))
    check_equal(-Float::INFINITY, 1 / reply[1])
    refused(Pygrpc::JsonError, '$.int64Value', '1.5') { client.unary_unary('Echo', { int64Value: 3/2r }) }
    [Complex(1, 2), Complex(1, 0)].each do |value|
      refused(TypeError, '$.repeatedDouble[0]', 'Complex') do
        client.unary_unary('pygrpc.test.Test/Echo', { repeatedDouble: [value] })
      end
    end
    [BigDecimal('1e400'), BigDecimal('-1e1000000000'), Rational(10**400, 3)].each do |value|
      refused(Pygrpc::JsonError, '$.doubleValue', 'beyond') do
        client.unary_unary('pygrpc.test.Test/Echo', { doubleValue: value })
      end
    end
  end

  def options_of_other_types
    client = connect
    [5r, BigDecimal('7.5'), 60.0].each do |timeout|
      check_equal('Hello, you!', client.unary_unary('SayHello', { name: 'you' }, timeout:)['message'])
    end
    refused(Pygrpc::OptionError, 'timeout', 'NaN') { client.unary_unary('SayHello', {}, timeout: Float::NAN) }
    refused(Pygrpc::OptionError, 'timeout', 'NaN') { client.unary_unary('SayHello', {}, timeout: BigDecimal('NaN')) }
    refused(TypeError, 'timeout', 'Complex') { client.unary_unary('SayHello', {}, timeout: 1i) }
  end

  def metadata_of_other_types
    client = connect
    send = ->(metadata) { client.unary_unary('EchoMetadata', {}, metadata:)['metadata'] }
    wrong = {
      5 => 'Integer', 'abc' => 'String', ['ab'] => 'String', [%w[a b c]] => 'Array of 3', [['a']] => 'Array of 1',
      { 5 => 'x' } => 'Integer', { a: 5 } => 'Integer', { a: { b: 'x' } } => 'Hash', { a: ['x', nil] } => 'NilClass',
    }
    wrong.each { |metadata, found| refused(TypeError, 'option metadata', found) { send.call(metadata) } }
    taken = [
      { 'x-key': %w[1 2] }, [%w[x-key 1], [:'x-key', '2']], [['x-key', %w[1 2].each]], { 'x-key' => %w[1 2], y: nil },
    ]
    taken.each do |metadata|
      check_equal(%w[1 2], send.call(metadata).select { |each| each['key'] == 'x-key' }.map { |each| each['text'] })
    end
  end

  def values_of_other_types
    client = connect
    refused(TypeError, 'text', 'NilClass') { client.load_proto('x.proto', nil) }
    refused(TypeError, 'descriptor set', 'Integer') { client.load_descriptor_set(5) }
    refused(TypeError, 'client', 'Integer') { client.load_client(5) }
    refused(TypeError, 'message', 'NilClass') { client.binary_to_json('helloworld.HelloRequest', nil) }
    refused(TypeError, 'target', 'Integer') { Pygrpc::Client.new(5, 5) }
    refused(TypeError, 'target', 'NilClass') { Pygrpc::Client.new(nil, 5) }
    refused(TypeError, 'port', 'Float') { Pygrpc::Client.new('localhost', 5.5) }
    check_equal('[::1]:5', Pygrpc::Client.new('::1', 5).target)
  end

  # A trap handler may not take locks, and may have interrupted who holds one.
  def trap_handlers
    client = connect
    closed = connect
    call = client.unary_stream('CountForever', { interval: '100s' }, timeout: 60)
    left = client.unary_stream('CountForever', { interval: '100s' }, timeout: 60)
    future = client.async.unary_unary('NeverAnswer', {}, timeout: 60)
    faults = []
    old = trap('USR1') do
      [-> { call.cancel }, -> { left.close }, -> { future.cancel }, -> { closed.close }].each(&:call)
    rescue Exception => e # rubocop:disable Lint/RescueException -- told below
      faults << e
    end
    Process.kill('USR1', Process.pid)
    check(raised { call.read }.is_a?(Pygrpc::CancelledError), 'cancel of a call')
    check(raised { future.value }.is_a?(Pygrpc::CancelledError), 'cancel of a future')
    wait_for('close of a client') { closed.closed? }
    wait_for('close of a call') { left.inspect.include?('closed') }
    check_equal([], faults)
  ensure
    trap('USR1', old || 'DEFAULT')
  end

  TESTS = %i[
    timeouts timeouts_of_futures numbers options_of_other_types metadata_of_other_types values_of_other_types
    trap_handlers
  ].freeze
end
