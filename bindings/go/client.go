// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Client is a target and a schema. Any number of goroutines may use it. A client that is forgotten
// is freed; Close does it at once.
type Client struct {
	native     *handle
	closed     chan struct{}
	closing    sync.Once
	binary     bool // the codec of calls, unless they say another
	hasTimeout bool
	// Whether something is loaded; if not, whatever needs the schema waits for reflection.
	loaded atomic.Bool
}

// NewClient makes a client of a target: "localhost:50051", "dns:///host:443",
// "unix:/run/service.sock" and what else gRPC has. It connects with the first call. Options are
// those of the client, and defaults for its calls; besides, responses have all fields without
// presence ("print_defaults") and 64-bit integers as numbers ("int64_numbers") unless told otherwise.
func NewClient(target string, options ...Options) (*Client, error) {
	return newClient(&target, options)
}

// NewSchemaClient makes a client without a target, which serves schema and conversion only.
func NewSchemaClient(options ...Options) (*Client, error) { return newClient(nil, options) }

func newClient(target *string, options []Options) (*Client, error) {
	if err := checkLibrary(); err != nil {
		return nil, err
	}
	defaults := Options{"print_defaults": true, "int64_numbers": true}
	encoded, err := encodeOptions(append([]Options{defaults}, options...))
	if err != nil {
		return nil, err
	}
	pointer, err := nativeClient(target, encoded)
	if err != nil {
		return nil, err
	}
	made := &Client{native: newHandle(pointer, freeClient), closed: make(chan struct{})}
	codec, _ := last(options, "codec")
	made.binary = codec == "binary"
	_, made.hasTimeout = last(options, "timeout")
	runtime.AddCleanup(made, (*handle).close, made.native)
	return made, nil
}

// Close frees the client. Its calls in flight are cancelled and end with ErrClosed, and so does
// whatever is started afterwards. A second Close does nothing. It returns nil, always.
func (c *Client) Close() error {
	c.closing.Do(func() { close(c.closed) })
	c.native.close()
	return nil
}

// use runs a function that does not wait.
func use[T any](c *Client, function func(unsafe.Pointer) (T, error)) (T, error) {
	if !c.native.acquire() {
		var none T
		return none, closedError()
	}
	defer c.native.release()
	return function(c.native.pointer)
}

// wait runs a function that may wait for the network and that nothing can end: if the context ends
// or the client is closed, nobody waits for the function any longer, and what it gives is disposed
// of.
func wait[T any](
	ctx context.Context, c *Client, what string, function func(unsafe.Pointer) (T, error),
	dispose func(T),
) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, contextError(ctx, what)
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result)
	abandoned := make(chan struct{})
	go func() {
		value, err := use(c, function)
		select {
		case done <- result{value, err}:
		case <-abandoned:
			if err == nil && dispose != nil {
				dispose(value)
			}
		}
	}()
	select {
	case result := <-done:
		return result.value, inContext(ctx, what, result.err)
	case <-ctx.Done():
		close(abandoned)
		return none, contextError(ctx, what)
	case <-c.closed:
		close(abandoned)
		return none, closedError()
	}
}

// withSchema runs a function that needs the schema: one that waits as long as nothing is loaded,
// for the server is then asked by reflection.
func withSchema[T any](
	ctx context.Context, c *Client, what string, function func(unsafe.Pointer) (T, error),
	dispose func(T),
) (T, error) {
	if c.loaded.Load() {
		return use(c, function)
	}
	value, err := wait(ctx, c, what, function, dispose)
	if err == nil {
		c.loaded.Store(true)
	}
	return value, err
}

// ---- Names

var cardinalityNames = map[Cardinality]string{
	Any: "ANY", UnaryUnary: "UNARY_UNARY", UnaryStream: "UNARY_STREAM", StreamUnary: "STREAM_UNARY",
	StreamStream: "STREAM_STREAM",
}

