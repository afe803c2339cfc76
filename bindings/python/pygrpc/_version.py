# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The version of the package, where a build can read it without a library."""

__version__ = "0.1.0"
