# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'support'

# Point 24: the README, the types and the package.
module Packages
  include Support
  extend Support

  README = File.read("#{Support::ROOT}/README.md")

  # What the signatures are compared with while it runs.
  PROGRAM = <<~RUBY
    require 'pygrpc'
    Pygrpc::Client.open(ENV.fetch('PYGRPC_TEST_TARGET'), timeout: 60) do |client|
      client.load('helloworld.proto').load('pygrpc_test/test.proto')
      client.unary_unary('SayHello', { name: 'you' }, timeout: 60)
      client.unary_stream('SayHelloStreamReply', name: 'you') { |reply| reply.fetch('message') }
      client.stream_unary('SinkPayloads', [{ body: 'a'.b }])
      client.stream_stream('SayHelloBidiStream', [{ name: 'you' }]).to_a
      client.call('SayHello', { name: 'you' }) { |call| [call.headers, call.response, call.trailers, call.status, call.info] }
      client.async.unary_unary('SayHello', name: 'you').value
      client.async.unary_stream('SayHelloStreamReply', name: 'you').first(2)
      client.json_to_binary('helloworld.HelloRequest', { name: 'you' })
      [client.cardinality('SayHello'), client.state, client.health, client.services, client.describe('SayHello')]
      client.unary_unary('SayHelo', {})
    rescue Pygrpc::NotFoundError => error
      puts error.near.first
    end
    begin
      Pygrpc::Client.new(3)
    rescue Exception => error
      puts error.class
    end
  RUBY

  INSTALLED = <<~RUBY
    require 'pygrpc'
    raise $LOADED_FEATURES.grep(/pygrpc/).inspect unless Pygrpc.load_library.start_with?(ENV.fetch('GEM_HOME'))
    Pygrpc::Client.open('localhost', ARGV[0].to_i) do |client|
      client.load('helloworld.proto')
      puts client.unary_unary('SayHello', name: 'you')['message']
    end
  RUBY

  module_function

  def readme_example
    example = README[/^```ruby\n(.*?)^```$/m, 1]
    check(example.lines.size <= 15, example)
    expected = README[/^```text\n(.*?)^```$/m, 1]
    check_equal(expected, run_ruby(example.gsub('50051', ENV.fetch('PYGRPC_TEST_PORT')), preamble: ''))
  end

  # The others, with a client that has loaded what they call.
  def readme_examples
    preamble = <<~RUBY
      require 'pygrpc'
      client = Pygrpc::Client.new(ENV.fetch('PYGRPC_TEST_TARGET')).load('helloworld.proto').load('route_guide.proto')
    RUBY
    examples = README.scan(/^```ruby\n(.*?)^```$/m).flatten.drop(1)
    check(examples.size > 4, examples.size)
    examples.each { |example| run_ruby(example, preamble:, options: ['-W0']) }
  end

  def types
    signatures = "#{ROOT}/sig"
    rbs = Gem.bin_path('rbs', 'rbs')
    run(RbConfig.ruby, rbs, '-I', signatures, '-r', 'timeout', '-r', 'pathname', 'validate', '--silent')
    options = { 'RBS_TEST_TARGET' => 'Pygrpc::*', 'RBS_TEST_OPT' => "-I #{signatures} -r timeout -r pathname",
                'RBS_TEST_LOGLEVEL' => 'error', 'RBS_TEST_RAISE' => 'true', }
    output = run_ruby(PROGRAM, preamble: '', changes: options, options: ['-W0', '-r', 'rbs/test/setup'])
    check_equal("helloworld.Greeter/SayHello\nRBS::Test::Tester::TypeError\n", output)
  end

  def package
    Dir.mktmpdir do |scratch|
      file = "#{scratch}/pygrpc.gem"
      run(RbConfig.ruby, "#{ROOT}/build_gem.rb", '--library', ENV.fetch('PYGRPC_LIBRARY'), '--out', file)
      home = { 'GEM_HOME' => "#{scratch}/home", 'PYGRPC_LIBRARY' => nil, 'RUBYLIB' => nil }
      run('gem', 'install', '--local', '--no-document', '--quiet', '--silent', file, changes: home)
      check_equal(['pygrpc'], Dir.children("#{scratch}/home/gems").map { |name| name[/\A\w+/] })
      output = run(RbConfig.ruby, '-e', INSTALLED, ENV.fetch('PYGRPC_TEST_PORT'), changes: home)
      check_equal("Hello, you!\n", output)
    end
  end

  TESTS = %i[readme_example readme_examples types package].freeze
end