// String gives the name of the cardinality, "UNARY_STREAM".
func (c Cardinality) String() string { return cardinalityNames[c] }

var channelStateNames = map[ChannelState]string{
	ChannelIdle: "IDLE", ChannelConnecting: "CONNECTING", ChannelReady: "READY",
	ChannelTransientFailure: "TRANSIENT_FAILURE", ChannelShutdown: "SHUTDOWN",
}

// String gives the name of the state in gRPC, "READY".
func (s ChannelState) String() string { return channelStateNames[s] }

// ---- Channel

// WaitReady connects if need be, and waits until the channel is ready or the context ends.
func (c *Client) WaitReady(ctx context.Context) error {
	const slice = 50 // milliseconds
	for {
		if ctx.Err() != nil {
			return contextError(ctx, "WaitReady")
		}
		code, err := use(c, func(client unsafe.Pointer) (int32, error) {
			return nativeWaitReady(client, slice)
		})
		if err != nil || code == resultOK {
			return err
		}
	}
}

// State gives the state of the channel, without connecting.
func (c *Client) State() (ChannelState, error) { return use(c, nativeState) }

// ---- Health

// Health asks the server's health service for the status of a service, "" for the server as a
// whole: "SERVING", "NOT_SERVING" or "UNKNOWN".
func (c *Client) Health(ctx context.Context, service string, options ...Options) (string, error) {
	encoded, err := c.forCall(ctx, options)
	if err != nil {
		return "", err
	}
	text, err := wait(ctx, c, "Health", func(client unsafe.Pointer) ([]byte, error) {
		return nativeHealth(client, service, encoded.encoded)
	}, nil)
	if err != nil {
		return "", err
	}
	return healthStatus(text)
}

func healthStatus(text []byte) (string, error) {
	message, err := decodeMessage(text)
	status, _ := message["status"].(string)
	return status, err
}

// ---- Schema

// Load loads a schema: "helloworld.proto" or "helloworld" on the proto path, a path of a file or a
// directory, a descriptor set, or "reflection", which asks the server. Loading adds to what is
// there. The context bounds how long is waited for; its deadline is the option timeout.
func (c *Client) Load(ctx context.Context, source string, options ...Options) error {
	_, given := last(options, "timeout")
	if deadline, ok := ctx.Deadline(); ok && !given && source == "reflection" {
		options = append(options[:len(options):len(options)], timeoutUntil(deadline))
	}
	encoded, err := encodeOptions(options)
	if err != nil {
		return err
	}
	return c.load(wait(ctx, c, "Load", func(client unsafe.Pointer) (struct{}, error) {
		return struct{}{}, nativeLoad(client, source, encoded)
	}, nil))
}

func (c *Client) load(_ struct{}, err error) error {
	if err == nil {
		c.loaded.Store(true)
	}
	return err
}

// LoadDescriptorSet loads a serialized google.protobuf.FileDescriptorSet, plain or gzip.
func (c *Client) LoadDescriptorSet(set []byte) error {
	return c.load(use(c, func(client unsafe.Pointer) (struct{}, error) {
		return struct{}{}, nativeLoadDescriptorSet(client, set)
	}))
}

// LoadProto loads the text of one .proto file, under the name that others import it by.
func (c *Client) LoadProto(filename, text string) error {
	return c.load(use(c, func(client unsafe.Pointer) (struct{}, error) {
		return struct{}{}, nativeLoadProto(client, filename, []byte(text))
	}))
}

// LoadClient loads all that another client has loaded; shared, not copied, if this one has nothing.
func (c *Client) LoadClient(other *Client) error {
	if other == nil {
		return newError(CodeArgument, "the client to load from is nil")
	}
	if !other.native.acquire() {
		return closedError()
	}
	defer other.native.release()
	return c.load(use(c, func(client unsafe.Pointer) (struct{}, error) {
		return struct{}{}, nativeLoadClient(client, other.native.pointer)
	}))
}

// ---- Introspection

