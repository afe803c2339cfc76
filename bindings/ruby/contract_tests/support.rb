# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'open3'
require 'pygrpc'
require 'rbconfig'
require 'securerandom'
require 'tmpdir'

# The test does not apply, and why.
class InapplicableError < StandardError; end

# What was checked does not hold.
class MismatchError < StandardError; end

# What the tests of the contract share.
module Support
  ROOT = File.expand_path('..', __dir__)
  TARGET = ENV.fetch('PYGRPC_TEST_TARGET')
  FILES = %w[helloworld.proto route_guide.proto pygrpc_test/test.proto pygrpc_test/proto2.proto].freeze

  # What every program of run_ruby begins with.
  PREAMBLE = <<~RUBY
    require 'pygrpc'
    def connect(**options)
      Pygrpc::Client.new(ENV.fetch('PYGRPC_TEST_TARGET'), **options)
        .load('helloworld.proto').load('pygrpc_test/test.proto')
    end
    def resident
      File.read('/proc/self/statm').split[1].to_i * 4096
    end
    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  RUBY

  module_function

  def check(condition, what)
    raise MismatchError, what.is_a?(String) ? what : what.inspect unless condition
  end

  def check_equal(expected, found)
    check(expected == found, "expected #{expected.inspect}, found #{found.inspect}")
  end

  # The error that the block raises.
  def raised
    yield
  rescue StandardError => e
    e
  else
    raise MismatchError, 'nothing was raised'
  end

  # A client that has loaded what the scenarios need.
  def connect(**options)
    client = Pygrpc::Client.new(TARGET, **options)
    FILES.each { |each| client.load(each) }
    client
  end

  def new_tag
    SecureRandom.hex
  end

  # Until the server has seen the call with the tag cancelled.
  def wait_until_cancelled(client, tag)
    request = { tag:, waitForCancelled: 1, waitAtMost: '60s' }
    check_equal(1, client.unary_unary('GetCallCounts', request, timeout: 90)['cancelled'])
  end

  # Until the server has seen so many calls with the tag.
  def wait_until_started(client, tag, calls = 1)
    request = { tag:, waitForStarted: calls, waitAtMost: '60s' }
    check_equal(calls, client.unary_unary('GetCallCounts', request, timeout: 90)['started'])
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def resident
    File.read('/proc/self/statm').split[1].to_i * 4096
  end

  # Checks a time, in seconds: the first attempt below the limit counts, for the machine may be busy.
  def fast_enough(limit)
    times = []
    10.times do
      times << yield
      return if times.last < limit
    end
    raise MismatchError, "it took #{(times.min * 1000).round} ms, more than #{(limit * 1000).round} ms"
  end

  def wait_for(what, seconds = 60)
    deadline = now + seconds
    until yield
      check(now < deadline, "in #{seconds} s not: #{what}")
      sleep(0.01)
    end
  end

  def command(code, preamble, options)
    [RbConfig.ruby, '-w', '-I', "#{ROOT}/lib", *options, '-e', preamble + code]
  end

  # What the code prints in another interpreter, which has to end with 0 and no complaint. The changes are
  # of its environment.
  def run_ruby(code, preamble: PREAMBLE, changes: {}, options: [])
    run(*command(code, preamble, options), changes:)
  end

  def run(*command, changes: {})
    output, errors, status = Open3.capture3(changes, *command, chdir: '/', stdin_data: '')
    check(status.success? && errors.empty?, "#{status}\n#{output}\n#{errors}")
    output
  end
end
