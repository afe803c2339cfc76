# frozen_string_literal: true

# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

require_relative 'call'
require_relative 'version'

module Pygrpc
  # What Client and Async have in common: schema, conversion, and the connection.
  class BaseClient
    ABSENT = Object.new.freeze
    private_constant :ABSENT

    # Client.new('localhost', 50051), Client.new('localhost:50051'), or any other target of gRPC;
    # Client.new(nil) is for schema and conversion only. Nothing is connected before the first call.
    #
    # The keywords are options, of the client and defaults for its calls; Pygrpc.options lists them.
    def initialize(target, port = nil, **options)
      @connection = Connection.new(port.nil? ? target : address(target, port), options)
      @options = {}
    end

    # Yields a client, and closes it at the end of the block.
    def self.open(*arguments, **options)
      client = new(*arguments, **options)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end

    # The same client, whose calls have other options unless they say otherwise. It shares the
    # connection and the schema; closing one closes both.
    def with_options(**options)
      dup.tap { |other| other.instance_variable_set(:@options, @options.merge(options.transform_keys(&:to_s))) }
    end

    # ---- Schema

    # Adds to the schema; loading the same again is fine, and a failure changes nothing. The source is
    #
    #   'helloworld.proto', 'helloworld'   a file, absolute or on the proto path
    #   'some/directory'                   every .proto file below it
    #   'some/file.binpb'                  a descriptor set; also a binary String of one
    #   'reflection'                       what the server tells of itself
    #   'reflection:package.Service'       of that, only what these need
    #   another client                     all that it has loaded
    #
    # Names and paths take the options proto_path and, for reflection, timeout, metadata and others.
    def load(source, **options)
      return load_value(source, options) if source.is_a?(BaseClient) || descriptor_set?(source)

      name = Codec.name(source, 'source')
      path = options[:proto_path] || options['proto_path']
      options = options.merge(proto_path: [path]) if path && !path.is_a?(Array)
      arguments = [:load, name, Codec.options(options)]
      reflection = name == 'reflection' || name.start_with?('reflection:')
      reflection ? @connection.call_waiting(*arguments) : @connection.call(*arguments)
      @connection.loaded
      self
    end

    # Loads the text of a .proto file under the name that others import it by.
    def load_proto(filename, text)
      name = Codec.name(filename, 'file name')
      Codec.string(text, 'text')
      @connection.call(:load_proto, name, text, text.bytesize)
      @connection.loaded
      self
    end

    # Loads a serialized FileDescriptorSet, plain or gzip.
    def load_descriptor_set(bytes)
      Codec.string(bytes, 'descriptor set')
      @connection.call(:load_descriptor_set, bytes, bytes.bytesize)
      @connection.loaded
      self
    end

    # Loads all that another client has loaded.
    def load_client(other)
      raise TypeError, "what to load from is a client, not a #{other.class}" unless other.is_a?(BaseClient)

      others = other.connection
      others.handle.use { |pointer| @connection.call(:load_client, pointer) }
      @connection.loaded if others.schema?
      self
    end

    # One of CARDINALITIES, such as :UNARY_STREAM.
    def cardinality(method)
      Api::CARDINALITIES.key(@connection.cardinality(method))
    end

    # The services and their methods: types, cardinality, comments, options.
    def services
      Codec.parse(@connection.text_waiting(:services))
    end

    # A service, method, message, field, enum or file: comments, options, declaration.
    def describe(symbol)
      Codec.parse(@connection.text_waiting(:describe, Codec.name(symbol, 'symbol')))
    end

    # A message with an example in each field.
    def template(type)
      Codec.parse(@connection.text_waiting(:template, Codec.name(type, 'type')))
    end

    # JSON Schema of a message, or the tool definition of a method; of all methods without one.
    def json_schema(type = nil, **options)
      name = type && Codec.name(type, 'type')
      Codec.parse(@connection.text_waiting(:json_schema, name, Codec.options(options)))
    end

    # The files that declare some symbols, or all: a serialized FileDescriptorSet for the format
    # 'descriptor_set', a Hash of names and texts for 'proto'.
    def export(symbols = nil, format = 'descriptor_set')
      names = symbols && JSON.generate(Array(symbols))
      data = @connection.text_waiting(:export, names, Codec.name(format, 'format'))
      format.to_s == 'proto' ? Codec.parse(data) : data
    end

    # ---- Conversion

    # The wire format of a message of the type with this full name.
    def json_to_binary(type, message, **options)
      convert(:json_to_binary, type, Codec.json(message), options)
    end

    # The message of the type with this full name that is in wire format in the bytes.
    def binary_to_json(type, bytes, **options)
      Codec.parse(convert(:binary_to_json, type, Codec.string(bytes, 'message'), options))
    end

    # ---- Connection

    # What the server says of a service, or of itself: "SERVING", "NOT_SERVING", "UNKNOWN".
    def health(service = nil, **options)
      name = service && Codec.name(service, 'service')
      Codec.parse(@connection.ask(:health, name, call_options(options)))['status']
    end

    # The state of the connection, such as :READY.
    def state
      Api::CHANNEL_STATES.key(@connection.state)
    end

    # Connects if need be and waits until the connection is ready. Raises a Timeout::Error if it is not
    # within so many seconds.
    def wait_ready(timeout = nil)
      return self if @connection.wait_ready(Wait.seconds(timeout)) == OK

      raise WaitTimeoutError, "#{target} is not ready within #{timeout} s"
    end

    # Whom it calls.
    def target
      @connection.target
    end

    # Ends the calls in flight, which raise ClosedError, and frees all. May be repeated. Trap handlers may, too.
    def close
      @connection.close
    end

    def closed?
      @connection.handle.closed?
    end

    def inspect
      "#<#{self.class} of #{target}#{' (closed)' if closed?}>"
    end

    protected

    attr_reader :connection

    private

    def address(host, port)
      host = Codec.name(host, 'target')
      raise TypeError, "the port is an Integer, not a #{port.class}" unless port.is_a?(Integer) || port.is_a?(String)

      # An IPv6 address has colons itself.
      host.include?(':') && !host.start_with?('[') ? "[#{host}]:#{port}" : "#{host}:#{port}"
    end

    # Names of files are text; a descriptor set is not.
    def descriptor_set?(source)
      source.is_a?(String) && source.encoding == Encoding::BINARY && !source.ascii_only?
    end

    def load_value(source, options)
      raise ::ArgumentError, "only names and paths take options, such as #{options.keys.first}" unless options.empty?

      source.is_a?(BaseClient) ? load_client(source) : load_descriptor_set(source)
    end

    def convert(function, type, data, options)
      name = Codec.name(type, 'type')
      @connection.text(function, name, data, data.bytesize, call_options(options))
    end

    def call_options(options)
      Codec.options(options.empty? ? @options : @options.merge(options.transform_keys(&:to_s)))
    end

    def codec_of(options)
      codec = options['codec'] || options[:codec] || @options['codec'] || @connection.codec || 'json'
      codec.to_s == 'binary' ? Codec::Binary : Codec::Json
    end

    # What the arguments of a call with one request mean: codec, bytes, options.
    def prepare(request, keywords)
      if request.equal?(ABSENT)
        codec = codec_of({})
        return codec, codec.encode(keywords), call_options({})
      end

      codec = codec_of(keywords)
      [codec, codec.encode(request), call_options(keywords)]
    end

    # Starts a call, which a Fiber scheduler sees where there is one.
    def start(method, cardinality, request, keywords)
      if cardinality.start_with?('STREAM')
        codec = codec_of(keywords)
        options = call_options(keywords)
        requests = request.equal?(ABSENT) ? nil : requests_of(method, request)
      else
        codec, data, options = prepare(request, keywords)
      end
      reactor = asynchronous? ? Reactor.current : nil
      Out.borrow do |out|
        @connection.open(out, method, Api::CARDINALITIES[cardinality], data, options, reactor&.queue)
        arguments = [@connection, method, cardinality, out.take_handle, codec, requests]
        reactor ? AsyncCall.new(reactor, *arguments) : Call.new(*arguments)
      end
    end

    # The requests, if they are many and not one message.
    def requests_of(method, requests)
      return requests if requests.respond_to?(:each) && !requests.respond_to?(:to_hash)

      raise TypeError, "#{method} takes a stream of requests: give an Array, an Enumerator or another object " \
                       "with each, not a #{requests.class}"
    end
  end

  # A target and a schema, to call methods by name.
  #
  # A request is given in one of two forms. As a value behind the method's name: the keywords are then
  # options of the call. Or as keywords, which are then the fields of the message, whatever their names:
  #
  #   client.unary_unary('SayHello', { name: 'you' }, timeout: 2.5)
  #   client.unary_unary('SayHello', name: 'you')
  #   client.with_options(timeout: 2.5).unary_unary('SayHello', name: 'you')
  #
  # A client may be used by any number of threads.
  class Client < BaseClient
    UNARY_UNARY = Api::CARDINALITIES[:UNARY_UNARY]
    private_constant :UNARY_UNARY

    # Calls a method with one request, and gives its one response. The deadline is 10 s unless the
    # option timeout says otherwise.
    def unary_unary(method, request = ABSENT, **keywords)
      return async.unary_unary(method, request, **keywords).value if asynchronous?

      codec, data, options = prepare(request, keywords)
      Out.borrow do |out|
        @connection.open(out, method, UNARY_UNARY, data, options)
        stream = out.peek_handle
        code = Wait.forever { |ms| Native.stream_read(stream, ms, out.text, out.size, out.error) }
        out.raise_error(code) if code != OK
        codec.decode(out.take_with_stream)
      end
    end

    # Calls a method with one request; the Call is an Enumerable of its responses. With a block, yields
    # each response; leaving the block early cancels the call.
    def unary_stream(method, request = ABSENT, **keywords, &block)
      call = start(method, :UNARY_STREAM, request, keywords)
      block ? each_response(call, &block) : call
    end

    # Calls a method with the requests of an enumerable, and gives its one response. The enumerable is
    # run by the calling thread, as fast as the server takes requests. Without one, the block is given
    # the Call, to write to.
    def stream_unary(method, requests = nil, **options)
      start(method, :STREAM_UNARY, ABSENT, options).then do |call|
        if requests.nil?
          raise ::ArgumentError, "#{method} takes a stream of requests: give them, or a block" unless block_given?

          yield call
          call.half_close
        else
          send_all(call, requests_of(method, requests))
        end
        call.response
      ensure
        call.close
      end
    end

    # Calls a method with many requests and many responses; the Call is an Enumerable of the latter. The
    # enumerable is run by a thread of its own, as fast as the server takes requests; what it raises is
    # raised to the reader. With a block, yields each response. Without requests, the Call has write and
    # half_close, and a block is given the Call.
    def stream_stream(method, requests = nil, **options, &block)
      given = requests.nil? ? ABSENT : requests
      call = start(method, :STREAM_STREAM, given, options)
      return call unless block

      requests.nil? ? closing(call, &block) : each_response(call, &block)
    end

    # Calls a method of any cardinality: one of the four above, by what the method is.
    def request(method, request = ABSENT, **keywords, &block)
      case cardinality(method)
      when :UNARY_UNARY then unary_unary(method, request, **keywords)
      when :UNARY_STREAM then unary_stream(method, request, **keywords, &block)
      when :STREAM_UNARY then stream_unary(method, *[request].reject { |each| each.equal?(ABSENT) }, **keywords, &block)
      else stream_stream(method, *[request].reject { |each| each.equal?(ABSENT) }, **keywords, &block)
      end
    end

    # Starts a call of any cardinality: the way to headers and trailers of every method. Where the method
    # streams requests, an enumerable of them may be given; without one, use write and half_close. A
    # block is given the Call, which is closed at its end.
    def call(method, request = ABSENT, **keywords, &block)
      call = start(method, cardinality(method), request, keywords)
      block ? closing(call, &block) : call
    end

    # A stream of what health gives, beginning with the status now.
    def health_watch(service = nil, **options, &block)
      name = service && Codec.name(service, 'service')
      encoded = call_options(options)
      call = Out.borrow do |out|
        code = @connection.handle.use do |client|
          Native.health_watch(client, name, encoded, nil, out.handle, out.error)
        end
        out.raise_error(code) if code != OK
        Call.new(@connection, 'Health/Watch', :UNARY_STREAM, out.take_handle, HealthStatus, nil)
      end
      block ? each_response(call, &block) : call
    end

    # The same client for calls that do not wait; see Async.
    def async
      Async.new(@connection, @options)
    end

    private

    # Under a Fiber scheduler, calls wait in its way.
    def asynchronous?
      !Fiber.current_scheduler.nil?
    end

    def send_all(call, requests)
      taken = true
      requests.each { |request| break unless (taken = call.write(request)) }
      call.half_close if taken
    end

    def each_response(call, &block)
      closing(call) { call.each(&block) }
      nil
    end

    def closing(call)
      yield call
    ensure
      call.close
    end
  end

  # The responses of health_watch are the status alone.
  module HealthStatus
    module_function

    def decode(data)
      Codec.parse(data)['status']
    end

    def decode_many(data)
      Codec.parse(data).map { |each| each['status'] }
    end
  end
  private_constant :HealthStatus
end
