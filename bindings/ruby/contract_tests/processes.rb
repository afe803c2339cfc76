# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'support'

# What concerns a whole process: signals, exit, fork, memory, other gems.
module Processes
  include Support
  extend Support

  BODY = "{ body: ('a' * 1_000_000).b }"

  # What is done before, and what waits.
  WAITS = {
    'unary' => ['', "client.unary_unary('NeverAnswer', {}, timeout: 300)"],
    'read' => ["call = client.unary_stream('CountForever', interval: '3600s')", 'call.read'],
    'headers' => ["call = client.call('NeverAnswer', {})", 'call.headers'],
    'write' => ["call = client.call('NeverRead')", "loop { call.write(#{BODY}) }"],
    'async' => ['', "client.async.unary_unary('NeverAnswer', {}, timeout: 300).value"],
    'health' => [
      "require 'socket'; deaf = TCPServer.new('127.0.0.1', 0); other = Pygrpc::Client.new('127.0.0.1', deaf.addr[1])",
      'other.health(timeout: 300)',
    ],
  }.freeze

  INTERRUPTED = <<~RUBY
    $stdout.sync = true
    client = connect(metadata: { 'x-call-tag' => %<tag>p })
    %<prepare>s
    begin
      puts 'ready'
      %<wait>s
    rescue Interrupt
      puts now
    end
    raise 'unusable' if client.unary_unary('SayHello', name: 'you')['message'] != 'Hello, you!'
  RUBY

  EXITS = {
    'open stream' => "call = client.unary_stream('CountForever'); call.read",
    'read in a thread' => "Thread.new { client.unary_stream('CountForever', interval: '3600s').to_a }; sleep(0.2)",
    'write held up' => "call = client.call('NeverRead', Enumerator.new { |all| loop { all << #{BODY} } }); sleep(0.2)",
    'future' => "future = client.async.unary_unary('NeverAnswer', {}, timeout: 300); future.wait(0.1)",
    'async stream' => "call = client.async.unary_stream('CountForever'); call.read; call.read_async",
  }.freeze

  THEIRS = <<~RUBY
    require 'grpc'
    require 'google/protobuf/empty_pb'
    require 'google/protobuf/wrappers_pb'
    def theirs
      stub = GRPC::ClientStub.new(ENV.fetch('PYGRPC_TEST_TARGET'), :this_channel_is_insecure, timeout: 60)
      empty = Google::Protobuf::Empty
      reply = stub.request_response('/pygrpc.test.Test/Ping', empty.new, empty.method(:encode), empty.method(:decode))
      raise reply.inspect unless reply == empty.new
    end
  RUBY

  OURS = <<~RUBY
    require 'pygrpc'
    def ours
      client = Pygrpc::Client.new(ENV.fetch('PYGRPC_TEST_TARGET'))
      client.load('helloworld.proto').load('google/protobuf/wrappers.proto')
      puts client.unary_unary('SayHello', name: 'you')['message']
    end
  RUBY

  # Where the machine is too busy for 60 steps of 1 ms in 0.3 s, the calls are longer.
  FIBERS = <<~RUBY
    require 'async'
    client = connect
    Async do |task|
      steps = 0
      counting = task.async { loop { task.sleep(0.001); steps += 1 } }
      enough = (1..10).any? do |attempt|
        steps = 0
        calls = 5.times.map { task.async { client.unary_unary('Sleep', delay: "\#{(attempt * 0.3).round(1)}s") } }
        calls.each(&:wait)
        steps >= 60
      end
      streams = 3.times.map { |n| task.async { client.unary_stream('SayHelloStreamReply', name: n.to_s).to_a.size } }
      p streams.map(&:wait), enough
    ensure
      counting.stop
    end
  RUBY

  module_function

  def interrupt
    observer = connect
    WAITS.each do |name, (prepare, wait)|
      fast_enough(0.2) do
        tag = new_tag
        interrupted(format(INTERRUPTED, prepare:, wait:, tag:)) do
          wait_until_started(observer, tag) unless name == 'health' # of another server
          sleep(0.3)
        end
      end
    end
  end

  # The block waits until the program waits.
  def interrupted(code)
    Open3.popen3(*command(code, PREAMBLE, []), chdir: '/') do |input, output, errors, process|
      input.close
      check_equal("ready\n", output.gets)
      yield
      sent = now
      Process.kill(:INT, process.pid)
      line = output.read
      complaint = errors.read
      check(process.value.success? && complaint.empty?, "#{process.value}\n#{complaint}")
      Float(line) - sent
    end
  end

  def no_leak
    grown, descriptors = run_ruby(<<~RUBY).split.map(&:to_i)
      client = connect
      work = lambda do |rounds|
        rounds.times do |number|
          client.unary_unary('SayHello', name: 'x' * 1000)
          client.unary_stream('SayHelloStreamReply', name: 'x' * 1000).read if number % 10 == 0
        end
      end
      work.call(2000)
      before, files = resident, Dir.children('/proc/self/fd').size
      work.call(8000)
      puts resident - before, Dir.children('/proc/self/fd').size - files
    RUBY
    check(grown < 20 * 1024 * 1024, "#{grown} bytes")
    check(descriptors < 10, "#{descriptors} descriptors")
  end

  def exit_with_open_stream
    EXITS.each_value do |code|
      fast_enough(2) do
        output = run_ruby("client = connect\n#{code}\nputs now\n")
        now - Float(output)
      end
    end
  end

  def load_then_fork
    output = run_ruby(<<~RUBY)
      client = connect
      child = fork do
        exit!(client.unary_unary('SayHello', name: 'child')['message'] == 'Hello, child!')
      end
      puts Process.wait2(child)[1].exitstatus, client.unary_unary('SayHello', name: 'parent')['message']
    RUBY
    check_equal("0\nHello, parent!\n", output)
  end

  def use_then_fork
    fast_enough(1) { used_then_forked }
  end

  # How long the child takes to be told.
  def used_then_forked
    output = run_ruby(<<~RUBY)
      client = connect
      client.unary_unary('SayHello', name: 'parent')
      client.async.unary_unary('SayHello', name: 'parent').value
      call = client.unary_stream('CountForever')
      call.read
      done = client.async.unary_unary('SayHello', name: 'done')
      done.wait
      # As nobody waits for these before the fork, they are not complete there, however long it takes.
      slow = client.async.unary_unary('Sleep', { delay: '0.5s' }, timeout: 60)
      streamed = client.async.unary_stream('CountForever', { interval: '100s' }, timeout: 60)
      child = fork do
        began = now
        uses = [
          -> { client.unary_unary('SayHello', name: 'child') },
          -> { client.async.unary_unary('SayHello', name: 'child').value },
          -> { Pygrpc::Client.new(client.target).unary_unary('/helloworld.Greeter/SayHello', {}) },
          -> { call.read },
          -> { slow.value(60) },
          -> { slow.wait },
          -> { streamed.read(60) },
          -> { streamed.read_async.value(60) },
        ]
        caught = uses.count do |use|
          use.call
          false
        rescue Pygrpc::ForkedError
          true
        end
        puts now - began
        exit(caught == uses.size && done.value['message'] == 'Hello, done!')
      end
      puts Process.wait2(child)[1].exitstatus, client.unary_unary('SayHello', name: 'parent')['message']
      puts client.async.unary_unary('SayHello', name: 'future').value['message']
      puts slow.value(60).key?('slept')
    RUBY
    took, rest = output.split("\n", 2)
    check_equal("0\nHello, parent!\nHello, future!\ntrue\n", rest)
    Float(took)
  end

  def coexist(code)
    # The other gem's own code has warnings.
    output, errors, status = Open3.capture3(RbConfig.ruby, '-I', "#{ROOT}/lib", '-e', code, chdir: '/')
    check(status.success? && errors.empty?, "#{status}\n#{output}\n#{errors}")
    check_equal("Hello, you!\n" * 2, output)
  end

  def coexist_theirs_first
    coexist("#{THEIRS}\ntheirs\n#{OURS}\nours\ntheirs\nours\n")
  end

  def coexist_ours_first
    coexist("#{OURS}\nours\n#{THEIRS}\ntheirs\nours\ntheirs\n")
  end

  # Calls that wait under a Fiber scheduler do not keep its other fibers from running.
  def fiber_scheduler
    check_equal("[5, 5, 5]\ntrue\n", run_ruby(FIBERS, options: ['-W0']))
  end

  TESTS = %i[
    interrupt no_leak exit_with_open_stream load_then_fork use_then_fork coexist_theirs_first coexist_ours_first
    fiber_scheduler
  ].freeze
end
