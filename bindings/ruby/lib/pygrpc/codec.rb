# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require 'json'
require_relative 'errors'

module Pygrpc
  # Native values to what the library takes, and back: requests, responses and options.
  module Codec
    # Deeper than any message may nest.
    MAX_DEPTH = 1000
    # Much quicker than JSON.generate, which makes one of these each time.
    GENERATOR = JSON::State.new(max_nesting: 0)
    # A text, or a -0 outside of texts, which to Ruby is the integer 0.
    TEXT_OR_ZERO = /"(?:[^"\\]|\\.)*"|(?<![\deE.])-0(?![\d.eE])/
    IDENTIFIER = /\A[A-Za-z_]\w*\z/
    private_constant :GENERATOR, :TEXT_OR_ZERO, :IDENTIFIER

    # Messages as values, in JSON.
    module Json
      module_function

      def encode(message)
        Codec.json(message)
      end

      def decode(data)
        Codec.parse(data)
      end

      # What pygrpc_stream_read_many() gave.
      def decode_many(data)
        Codec.parse(data)
      end
    end

    # Messages as bytes.
    module Binary
      FRAME_HEADER = 5
      private_constant :FRAME_HEADER

      module_function

      def encode(message)
        return message.dup if message.is_a?(String)

        raise TypeError, "with the codec 'binary' a message is a String, not a #{message.class}"
      end

      def decode(data)
        data
      end

      # What pygrpc_stream_read_many() gave: each message has gRPC's frame.
      def decode_many(data)
        messages = []
        at = 0
        while at < data.bytesize
          size = data.unpack1('N', offset: at + 1)
          messages << data.byteslice(at + FRAME_HEADER, size)
          at += FRAME_HEADER + size
        end
        messages
      end
    end

    module_function

    # The JSON of a request. Raises TypeError, with the path, for what no message can hold.
    def json(message)
      message = plain(message, '$', {}.compare_by_identity) unless plain?(message, 0)
      GENERATOR.generate(message)
    end

    # The value of the library's JSON.
    def parse(data)
      data.force_encoding(Encoding::UTF_8)
      if data.include?('-0')
        data = data.gsub(TEXT_OR_ZERO) { |each| each == '-0' ? '-0.0' : each }
      end
      JSON::Parser.new(data).parse
    rescue JSON::NestingError
      JSON::Parser.new(data, max_nesting: 0).parse
    end

    # Whether the generator writes the value as it is meant.
    def plain?(value, depth)
      case value
      when String then text?(value)
      when Symbol, Integer, nil, true, false then true
      when Float then value.finite?
      when Hash
        depth < MAX_DEPTH && value.all? { |key, item| key?(key) && plain?(item, depth + 1) }
      when Array then depth < MAX_DEPTH && value.all? { |item| plain?(item, depth + 1) }
      else false
      end
    end

    def text?(value)
      encoding = value.encoding
      (encoding == Encoding::UTF_8 || encoding == Encoding::US_ASCII) && value.valid_encoding?
    end

    def key?(key)
      case key
      when Symbol, Integer, true, false then true
      when String then text?(key)
      else false
      end
    end

    # The same in the generator's own types, or an error with the path of what cannot be sent.
    def plain(value, path, holders)
      case value
      when String then plain_text(value, path)
      when Symbol, Integer, nil, true, false then value
      when Float then value.finite? ? value : special(value)
      when Hash, Array then within(value, path, holders) { plain_items(value, path, holders) }
      else plain(substitute(value, path), path, holders)
      end
    end

    def within(value, path, holders)
      raise TypeError, "#{path}: the #{value.class} holds itself" if holders.key?(value)
      raise ::ArgumentError, '$: the message nests too deeply' if holders.size >= MAX_DEPTH

      holders[value] = true
      result = yield
      holders.delete(value)
      result
    end

    def plain_items(value, path, holders)
      return value.each_with_index.map { |item, index| plain(item, "#{path}[#{index}]", holders) } if value.is_a?(Array)

      value.to_h do |key, item|
        case key
        when String then key = utf8(key, path)
        when Symbol, Integer, true, false then key = key.to_s
        else raise TypeError, "#{path}: a #{key.class} cannot be a field's name"
        end
        [key, plain(item, step(path, key), holders)]
      end
    end

    def step(path, key)
      key.match?(IDENTIFIER) ? "#{path}.#{key}" : "#{path}[#{JSON.generate(key)}]"
    end

    def special(value)
      return 'NaN' if value.nan?

      value.positive? ? 'Infinity' : '-Infinity'
    end

    # Text, or base64 of a binary string.
    def plain_text(value, path)
      value.encoding == Encoding::BINARY ? [value].pack('m0') : utf8(value, path)
    end

    def utf8(text, path)
      encoded = text.encoding == Encoding::BINARY ? text.dup.force_encoding('UTF-8') : text.encode('UTF-8')
      return encoded if encoded.valid_encoding?

      raise invalid_text(path)
    rescue EncodingError
      raise invalid_text(path)
    end

    def invalid_text(path)
      message = "#{path}: text that is not UTF-8"
      JsonError.new(message, { 'message' => message, 'path' => path })
    end

    # A number of another class: the Integer that it is, or the Float that is nearest.
    def number(value, path)
      raise TypeError, "#{path}: a #{value.class} cannot be sent" unless value.real?

      float = value.to_f
      if float.infinite? && value.finite?
        message = "#{path}: the #{value.class} is beyond the range of numbers"
        raise JsonError.new(message, { 'message' => message, 'path' => path })
      end
      return float if !float.finite? || (float.zero? && (1 / float).negative?)

      whole = value.to_i
      whole == value ? whole : float
    end

    # What is known for a value of another class.
    def substitute(value, path)
      case value
      when Time then value.getutc.strftime('%Y-%m-%dT%H:%M:%S.%NZ')
      when Numeric then number(value, path)
      else
        return value.to_time if value.is_a?(Comparable) && value.respond_to?(:to_time)
        return value.to_hash if value.respond_to?(:to_hash)
        return value.to_ary if value.respond_to?(:to_ary)
        return value.to_str if value.respond_to?(:to_str)

        raise TypeError, "#{path}: a #{value.class} cannot be sent"
      end
    end

    # ---- Options

    # The JSON of options; nil for none. Those that are nil are left out, so that they have their
    # defaults.
    def options(given)
      return nil if given.empty?

      given = given.compact.to_h do |key, value|
        [utf8_option(key.to_s, key.to_s), key.to_s == 'metadata' ? outgoing(value) : option(value, key.to_s)]
      end
      JSON.generate(given)
    end

    def option(value, name)
      case value
      when String then utf8_option(value, name)
      when Hash
        value.compact.to_h { |key, item| [utf8_option(key.to_s, name), option(item, "#{name}.#{key}")] }
      when Symbol, Integer, nil, true, false then value
      when Numeric
        value = number(value, "option #{name}")
        value.is_a?(Float) && !value.finite? ? special(value) : value
      else
        return utf8_option(value.to_path, name) if value.respond_to?(:to_path)
        return value.to_a.map { |item| option(item, name) } if value.is_a?(Enumerable)

        raise TypeError, "option #{name}: a #{value.class} cannot be its value"
      end
    end

    def utf8_option(text, name)
      # Bytes are fine if they are text, a certificate in PEM say.
      encoded = text.encoding == Encoding::BINARY ? text.dup.force_encoding('UTF-8') : text.encode('UTF-8')
      return encoded if encoded.valid_encoding?

      raise EncodingError
    rescue EncodingError
      message = "option #{name.dup.force_encoding('UTF-8').scrub('?')}: text that is not UTF-8"
      raise OptionError.new(message, { 'message' => message })
    end

    # Metadata to send: values of "-bin" keys are bytes, and others text.
    def outgoing(metadata)
      metadata = metadata.to_hash if metadata.respond_to?(:to_hash)
      metadata_is('a Hash, or pairs of a key and a value', metadata) unless metadata.is_a?(Enumerable)
      metadata.each_with_object({}) do |pair, merged|
        metadata_is('a Hash, or pairs of a key and a value', pair) unless pair.is_a?(Array) && pair.size == 2
        key, values = pair
        metadata_is('keys that are Strings or Symbols', key) unless key.is_a?(String) || key.is_a?(Symbol)
        key = utf8_option(key.to_s, 'metadata')
        values = values.is_a?(Enumerable) && !values.is_a?(Hash) ? values.to_a : [values].compact
        (merged[key] ||= []).concat(values.map { |value| outgoing_value(key, value) })
      end
    end

    def metadata_is(expected, found)
      found = found.is_a?(Array) ? "an Array of #{found.size}" : "a #{found.class}"
      raise TypeError, "option metadata takes #{expected}, not #{found}"
    end

    def outgoing_value(key, value)
      unless value.is_a?(String)
        raise TypeError, "option metadata: #{key} takes a String, or an Array of them, not a #{value.class}"
      end

      key.end_with?('-bin') ? [value].pack('m0') : utf8_option(value, "metadata.#{key}")
    end

    # Metadata as the library writes them: "-bin" values are base64.
    def metadata(received)
      received.to_h do |key, values|
        [key, key.end_with?('-bin') ? values.map { |value| value.unpack1('m') } : values]
      end
    end

    # Bytes or a text for a function that takes their size, too.
    def string(value, what)
      return value if value.is_a?(String)

      raise TypeError, "the #{what} is a String, not a #{value.class}"
    end

    # A name or a path for a function that reads up to the NUL.
    def name(value, what)
      value = value.to_path if value.respond_to?(:to_path)
      raise TypeError, "the #{what} is a String, not a #{value.class}" unless value.is_a?(String) || value.is_a?(Symbol)

      text = value.to_s
      text = text.encoding == Encoding::BINARY ? text.dup.force_encoding('UTF-8') : text.encode('UTF-8')
      raise EncodingError unless text.valid_encoding?

      raise_argument("#{what} #{text.inspect} holds a NUL") if text.include?("\0")
      text
    rescue EncodingError
      raise_argument("#{what} #{value.inspect} is not UTF-8")
    end

    def raise_argument(message)
      raise ArgumentError.new(message, { 'message' => message })
    end
  end
end
