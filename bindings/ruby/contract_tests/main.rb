# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'scenarios'
require_relative 'arguments'
require_relative 'calls'
require_relative 'libraries'
require_relative 'processes'
require_relative 'packages'

# Runs the tests that are named, or all, and prints TAP.
module Main
  module_function

  def tests
    runner = nil
    all = Runner::ALL.to_h do |scenario|
      [scenario['name'], -> { (runner ||= Runner.new).run_scenario(scenario) }]
    end
    [Libraries, Arguments, Calls, Processes, Packages].each do |group|
      group::TESTS.each { |name| all[name.to_s] = group.method(name) }
    end
    all
  end

  # The line of a test, and what follows it.
  def line(number, name, test)
    test.call
    "ok #{number} - #{name}"
  rescue InapplicableError => e
    "ok #{number} - #{name} # SKIP #{e.message}"
  rescue Exception => e # rubocop:disable Lint/RescueException -- the next one runs all the same
    text = e.full_message(highlight: false, order: :top)
    "not ok #{number} - #{name}\n#{text.scrub.gsub(/^/, '# ').chomp}"
  end

  def run(names)
    all = tests
    names = all.keys if names.empty?
    $stdout.sync = true
    puts "1..#{names.size}"
    lines = names.each_with_index.map do |name, index|
      line(index + 1, name, all.fetch(name)).tap { |text| puts text }
    end
    lines.none? { |text| text.start_with?('not ok') }
  end
end

exit(Main.run(ARGV))
