# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'support'

# Points 1 to 3: finding the library, loading it, and starting nothing.
module Libraries
  include Support
  extend Support

  BARE = "require 'pygrpc'\n"
  TRY = <<~RUBY
    begin
      Pygrpc::Client.new('localhost:1')
    rescue Pygrpc::LibraryError => error
      puts error.message
    end
  RUBY
  LIBRARY = ENV.fetch('PYGRPC_LIBRARY')

  module_function

  def run_bare(code, library)
    run_ruby(code, preamble: BARE, changes: { 'PYGRPC_LIBRARY' => library })
  end

  def library_from_path
    code = "puts Pygrpc.load_library(#{LIBRARY.inspect}); Pygrpc::Client.new('localhost:1')"
    check_equal("#{LIBRARY}\n", run_bare(code, nil))
  end

  def library_from_environment
    check_equal("#{LIBRARY}\n", run_bare("Pygrpc::Client.new('localhost:1'); puts Pygrpc.load_library", LIBRARY))
  end

  def library_not_found
    output = run_bare(TRY, '/nowhere/libpygrpc.so.0')
    check(output.include?('PYGRPC_LIBRARY (/nowhere/libpygrpc.so.0'), output)
    check(!output.include?('system'), output)
    code = "module Nowhere\n  def open(path, _) = raise(LoadError, path)\nend\n" \
           "FFI::DynamicLibrary.singleton_class.prepend(Nowhere)\n#{TRY}"
    output = run_bare(code, nil)
    ['the gem (', '/pygrpc/libpygrpc.so.0', "the system's libraries ("].each do |place|
      check(output.include?(place), output)
    end
  end

  def library_is_another
    output = run_bare(TRY, 'libc.so.6')
    check(output.include?('libc.so.6: this is no libpygrpc: it lacks pygrpc_abi_version'), output)
  end

  def library_too_old
    output = run_bare(TRY, ENV.fetch('PYGRPC_OLD_LIBRARY'))
    check(output.include?('its ABI version is 0, and 1 or later is needed'), output)
  end

  def library_loaded_locally
    output = run_ruby(<<~RUBY)
      connect.unary_unary('SayHello')
      maps = File.readlines('/proc/self/maps').grep(/libpygrpc/).map { |line| line.split.last }
      puts maps.uniq.size
      p FFI::DynamicLibrary.open(nil, FFI::DynamicLibrary::RTLD_NOW).find_function('pygrpc_version')
    RUBY
    check_equal("1\nnil\n", output)
  end

  def import_starts_nothing
    output = run_ruby(<<~RUBY, preamble: '')
      before = Dir.children('/proc/self/task')
      require 'pygrpc'
      p File.read('/proc/self/maps').include?('libpygrpc'), Dir.children('/proc/self/task') - before
    RUBY
    check_equal("false\n[]\n", output)
  end

  TESTS = %i[
    library_from_path library_from_environment library_not_found library_is_another library_too_old
    library_loaded_locally import_starts_nothing
  ].freeze
end
