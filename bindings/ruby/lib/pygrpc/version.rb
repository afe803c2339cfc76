# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

module Pygrpc
  VERSION = '0.1.0'
end
