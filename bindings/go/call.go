// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
)

// ---- Calls of a client

// UnaryUnary calls a method that takes one request and gives one response. A request is a Message,
// any value that encoding/json would make an object of, or JSON text as json.RawMessage. The
// deadline is that of the context or the option timeout; 10 s where there is neither.
func (c *Client) UnaryUnary(
	ctx context.Context, method string, request any, options ...Options,
) (Message, error) {
	var response Message
	err := c.invoke(ctx, method, UnaryUnary, request, &response, options)
	return response, err
}

// Invoke is UnaryUnary for other forms of the response, which goes to what the target points to: a
// struct or whatever encoding/json takes, *json.RawMessage for the JSON text as it is, or *[]byte
// for protobuf's wire format (with the option codec "binary", which has requests be []byte).
func (c *Client) Invoke(
	ctx context.Context, method string, request, target any, options ...Options,
) error {
	return c.invoke(ctx, method, UnaryUnary, request, target, options)
}

// UnaryStream calls a method that takes one request and streams responses. Each range over the
// result makes a call; leaving it early cancels that.
func (c *Client) UnaryStream(
	ctx context.Context, method string, request any, options ...Options,
) iter.Seq2[Message, error] {
	return responses(func() (*rpc, error) {
		return c.begin(ctx, method, UnaryStream, request, options)
	})
}

// StreamUnary calls a method that takes a stream of requests and gives one response. Requests are
// taken one by one, in the calling goroutine, as fast as the server takes them; see From. Their
// error cancels the call, and is returned.
func (c *Client) StreamUnary(
	ctx context.Context, method string, requests iter.Seq2[any, error], options ...Options,
) (Message, error) {
	var response Message
	err := c.invoke(ctx, method, StreamUnary, requests, &response, options)
	return response, err
}

// StreamStream calls a method that takes a stream of requests and streams responses. Each range over
// the result makes a call; leaving it early cancels that. Requests are taken in a goroutine of their
// own, as fast as the server takes them; their error cancels the call, and comes to the reader.
func (c *Client) StreamStream(
	ctx context.Context, method string, requests iter.Seq2[any, error], options ...Options,
) iter.Seq2[Message, error] {
	return responses(func() (*rpc, error) {
		return c.begin(ctx, method, StreamStream, orNone(requests), options)
	})
}

// Request calls a method of any cardinality. The request is one, or an iter.Seq2[any, error] of
// them, a function literal as well; where there is one response, it is the only one.
func (c *Client) Request(
	ctx context.Context, method string, request any, options ...Options,
) iter.Seq2[Message, error] {
	return responses(func() (*rpc, error) { return c.beginAny(ctx, method, request, false, options) })
}

// Call starts a call of any method, for what the other forms lack: headers and trailers, and reading
// and writing by turns. The request is as for Request; for requests to be written by Write, nil.
func (c *Client) Call(
	ctx context.Context, method string, request any, options ...Options,
) (*Call, error) {
	started, err := c.beginAny(ctx, method, request, true, options)
	if err != nil {
		return nil, err
	}
	return newCall(started), nil
}

// HealthWatch watches a service as the server's health service tells of it: its status now, and with
// each change. It has no end of its own.
func (c *Client) HealthWatch(
	ctx context.Context, service string, options ...Options,
) iter.Seq2[string, error] {
	watch := responses(func() (*rpc, error) {
		encoded, err := encodeOptions(options)
		if err != nil {
			return nil, err
		}
		return c.startWatch(ctx, service, encoded)
	})
	return func(yield func(string, error) bool) {
		for message, err := range watch {
			status, _ := message["status"].(string)
			if !yield(status, err) {
				return
			}
		}
	}
}

