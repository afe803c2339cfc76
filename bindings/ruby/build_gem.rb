# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

# Builds a platform gem that carries the library:
#
#   ruby build_gem.rb --library build/release/libpygrpc.so.0 --out pygrpc.gem

require 'fileutils'
require 'optparse'
require 'rubygems/package'
require 'tmpdir'

options = {}
parser = OptionParser.new do |each|
  each.on('--library FILE', 'libpygrpc.so.0, as it is built')
  each.on('--out FILE', 'the gem to write')
end
parser.parse!(into: options)
abort(parser.help) unless options.keys.sort == %i[library out]

library = File.realpath(options[:library])
out = File.expand_path(options[:out])

# In a copy, so that the checkout stays as it is.
Dir.mktmpdir do |folder|
  %w[lib sig README.md pygrpc.gemspec].each { |each| FileUtils.cp_r(File.join(__dir__, each), folder) }
  FileUtils.cp(library, File.join(folder, 'lib', 'pygrpc', 'libpygrpc.so.0'))
  Dir.chdir(folder) do
    spec = Gem::Specification.load('pygrpc.gemspec')
    spec.files += ['lib/pygrpc/libpygrpc.so.0']
    spec.platform = Gem::Platform.local
    Gem::DefaultUserInteraction.use_ui(Gem::SilentUI.new) { Gem::Package.build(spec, false, false, out) }
  end
end
puts out
