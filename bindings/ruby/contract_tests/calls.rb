# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'set'
require_relative 'support'

# What happens within one process.
module Calls
  include Support
  extend Support

  MEGABYTE = { body: ('a' * 1_000_000).b }.freeze
  OWN_ERROR = Class.new(StandardError)
  THING = Class.new
  private_constant :OWN_ERROR

  module_function

  def endless
    Enumerator.new { |requests| loop { requests << MEGABYTE } }
  end

  def wrong_native_value
    client = connect
    cycle = {}
    cycle['recursiveValue'] = cycle
    [
      [{ repeatedString: ['a', Set[1]] }, TypeError, '$.repeatedString[1]', 'Set'],
      [{ mapStringNested: { k: -> {} } }, TypeError, '$.mapStringNested.k', 'Proc'],
      [{ int32Value: THING.new }, TypeError, '$.int32Value', 'THING'],
      [{ 1.5 => 1 }, TypeError, '$', 'Float'],
      [cycle, TypeError, '$.recursiveValue', 'holds itself'],
      [{ int32Value: Float::NAN }, Pygrpc::JsonError, '$.int32Value', 'NaN'],
      [{ repeatedInt32: [1, 1.5] }, Pygrpc::JsonError, '$.repeatedInt32[1]', '1.5'],
    ].each do |message, type, *parts|
      error = raised { client.unary_unary('Echo', message) }
      check(error.is_a?(type), error)
      parts.each { |part| check(error.message.include?(part), "no #{part} in #{error.message}") }
    end
  end

  def requests_are_lazy
    client = connect
    taken = 0
    requests = Enumerator.new do |sink|
      loop do
        taken += 1
        sink << MEGABYTE
      end
    end
    client.call('NeverRead', requests, timeout: 5) do |call|
      last = [-1, now]
      wait_for('the requests stop') do
        last = [taken, now] if taken != last[0]
        taken.positive? && now - last[1] > 0.5
      end
      check(taken < 100, taken)
      error = raised { call.response }
      check(error.is_a?(Pygrpc::DeadlineExceededError), error)
    end
  end

  def requests_that_fail
    observer = connect
    uses = [
      ->(client, requests) { client.stream_unary('SinkPayloads', requests) },
      ->(client, requests) { client.stream_stream('NeverAnswerBidi', requests).to_a },
      ->(client, requests) { client.async.stream_unary('SinkPayloads', requests).value },
      ->(client, requests) { client.async.stream_stream('NeverAnswerBidi', requests).to_a },
    ]
    uses.each do |use|
      tag = new_tag
      requests = Enumerator.new do |sink|
        sink << { body: 'a'.b }
        wait_until_started(observer, tag)
        raise OWN_ERROR
      end
      error = raised { use.call(connect(metadata: { 'x-call-tag' => tag }), requests) }
      check(error.is_a?(OWN_ERROR), error)
      wait_until_cancelled(observer, tag)
    end
  end

  def leave_by_return(call)
    call.each { |each| return each }
  end

  LEAVES = {
    'break' => ->(call) { call.each { break } },
    'return' => ->(call) { leave_by_return(call) },
    'exception' => ->(call) { raised { call.each { raise OWN_ERROR } } },
    'throw' => ->(call) { catch(:out) { call.each { throw :out } } },
    'first' => ->(call) { call.first(2) },
    'lazy' => ->(call) { call.lazy.map { |each| each }.first(2) },
    'close' => lambda { |call|
      call.read
      call.close
    },
    'kill' => lambda { |call|
      iterating = Queue.new
      thread = Thread.new { call.each { iterating.push(true) && sleep } }
      iterating.pop
      thread.kill.join
    },
  }.freeze
  private_constant :LEAVES

  def leave_early
    observer = connect
    [observer, observer.async].each do |client|
      LEAVES.each_value do |leave|
        leaving(observer) do |options|
          leave.call(client.unary_stream('CountForever', { interval: '0.01s' }, **options))
        end
      end
    end
    leaving(observer) do |options|
      observer.unary_stream('CountForever', { interval: '0.01s' }, **options) { break }
    end
    leaving(observer) do |options|
      observer.call('CountForever', { interval: '0.01s' }, **options, &:read)
    end
    leave_to_the_collector(observer)
  end

  def leaving(observer)
    tag = new_tag
    yield metadata: { 'x-call-tag' => tag }
    wait_until_cancelled(observer, tag)
  end

  # The collector may find a value on the stack that is there no more; so some calls are left in a thread that
  # ends, and most of them must be found.
  def leave_to_the_collector(observer)
    collected(observer) do |metadata|
      observer.unary_stream('CountForever', { interval: '0.01s' }, metadata:).tap(&:read)
    end
    # The thread that runs the requests does not keep the call.
    collected(observer) do |metadata|
      requests = Enumerator.new { |sink| 2.times { sink << {} } && sleep }
      observer.stream_stream('NeverAnswerBidi', requests, metadata:)
    end
  end

  # The block makes a call.
  def collected(observer)
    tags = Array.new(5) { new_tag }
    Thread.new do
      calls = tags.map { |tag| yield('x-call-tag' => tag) }
      tags.each { |tag| wait_until_started(observer, tag) }
      calls.clear
      nil
    end.join
    wait_for('the calls are collected') do
      GC.start
      tags.count { |tag| observer.unary_unary('GetCallCounts', { tag: })['cancelled'] == 1 } >= 4
    end
  end

  def cancel_from_elsewhere
    client = connect
    reading = ->(call) { loop { call.read } }
    [client, client.async].each do |each|
      cancelled_in_time(client, reading) { |options| each.call('NeverAnswer', {}, **options) }
      cancelled_in_time(client, reading) do |options|
        each.unary_stream('CountForever', { interval: '3600s' }, **options)
      end
    end
    cancelled_in_time(client, :value.to_proc) do |options|
      client.async.unary_unary('NeverAnswer', {}, timeout: 300, **options)
    end
  end

  # The block makes a call, and the work waits in it.
  def cancelled_in_time(observer, work)
    fast_enough(0.1) do
      tag = new_tag
      call = yield metadata: { 'x-call-tag' => tag }
      cancelled_at = nil
      thread = Thread.new do
        wait_until_started(observer, tag)
        sleep(0.1)
      ensure
        cancelled_at = now
        call.cancel
      end
      error = raised { work.call(call) }
      took = now - cancelled_at
      thread.join
      check_equal('CANCELLED', error.name)
      took
    end
  end

  def cancel_natively
    client = connect
    works = [
      ->(tagged) { tagged.unary_unary('NeverAnswer', {}, timeout: 300) },
      ->(tagged) { tagged.unary_stream('CountForever', interval: '3600s').to_a },
      ->(tagged) { tagged.stream_unary('NeverRead', endless) },
      ->(tagged) { tagged.stream_unary('NeverRead') { |call| loop { call.write(MEGABYTE) } } },
      ->(tagged) { tagged.async.unary_unary('NeverAnswer', {}, timeout: 300).value },
      ->(tagged) { tagged.async.unary_stream('CountForever', interval: '3600s').to_a },
    ]
    works.each do |work|
      fast_enough(0.1) { interrupted_by_timeout(client, work) }
      fast_enough(0.1) { interrupted_by_kill(client, work) }
    end
  end

  def interrupted_by_timeout(client, work)
    tag = new_tag
    began = now
    error = raised { Timeout.timeout(0.3) { work.call(client.with_options(metadata: { 'x-call-tag' => tag })) } }
    took = now - began - 0.3
    check_equal(Timeout::Error, error.class)
    # The time may be over before the server has heard of the call, and then it never does.
    return Float::INFINITY if client.unary_unary('GetCallCounts', { tag: })['started'] != 1

    wait_until_cancelled(client, tag)
    took
  end

  def interrupted_by_kill(client, work)
    tag = new_tag
    thread = Thread.new { work.call(client.with_options(metadata: { 'x-call-tag' => tag })) }
    wait_until_started(client, tag)
    sleep(0.1)
    began = now
    thread.kill.join
    took = now - began
    wait_until_cancelled(client, tag)
    took
  end

  def others_run_meanwhile
    client = connect
    sleep_calls = [
      ->(delay) { client.unary_unary('Sleep', delay:) },
      ->(delay) { client.async.unary_unary('Sleep', delay:).value },
    ]
    sleep_calls.each do |work|
      # Where the machine is too busy for 100 steps of 1 ms in half a second, in a longer call.
      steps = (1..10).lazy.map { |attempt| steps_during { work.call("#{attempt * 0.5}s") } }
      check(steps.any? { |count| count >= 100 }, 'fewer than 100 steps')
    end
  end

  # How many steps of a millisecond another thread takes meanwhile.
  def steps_during
    steps = 0
    thread = Thread.new do
      loop do
        sleep(0.001)
        steps += 1
      end
    end
    yield
    thread.kill.join
    steps
  end

  def slow_consumer
    client = connect
    [client, client.async].each do |each|
      before = resident
      call = each.unary_stream('StreamPayloads', { messages: 10_000, size: 65_536 })
      10.times { call.read }
      sleep(1)
      grown = resident - before
      check(grown < 64 * 1024 * 1024, grown)
      check(call.read['body'].size > 65_536, 'a short message')
      call.close
      call = each.unary_stream('CountForever')
      check_equal((1..10).to_a, Array.new(10) { call.read['number'] })
      sleep(0.5)
      check_equal(11, call.read['number'])
      call.close
    end
  end

  def native_error_types
    client = connect
    error = raised { client.unary_unary('NeverAnswer', {}, timeout: 0.1) }
    check(error.is_a?(Timeout::Error) && error.is_a?(Pygrpc::RpcError), error)
    check_equal([4, 'DEADLINE_EXCEEDED'], [error.code, error.name])
    error = raised { Pygrpc::Client.new('unix:/nowhere').unary_unary('/a.B/C') }
    check(error.is_a?(IOError) && error.is_a?(Pygrpc::RpcError), error)
    error = raised { client.unary_unary('Echo', {}, timeot: 1) }
    check(error.is_a?(::ArgumentError) && error.is_a?(Pygrpc::OptionError), error)
    error = raised { client.unary_stream('CountForever', interval: '60s').read(0.05) }
    check(error.is_a?(Timeout::Error) && error.is_a?(StopIteration) == false, error)
  end

  def native_values
    response = connect.unary_unary(
      'Echo',
      bytesValue: "\0\xFF".b,
      repeatedBytes: ["\x80".b],
      'int64Value' => -(2**63),
      uint64Value: (2**64) - 1,
      mapInt64Int64: { (2**53) + 1 => (2**53) + 1 },
      mapBoolBool: { true => false },
      optionalDouble: Float::NAN,
      doubleValue: -0.0,
      floatValue: 1.5r,
      enumValue: :RED,
      stringValue: 'é'.encode('ISO-8859-1'),
      timestamp: Time.utc(2026, 1, 2, 3, 4, Rational(5_006, 1000)),
      boolValue: true
    )
    {
      'bytesValue' => 'AP8=', 'repeatedBytes' => ['gA=='], 'int64Value' => -(2**63), 'uint64Value' => (2**64) - 1,
      'mapInt64Int64' => { ((2**53) + 1).to_s => (2**53) + 1 }, 'mapBoolBool' => { 'true' => false },
      'optionalDouble' => 'NaN', 'floatValue' => 1.5, 'enumValue' => 'RED', 'stringValue' => 'é',
      'timestamp' => '2026-01-02T03:04:05.006Z', 'boolValue' => true,
    }.each { |key, value| check_equal([key, value], [key, response[key]]) }
    check_equal('-0.0', response['doubleValue'].to_s)
  end

  def invalid_utf8
    client = connect
    bad = "bad\xFF"
    [
      [-> { client.unary_unary('Echo', stringValue: bad) }, '$.stringValue'],
      [-> { client.unary_unary('Echo', mapStringString: { bad => 'x' }) }, '$.mapStringString'],
      [-> { client.unary_unary("SayHello#{bad}", {}) }, 'method'],
      [-> { client.unary_unary("SayHello\0", {}) }, 'method'],
      [-> { client.load(bad) }, 'source'],
      [-> { client.unary_unary('SayHello', {}, metadata: { 'x-key' => bad }) }, 'x-key'],
      [-> { Pygrpc::Client.new(bad) }, 'target'],
    ].each do |work, part|
      error = raised(&work)
      check(error.is_a?(Pygrpc::Error) && error.message.include?(part), error)
    end
  end

  def close_with_calls_in_flight
    fast_enough(1) { closed_with_calls_in_flight }
  end

  # How long it takes.
  def closed_with_calls_in_flight
    tag = new_tag
    client = connect(metadata: { 'x-call-tag' => tag })
    works = [
      -> { client.unary_unary('NeverAnswer', {}, timeout: 300) },
      -> { client.unary_stream('CountForever', interval: '3600s').to_a },
      -> { client.stream_stream('NeverAnswerBidi', [{}]).to_a },
      -> { client.stream_unary('NeverRead', endless) },
      -> { client.async.unary_unary('NeverAnswer', {}, timeout: 300).value },
      -> { client.async.unary_stream('CountForever', interval: '3600s').to_a },
    ]
    threads = (works + works.first(2)).map { |work| Thread.new { raised(&work) } }
    wait_until_started(connect, tag, threads.size)
    sleep(0.2)
    began = now
    2.times { client.close }
    classes = threads.map { |thread| thread.value.class }
    took = now - began
    check_equal([Pygrpc::ClosedError] * 8, classes)
    took
  end

  def eight_threads
    client = connect
    threads = Array.new(8) do |number|
      Thread.new do
        200.times do |round|
          name = "#{number}-#{round}"
          check_equal("Hello, #{name}!", client.unary_unary('SayHello', name:)['message'])
        end
        20.times do
          replies = client.unary_stream('SayHelloStreamReply', name: number.to_s).map { |reply| reply['message'] }
          check_equal((1..5).map { |each| "Hello, #{number}! (#{each}/5)" }, replies)
        end
      end
    end
    threads.each(&:join)
  end

  # ---- The async surface

  def async_calls
    client = connect.async
    threads_before = Thread.list
    check_equal('Hello, you!', client.unary_unary('SayHello', name: 'you').value['message'])
    replies = client.unary_stream('SayHelloStreamReply', name: 'a').map { |each| each['message'] }
    check_equal((1..5).map { |number| "Hello, a! (#{number}/5)" }, replies)
    check_equal([], Thread.list - threads_before)
    names = Array.new(3) { |number| { name: number.to_s } }
    echoed = client.stream_stream('SayHelloBidiStream', names.each).map { |each| each['message'] }
    check_equal(['Hello, 0!', 'Hello, 1!', 'Hello, 2!'], echoed)
    summary = client.stream_unary('SinkPayloads', [{ body: 'abc'.b }] * 3).value
    check_equal([3, 9], summary.values_at('messages', 'bytes'))
    check_equal('Hello, you!', client.request('SayHello', { name: 'you' }).value['message'])
    call = client.stream_stream('SayHelloBidiStream')
    %w[a b].each do |name|
      reading = call.read_async
      check_equal(false, reading.wait(0))
      check(call.write({ name: }), 'not written')
      check_equal("Hello, #{name}!", reading.value['message'])
    end
    call.half_close
    check_equal([[], 0], [call.to_a, call.status])
    error = raised { client.unary_unary('ReturnStatus', code: 5).value }
    check_equal('NOT_FOUND', error.name)
  end

  def ten_thousand_completions
    client = connect.async
    flying = []
    answers = 0
    take = lambda do
      name, future = flying.shift
      check_equal("Hello, #{name}!", future.value['message'])
      answers += 1
    end
    10_000.times do |number|
      flying << [number, client.unary_unary('SayHello', { name: number.to_s }, timeout: 60)]
      take.call if flying.size == 100
    end
    take.call until flying.empty?
    check_equal(10_000, answers)
  end

  # Many threads and one that reads for all of them.
  def futures_in_threads
    client = connect.async
    threads = Array.new(8) do |number|
      Thread.new do
        100.times do |round|
          name = "#{number}-#{round}"
          check_equal("Hello, #{name}!", client.unary_unary('SayHello', name:).value['message'])
        end
      end
    end
    threads.each(&:join)
  end

  # ---- What the contract says nothing of

  def block_forms
    client = connect
    names = []
    client.unary_stream('SayHelloStreamReply', name: 'a') { |reply| names << reply['message'] }
    check_equal(5, names.size)
    summary = client.stream_unary('SinkPayloads') { |call| call << { body: 'ab'.b } << { body: 'c'.b } }
    check_equal([2, 3], summary.values_at('messages', 'bytes'))
    client.stream_stream('SayHelloBidiStream', [{ name: 'b' }]) { |reply| names << reply['message'] }
    check_equal('Hello, b!', names.last)
    left = client.call('SayHello', name: 'you') do |call|
      check_equal(call.response, call.response)
      check(call.headers.is_a?(Hash) && call.trailers.is_a?(Hash), call.headers)
      call
    end
    check(raised { left.info }.is_a?(Pygrpc::ClosedError), left)
    check(raised { client.stream_unary('SinkPayloads', { body: 'a' }) }.is_a?(TypeError), 'a Hash is one request')
    check(raised { client.stream_stream('SayHelloBidiStream', [{}]).write({}) }.is_a?(Pygrpc::StateError), 'a write')
    check_equal(%w[a b], client.stream_stream('SayHelloBidiStream', %w[a b].lazy.map { |each| { name: each } })
      .map { |reply| reply['message'][/(\w)!/, 1] })
  end

  def health_and_info
    client = connect
    client.wait_ready(60)
    check_equal(:READY, client.state)
    check_equal('SERVING', client.health)
    check_equal('NOT_FOUND', raised { client.health('no.Such') }.name)
    client.health_watch { |status| break check_equal('SERVING', status) }
    call = client.unary_stream('SayHelloStreamReply', name: 'you')
    check_equal(false, call.info['ended'])
    check_equal(5, call.count)
    check_equal([true, 'OK', 5], call.info.values_at('ended', 'statusName', 'messagesReceived'))
    check(raised { Pygrpc::Client.new('unix:/nowhere').wait_ready(0.05) }.is_a?(Timeout::Error), 'a wait')
  end

  def schema_told
    client = connect
    check(client.services.any? { |service| service['name'] == 'helloworld.Greeter' }, client.services.first)
    check(client.describe('helloworld.HelloRequest').is_a?(Hash), 'describe')
    check_equal(['name'], client.template('helloworld.HelloRequest').keys)
    check(client.json_schema('helloworld.HelloRequest').key?('properties'), 'json_schema')
    set = client.export('helloworld.Greeter')
    other = Pygrpc::Client.new(nil).load(set)
    check_equal(:UNARY_STREAM, other.cardinality('SayHelloStreamReply'))
    check_equal(['helloworld.proto'], other.export(nil, :proto).keys)
    check_equal({ 'name' => 'you' }, other.binary_to_json('helloworld.HelloRequest', "\n\x03you".b))
  end

  TESTS = %i[
    block_forms health_and_info schema_told
    wrong_native_value requests_are_lazy requests_that_fail leave_early cancel_from_elsewhere cancel_natively
    others_run_meanwhile slow_consumer native_error_types native_values invalid_utf8 close_with_calls_in_flight
    eight_threads async_calls ten_thousand_completions futures_in_threads
  ].freeze
end