// invoke makes a call with one response.
func (c *Client) invoke(
	ctx context.Context, method string, cardinality Cardinality, request, target any,
	listed []Options,
) error {
	options, err := c.forCall(ctx, listed)
	if err != nil {
		return err
	}
	if err := checkTarget(target, options.binary); err != nil {
		return err
	}
	var text []byte
	requests, streamed := streamOf(request)
	if !streamed {
		if text, err = encodeMessage(request, options.binary); err != nil {
			return err
		}
	}
	started, err := c.start(ctx, method, cardinality, text, options)
	if err != nil {
		return err
	}
	defer started.close()
	if streamed && requests != nil {
		err = started.writeAll(requests)
	} else if streamed {
		err = started.halfClose()
	}
	if err != nil {
		return err
	}
	response, err := started.single()
	if err != nil {
		return err
	}
	return decodeInto(response, target, options.binary)
}

// beginAny starts a call of any method. No request is an empty one to a method that takes one; to
// others it is a stream of none, or one that is written by hand.
func (c *Client) beginAny(
	ctx context.Context, method string, request any, byHand bool, options []Options,
) (*rpc, error) {
	if requests, streamed := streamOf(request); request == nil || streamed && requests == nil {
		request = nil
		cardinality, err := c.Cardinality(ctx, method)
		if err != nil {
			return nil, err
		}
		if cardinality == UnaryUnary || cardinality == UnaryStream {
			request = Message{}
		} else if !byHand {
			request = FromList()
		}
	}
	return c.begin(ctx, method, Any, request, options)
}

// begin starts a call, and the goroutine that takes its requests if they are streamed.
func (c *Client) begin(
	ctx context.Context, method string, cardinality Cardinality, request any, listed []Options,
) (*rpc, error) {
	options, err := c.forCall(ctx, listed)
	if err != nil {
		return nil, err
	}
	requests, streamed := streamOf(request)
	if streamed || request == nil && cardinality != UnaryStream {
		started, err := c.start(ctx, method, cardinality, nil, options)
		if err == nil && requests != nil {
			go started.pump(requests)
		}
		return started, err
	}
	text, err := encodeMessage(request, options.binary)
	if err != nil {
		return nil, err
	}
	return c.start(ctx, method, cardinality, text, options)
}

// ---- Streams of requests

// From makes a stream of requests of an iterator: From(slices.Values(points)).
func From[T any](messages iter.Seq[T]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for message := range messages {
			if !yield(message, nil) {
				return
			}
		}
	}
}

// FromResults makes a stream of requests of an iterator that may fail, such as the responses of
// another call.
func FromResults[T any](messages iter.Seq2[T, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for message, err := range messages {
			if !yield(message, err) {
				return
			}
		}
	}
}

// FromList makes a stream of some requests.
func FromList(messages ...any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for _, message := range messages {
			if !yield(message, nil) {
				return
			}
		}
	}
}

// streamOf gives the stream of requests that a request is, if it is one.
func streamOf(request any) (iter.Seq2[any, error], bool) {
	switch request := request.(type) {
	case iter.Seq2[any, error]:
		return request, true
	case func(yield func(any, error) bool):
		return request, true
	}
	return nil, false
}

func orNone(requests iter.Seq2[any, error]) iter.Seq2[any, error] {
	if requests == nil {
		return FromList()
	}
	return requests
}

// ---- Streams of responses

func responses(start func() (*rpc, error)) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		started, err := start()
		if err == nil && started.binary {
			started.close()
			err = newError(CodeArgument,
				`with the codec "binary" responses are read from a Call, by Responses[[]byte]`)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer started.close()
		each(started, yield)
	}
}

// each hands out the responses of a call, and closes it if they are not read to their end.
func each[T any](started *rpc, yield func(T, error) bool) {
	defer func() {
		if started.ended() == nil {
			started.close()
		}
	}()
	for {
		var response T
		text, err := started.read()
		if err == io.EOF {
			return
		}
		if err == nil {
			err = decodeInto(text, &response, started.binary)
		}
		// After a message that cannot be had, more may follow.
		if !yield(response, err) || err != nil && !isOfOneMessage(err) {
			return
		}
	}
}

func isOfOneMessage(err error) bool {
	found, ok := err.(*Error)
	return ok && (found.Code == CodeJSON || found.Code == CodeWire || found.Code == CodeArgument)
}

