# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'ffi'
require_relative 'api'
require_relative 'errors'

module Pygrpc
  # Finds libpygrpc, loads it once, and has its functions, without "pygrpc_" in front.
  module Native
    FILE_NAME = 'libpygrpc.so.0'
    VARIABLE = 'PYGRPC_LIBRARY'
    # Functions that are also there as NAME_now, which keep Ruby's lock: for calls that do not wait.
    ALSO_NOW = %w[stream_open queue_poll].freeze
    # gRPC's threads run until the process ends, and so its code must not be unmapped before.
    RTLD_NODELETE = 0x1000

    # While it ends, Ruby sends this signal to threads that wait, without pause; and each one would have
    # gRPC begin its wait anew.
    SIG_BLOCK = 0
    SIG_UNBLOCK = 1
    MASK = FFI::MemoryPointer.new(128).tap { |mask| mask.put_uint64(0, 1 << (Signal.list.fetch('VTALRM') - 1)) }
    FFI::Function.new(
      :int, %i[int pointer pointer],
      FFI::DynamicLibrary.open(nil, FFI::DynamicLibrary::RTLD_NOW).find_function('pthread_sigmask')
    ).attach(self, 'sigmask')

    # Does a slice of a wait undisturbed by that signal.
    def self.undisturbed
      sigmask(SIG_BLOCK, MASK, nil)
      yield
    ensure
      sigmask(SIG_UNBLOCK, MASK, nil)
    end

    @lock = Mutex.new
    @path = nil

    class << self
      # What was loaded; nil before.
      attr_reader :path

      def load_library(path = nil)
        return @path if @path && (path.nil? || same?(path))

        @lock.synchronize do
          raise StateError, "cannot load #{path}: #{@path} is loaded already" if @path && path && !same?(path)

          @path ||= find_library(path)
        end
      end

      private

      def same?(path)
        File.realpath(path) == File.realpath(@path)
      rescue SystemCallError
        path == @path
      end

      def find_library(path)
        searched = places(path).map do |place, candidate|
          return open_library(candidate)
        rescue ::LoadError, ::ArgumentError => e
          "#{place} (#{candidate}: #{e.message.delete_prefix("#{candidate}: ")})"
        end
        raise LibraryError.new(
          "cannot load #{FILE_NAME}; tried #{searched.join(', then ')}; set #{VARIABLE} or call " \
          'Pygrpc.load_library(path) before the first client', searched
        )
      end

      # Where to look. A file that was asked for is used or is an error, never silently another one.
      def places(path)
        return [['the path given', path.to_s]] if path

        given = ENV.fetch(VARIABLE, '')
        return [[VARIABLE, given]] unless given.empty?

        [['the gem', File.expand_path(FILE_NAME, __dir__)], ["the system's libraries", FILE_NAME]]
      end

      def open_library(path)
        flags = FFI::DynamicLibrary::RTLD_NOW | FFI::DynamicLibrary::RTLD_LOCAL | RTLD_NODELETE
        library = FFI::DynamicLibrary.open(path, flags)
        check(library)
        Api::FUNCTIONS.each { |name, declaration| attach(library, name.to_s, *declaration) }
        @library = library
        path
      end

      def check(library)
        abi = library.find_function('pygrpc_abi_version')
        raise ::ArgumentError, 'this is no libpygrpc: it lacks pygrpc_abi_version' unless abi

        version = FFI::Function.new(:int32, [], abi).call
        return if version >= Api::ABI_VERSION

        raise ::ArgumentError, "its ABI version is #{version}, and #{Api::ABI_VERSION} or later is needed"
      end

      def attach(library, name, types, result, waits)
        symbol = library.find_function(name)
        raise ::ArgumentError, "it lacks #{name}" unless symbol

        short = name.delete_prefix('pygrpc_')
        FFI::Function.new(result, types, symbol, blocking: waits).attach(self, short)
        FFI::Function.new(result, types, symbol).attach(self, "#{short}_now") if ALSO_NOW.include?(short)
      end
    end
  end
end
