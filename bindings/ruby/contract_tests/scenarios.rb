# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'json'
require_relative 'support'

# What an action has come to.
Outcome = Struct.new(:responses, :headers, :trailers, :error, :milliseconds)

# Compares what came with what a scenario expects; bindings/README.md says what its keys mean.
module Matching
  ABSENT = Object.new.freeze

  module_function

  # A value of the file, as Ruby has it.
  def native(value)
    case value
    when Array then value.map { |each| native(each) }
    when Hash
      key, content = value.first
      case value.size == 1 && key
      when '$bytes' then content.unpack1('m').b
      when '$int' then Integer(content)
      when '$float' then float(content)
      when '$repeat' then content[0] * content[1]
      else value.transform_values { |each| native(each) }
      end
    else value
    end
  end

  def float(text)
    { 'NaN' => Float::NAN, 'Infinity' => Float::INFINITY, '-Infinity' => -Float::INFINITY }.fetch(text) { Float(text) }
  end

  def special?(key, content, found)
    case key
    when '$any' then !found.equal?(ABSENT)
    when '$absent' then found.equal?(ABSENT)
    when '$bytes' then found == content || found.to_s.b == content.unpack1('m').b
    when '$int' then !found.is_a?(Float) && found.to_s == content
    when '$float' then same_float?(content, found)
    else found == content[0] * content[1]
    end
  end

  def same_float?(content, found)
    number = float(content)
    return found == content || (found.is_a?(Float) && found.nan?) if number.nan?

    found == content || (found.is_a?(Float) && found == number && (1 / found) == (1 / number))
  end

  def matches?(expected, found)
    case expected
    when Hash
      key, content = expected.first
      return special?(key, content, found) if expected.size == 1 && key.start_with?('$')

      found.is_a?(Hash) && expected.all? { |name, each| matches?(each, found.fetch(name, ABSENT)) }
    when Array
      found.is_a?(Array) && found.size == expected.size &&
        expected.zip(found).all? { |each, other| matches?(each, other) }
    when Numeric then found.is_a?(String) ? Float(found, exception: false) == expected : found == expected
    else found == expected
    end
  end
end

# Runs bindings/scenarios.json.
class Runner
  include Support
  include Matching

  ALL = JSON.parse(File.read(ENV.fetch('PYGRPC_SCENARIOS'))).freeze

  def initialize
    @default = Support.connect
  end

  # Runs one. Raises if it does not come to what is expected.
  def run_scenario(scenario)
    outcome = Outcome.new([])
    options = native(scenario.fetch('options', {}))
    tag = new_tag
    cancelled = scenario['expect']['cancelled']
    options['metadata'] = options.fetch('metadata', {}).merge('x-call-tag' => tag) if cancelled
    began = now
    begin
      act(scenario, options, outcome)
    rescue Pygrpc::Error => e
      outcome.error = e
    end
    outcome.milliseconds = (now - began) * 1000
    compare(scenario['expect'], outcome)
    wait_until_cancelled(@default, tag) if cancelled
  end

  private

  # ---- Acting

  def act(scenario, options, outcome)
    return act_on(@default, scenario, options, outcome) unless %w[client target load].any? { |key| scenario.key?(key) }

    settings = native(scenario.fetch('client', {}))
    Pygrpc::Client.open(scenario.fetch('target', TARGET), **settings) do |client|
      next if scenario['action'] == 'new_client'

      loads_only = scenario['action'] == 'load'
      2.times { client.close } if scenario['close_first'] && loads_only
      load_into(client, scenario, loads_only ? options : {})
      next if loads_only

      2.times { client.close } if scenario['close_first']
      act_on(client, scenario, options, outcome)
    end
  end

  def load_into(client, scenario, options)
    return client.load(@default) unless scenario.key?('load')

    scenario['load'].each do |source|
      if source.is_a?(String) then client.load(source, **options)
      elsif source.key?('proto') then client.load_proto(source['proto'], source['text'])
      else client.load_descriptor_set(native(source['descriptor_set']))
      end
    end
  end

  def act_on(client, scenario, options, outcome)
    action = scenario['action']
    method = scenario['method']
    given = given_of(scenario)
    case action
    when 'json_to_binary', 'binary_to_json', 'stream_unary', 'unary_unary'
      outcome.responses << client.public_send(action, method, *given, **options)
    when 'cardinality' then outcome.responses << client.cardinality(method).to_s
    when 'conversation' then converse(client.stream_stream(method, **options), given.first, outcome)
    when 'call' then call(client, scenario, given, options, outcome)
    else
      result = client.public_send(action, method, *given, **options)
      result.is_a?(Pygrpc::Call) ? read(result, scenario, outcome) : outcome.responses << result
    end
  end

  def given_of(scenario)
    return [native(scenario['request'])] if scenario.key?('request')
    return [] unless scenario.key?('requests')

    listed = native(scenario['requests'])
    return [listed] unless scenario['repeat_last']

    endless = Enumerator.new do |requests|
      listed.each { |each| requests << each }
      loop { requests << listed.last }
    end
    [endless]
  end

  def call(client, scenario, given, options, outcome)
    client.call(scenario['method'], *given, **options) do |call|
      outcome.headers = call.headers unless scenario['cancel_after']&.zero?
      read(call, scenario, outcome)
      outcome.trailers = call.trailers
    end
  end

  def read(call, scenario, outcome)
    call.cancel if scenario['cancel_after']&.zero?
    call.each do |response|
      outcome.responses << response
      break if outcome.responses.size == scenario['leave_after']

      call.cancel if outcome.responses.size == scenario['cancel_after']
    end
  end

  def converse(call, requests, outcome)
    requests.each do |request|
      call.write(request)
      outcome.responses << call.read
    end
    call.half_close
    outcome.responses.concat(call.to_a)
  ensure
    call.close
  end

  # ---- Comparing

  def compare(wanted, outcome)
    raise outcome.error if outcome.error && !wanted.key?('error')

    wanted.each do |key, value|
      case key
      when 'cancelled' then next
      when 'message'
        value.each { |part| check(outcome.error.message.include?(part), "no #{part} in #{outcome.error.message}") }
      when 'at_least_ms' then check(outcome.milliseconds >= value, "it took #{outcome.milliseconds} ms")
      when 'at_most_ms' then check(outcome.milliseconds <= value, "it took #{outcome.milliseconds} ms")
      else
        found = found(key, outcome)
        check(matches?(value, found), "#{key}: expected #{value.to_json}, found #{found.inspect}")
      end
    end
  end

  def found(key, outcome)
    error = outcome.error
    case key
    when 'response' then outcome.responses.size == 1 ? outcome.responses.first : ABSENT
    when 'count' then outcome.responses.size
    when 'responses', 'headers', 'trailers' then outcome[key]
    when 'error' then error.is_a?(Pygrpc::RpcError) ? 'E_STATUS' : error&.name
    when 'status' then error&.name
    when 'error_trailers' then error&.trailers
    else error.public_send(key)
    end
  end
end