// Responses gives the responses of a call as values of a type: structs, json.RawMessage, or []byte
// with the codec "binary". Leaving the range early cancels the call.
func Responses[T any](call *Call) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		defer runtime.KeepAlive(call)
		each(call.rpc, yield)
	}
}

// ---- Call

// Call is a call in progress, of any cardinality. One goroutine may read and another one write at the
// same time; all else may be called from any. The context that it was made with governs it to its
// end. Closing it, or forgetting it, frees it and cancels it if it has not ended.
type Call struct{ rpc *rpc }

func newCall(started *rpc) *Call {
	made := &Call{started}
	runtime.AddCleanup(made, (*rpc).close, started)
	return made
}

// Cardinality says how many messages the method takes and gives.
func (c *Call) Cardinality() Cardinality { return c.rpc.cardinality }

// Read waits for the next response. The error is io.EOF once there are no more.
func (c *Call) Read() (Message, error) {
	var response Message
	err := c.ReadInto(&response)
	return response, err
}

// ReadInto is Read for other forms of the response; see Client.Invoke.
func (c *Call) ReadInto(target any) error {
	defer runtime.KeepAlive(c)
	if err := checkTarget(target, c.rpc.binary); err != nil {
		return err
	}
	text, err := c.rpc.read()
	if err != nil {
		return err
	}
	return decodeInto(text, target, c.rpc.binary)
}

// Responses gives the responses that were not read yet. Leaving the range early cancels the call.
func (c *Call) Responses() iter.Seq2[Message, error] { return Responses[Message](c) }

// Write sends a request, and waits until the one before has left. The error io.EOF says that the
// server has ended the call; Read tells how.
func (c *Call) Write(request any) error {
	defer runtime.KeepAlive(c)
	message, err := encodeMessage(request, c.rpc.binary)
	if err != nil {
		return err
	}
	return c.rpc.write(message)
}

// HalfClose tells the server that no more requests follow.
func (c *Call) HalfClose() error {
	defer runtime.KeepAlive(c)
	return c.rpc.halfClose()
}

// Headers waits for the server's initial metadata.
func (c *Call) Headers() (Metadata, error) {
	defer runtime.KeepAlive(c)
	return c.rpc.waitFor(nativeHeaders)
}

// Trailers gives the server's trailing metadata, which come with the end of the call: once Read has
// given io.EOF, another error, or the one response of a method that does not stream them.
func (c *Call) Trailers() (Metadata, error) {
	defer runtime.KeepAlive(c)
	if c.rpc.ended() != nil {
		return c.rpc.waitFor(nativeTrailers)
	}
	if !c.rpc.stream.acquire() {
		return nil, c.rpc.closedError()
	}
	defer c.rpc.stream.release()
	code, text, err := nativeTrailers(c.rpc.stream.pointer, 0)
	if err == nil && code == resultPending {
		err = newError(CodeState, fmt.Sprintf(
			"the trailers of %s come with its end; read its responses first", c.rpc.method))
	}
	if err != nil {
		return nil, err
	}
	return decodeMetadata(text)
}

// Info gives what the call has come to so far, under the names of pygrpc_stream_info(): peer,
// status, headers, trailers, timing and others.
func (c *Call) Info() (Message, error) {
	defer runtime.KeepAlive(c)
	if !c.rpc.stream.acquire() {
		return nil, c.rpc.closedError()
	}
	defer c.rpc.stream.release()
	text, err := nativeInfo(c.rpc.stream.pointer)
	if err != nil {
		return nil, err
	}
	return decodeMessage(text)
}

// Cancel ends the call; a read that waits ends with the status CANCELLED.
func (c *Call) Cancel() {
	defer runtime.KeepAlive(c)
	c.rpc.cancel()
}

// Close cancels the call if it has not ended, and frees it. It returns nil, always.
func (c *Call) Close() error {
	c.rpc.close()
	return nil
}