// Cardinality says how many messages a method takes and gives.
func (c *Client) Cardinality(ctx context.Context, method string) (Cardinality, error) {
	return withSchema(ctx, c, method, func(client unsafe.Pointer) (Cardinality, error) {
		return nativeCardinality(client, method)
	}, nil)
}

// Services lists the services with their methods: types, cardinality, comments, options.
func (c *Client) Services(ctx context.Context) ([]Message, error) {
	text, err := withSchema(ctx, c, "Services", nativeServices, nil)
	if err != nil {
		return nil, err
	}
	return decodeMessages(text)
}

// Describe tells of a service, method, message, field, enum, enum value, extension or file:
// comments, options, defaults, and its declaration.
func (c *Client) Describe(ctx context.Context, symbol string) (Message, error) {
	text, err := withSchema(ctx, c, symbol, func(client unsafe.Pointer) ([]byte, error) {
		return nativeDescribe(client, symbol)
	}, nil)
	if err != nil {
		return nil, err
	}
	return decodeMessage(text)
}

// Template gives a message with an example in each field, of a message type or a method's request.
func (c *Client) Template(ctx context.Context, typeName string) (Message, error) {
	text, err := withSchema(ctx, c, typeName, func(client unsafe.Pointer) ([]byte, error) {
		return nativeTemplate(client, typeName)
	}, nil)
	if err != nil {
		return nil, err
	}
	return decodeMessage(text)
}

// JSONSchema gives the JSON Schema of a message; of a method, a tool definition for language models;
// of "", an array of those of all methods.
func (c *Client) JSONSchema(
	ctx context.Context, typeName string, options ...Options,
) (json.RawMessage, error) {
	encoded, err := encodeOptions(options)
	if err != nil {
		return nil, err
	}
	return withSchema(ctx, c, typeName, func(client unsafe.Pointer) ([]byte, error) {
		return nativeJSONSchema(client, typeName, encoded)
	}, nil)
}

// Export gives the files that declare some symbols (none: all that is loaded), and all that they
// import. As format "descriptor_set" it is a serialized google.protobuf.FileDescriptorSet, as
// "proto" a JSON object of file names and their texts.
func (c *Client) Export(ctx context.Context, format string, symbols ...string) ([]byte, error) {
	var listed []byte
	if len(symbols) > 0 {
		text, err := encodeMessage(symbols, false)
		if err != nil {
			return nil, err
		}
		listed = append(text, 0)
	}
	return withSchema(ctx, c, "Export", func(client unsafe.Pointer) ([]byte, error) {
		return nativeExport(client, listed, format)
	}, nil)
}

// ---- Conversion

// JSONToBinary converts a message to protobuf's wire format.
func (c *Client) JSONToBinary(typeName string, message any, options ...Options) ([]byte, error) {
	encoded, err := encodeOptions(options)
	if err != nil {
		return nil, err
	}
	text, err := encodeMessage(message, false)
	if err != nil {
		return nil, err
	}
	return use(c, func(client unsafe.Pointer) ([]byte, error) {
		return nativeJSONToBinary(client, typeName, text, encoded)
	})
}

// BinaryToJSON converts protobuf's wire format to a message.
func (c *Client) BinaryToJSON(typeName string, wire []byte, options ...Options) (Message, error) {
	encoded, err := encodeOptions(options)
	if err != nil {
		return nil, err
	}
	text, err := use(c, func(client unsafe.Pointer) ([]byte, error) {
		return nativeBinaryToJSON(client, typeName, wire, encoded)
	})
	if err != nil {
		return nil, err
	}
	return decodeMessage(text)
}

func decodeMessages(text []byte) ([]Message, error) {
	value, err := decodeValue(text)
	if err != nil {
		return nil, err
	}
	listed, _ := value.([]any)
	messages := make([]Message, 0, len(listed))
	for _, each := range listed {
		message, _ := each.(Message)
		messages = append(messages, message)
	}
	return messages, nil
}
