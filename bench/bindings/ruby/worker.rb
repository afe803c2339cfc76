# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

# A Ruby client, measured as bench/bindings/README.md says.

require 'fileutils'

TARGET = ENV.fetch('PYGRPC_TEST_TARGET')
IN_FLIGHT = 64
SIZE = 10
GREETING = 'Hello, you!'

def expect(expected, found)
  raise "expected #{expected.inspect}, got #{found.inspect}" unless expected == found
end

# As many threads as calls are to be in flight.
def in_threads(count, &call)
  threads = Array.new(IN_FLIGHT) do |number|
    Thread.new { ((count / IN_FLIGHT) + (number < count % IN_FLIGHT ? 1 : 0)).times(&call) }
  end
  threads.each(&:join)
end

# One after the other, or as many as are to be in flight.
def cases_of(call, stream)
  {
    'unary_1' => ->(count) { count.times { call.call } },
    'unary_64' => ->(count) { in_threads(count) { |_| call.call } },
    'stream' => ->(count) { expect(count, stream.call(count, false)) },
    'burst' => ->(count) { expect(count, stream.call(count, true)) },
  }
end

def pygrpc_client
  require 'pygrpc'
  Pygrpc::Client.new(TARGET).load('helloworld.proto').load('pygrpc_test/test.proto')
end

def count_payloads(client, count, gathered)
  request = { messages: count, size: SIZE, buffer_hint: gathered }
  client.unary_stream('StreamPayloads', request).count { |payload| !payload['body'].empty? }
end

def with_pygrpc
  client = pygrpc_client
  cases_of(
    -> { expect(GREETING, client.unary_unary('SayHello', name: 'you')['message']) },
    ->(count, gathered) { count_payloads(client, count, gathered) }
  )
end

def with_pygrpc_async
  client = pygrpc_client.async
  take = ->(flying) { expect(GREETING, flying.shift.value['message']) }
  unary = lambda do |count, in_flight|
    flying = []
    count.times do
      flying << client.unary_unary('SayHello', name: 'you')
      take.call(flying) if flying.size == in_flight
    end
    take.call(flying) until flying.empty?
  end
  {
    'unary_1' => ->(count) { unary.call(count, 1) },
    'unary_64' => ->(count) { unary.call(count, IN_FLIGHT) },
    'stream' => ->(count) { expect(count, count_payloads(client, count, false)) },
    'burst' => ->(count) { expect(count, count_payloads(client, count, true)) },
  }
end

# What protoc makes of the .proto files.
def generate
  protos = ENV.fetch('PYGRPC_PROTO_PATH')
  out = File.join(ENV.fetch('PYGRPC_BUILD'), 'generated')
  FileUtils.mkdir_p(out)
  folder = ENV['PATH'].split(':').find { |each| File.executable?("#{each}/grpc_ruby_plugin") }
  raise LoadError, 'grpc_ruby_plugin' unless folder

  files = %w[helloworld.proto pygrpc_test/test.proto pygrpc_test/all_types.proto]
  plugin = "--plugin=protoc-gen-grpc=#{folder}/grpc_ruby_plugin"
  system('protoc', "-I#{protos}", "--ruby_out=#{out}", "--grpc_out=#{out}", plugin, *files, exception: true)
  $LOAD_PATH.unshift(out)
end

def with_grpc
  require 'grpc'
  generate
  require 'helloworld_services_pb'
  require 'pygrpc_test/test_services_pb'
  greeter = Helloworld::Greeter::Stub.new(TARGET, :this_channel_is_insecure)
  test = Pygrpc::Test::Test::Stub.new(TARGET, :this_channel_is_insecure)
  cases_of(
    -> { expect(GREETING, greeter.say_hello(Helloworld::HelloRequest.new(name: 'you')).message) },
    lambda do |count, gathered|
      request = Pygrpc::Test::PayloadStreamRequest.new(messages: count, size: SIZE, buffer_hint: gathered)
      test.stream_payloads(request).count { |payload| !payload.body.empty? }
    end
  )
end

def main
  cases = { 'pygrpc' => :with_pygrpc, 'pygrpc.async' => :with_pygrpc_async, 'grpc' => :with_grpc }
  $stdout.sync = true
  begin
    cases = send(cases.fetch(ARGV[0]))
  rescue LoadError => e
    puts "missing #{e.message}"
    return
  end
  puts 'ready'
  $stdin.each_line do |line|
    name, count = line.split
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    cases.fetch(name).call(Integer(count))
    puts Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
  end
end

main
