# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'lib/pygrpc/version'

Gem::Specification.new do |spec|
  spec.name = 'pygrpc'
  spec.version = Pygrpc::VERSION
  spec.summary = 'Call any gRPC method by name, with native values'
  spec.description = 'A dynamic gRPC client: schemas come from .proto files, descriptor sets or the server, and ' \
                     'messages are hashes. No code is generated.'
  spec.authors = ['The pygrpc Authors']
  spec.license = 'Apache-2.0'
  spec.required_ruby_version = '>= 3.1'
  spec.files = Dir.chdir(__dir__) { Dir['lib/**/*.rb', 'sig/**/*.rbs', 'README.md'] }
  spec.add_runtime_dependency 'ffi', '~> 1.15'
  spec.metadata['rubygems_mfa_required'] = 'true'
end
