# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'pygrpc/client'
require_relative 'pygrpc/async'

# Calls any gRPC method by name, with native values.
module Pygrpc
  CODES = Api::CODES
  STATUSES = Api::STATUSES
  CARDINALITIES = Api::CARDINALITIES

  class << self
    # Loads the library now, rather than with the first client, and gives the path of what was loaded.
    #
    # Without a path it is looked for in the environment variable PYGRPC_LIBRARY, or else in the gem,
    # then among the system's libraries. A path that is given, either way, is the only one tried.
    def load_library(path = nil)
      Native.load_library(path)
    end

    # The version of the library.
    def version
      Native.load_library
      Native.version
    end

    # Every option of a client, a call and load: name, type, default, range, help.
    def options
      Native.load_library
      Out.borrow do |out|
        code = Native.options_json(out.text, out.size, out.error)
        out.raise_error(code) if code != OK
        Codec.parse(out.take)
      end
    end
  end
end
