// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"unsafe"
)

// An RPC takes one of two ways, which the library binds it to when it starts. A direct one does its
// I/O in the thread that waits for it: the quickest way for one at a time, but each wait holds a
// thread of the process, and many at once hinder each other. The others complete on a queue, and
// their waits hold nothing but a goroutine. So a call is direct if hardly another one is in flight,
// and a stream if it is one of the first.
const (
	maxDirectCalls   = 2
	maxDirectStreams = 4
)

var (
	callsInFlight atomic.Int32 // of those with one response
	directStreams atomic.Int32
)

// countIn says whether an RPC is to be direct, and gives what counts it.
func countIn(streams bool) (bool, *atomic.Int32) {
	if !streams {
		return callsInFlight.Add(1) <= maxDirectCalls, &callsInFlight
	}
	if directStreams.Add(1) <= maxDirectStreams {
		return true, &directStreams
	}
	directStreams.Add(-1)
	return false, nil
}

// rpc is an RPC in progress, of any cardinality.
type rpc struct {
	ctx         context.Context
	client      *Client // which is not to be collected meanwhile
	method      string
	stream      *handle
	cardinality Cardinality
	binary      bool
	queue       *completions // nil: it is direct
	counter     *atomic.Int32
	stop        func() bool // of the context's AfterFunc
	closing     sync.Once
	readDone    chan event // of the queue
	writeDone   chan event

	reading atomic.Bool // who set it may touch these
	texts   *texts
	ahead   [][]byte // messages that came with the last one
	after   event    // what comes after them, unless it is a message

	mutex sync.Mutex
	end   error // how it has ended: io.EOF, or the error that was given out
	fault error // of the requests: why it was cancelled
	panic any   // of the requests
}

// start opens an RPC. Without a request, which is nil, the method is one that streams them.
func (c *Client) start(
	ctx context.Context, method string, cardinality Cardinality, request []byte, options callOptions,
) (*rpc, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx, method)
	}
	made, err := c.prepare(ctx, method, cardinality != UnaryUnary && cardinality != StreamUnary)
	if err != nil {
		return nil, err
	}
	made.binary = options.binary
	return made, made.open(func(client, queue unsafe.Pointer) (opened, error) {
		return nativeOpen(client, method, cardinality, request, options.encoded, queue)
	})
}

// startWatch opens the RPC of HealthWatch.
func (c *Client) startWatch(ctx context.Context, service string, options encodedOptions) (*rpc, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx, "HealthWatch")
	}
	made, err := c.prepare(ctx, "HealthWatch", true)
	if err != nil {
		return nil, err
	}
	return made, made.open(func(client, queue unsafe.Pointer) (opened, error) {
		return nativeHealthWatch(client, service, options, queue)
	})
}

// prepare makes an RPC that is not open, and chooses its way.
func (c *Client) prepare(ctx context.Context, method string, streams bool) (*rpc, error) {
	direct, counter := countIn(streams)
	made := &rpc{ctx: ctx, client: c, method: method, counter: counter}
	if direct {
		return made, nil
	}
	var err error
	if made.queue, err = sharedCompletions(); err != nil {
		made.countOut()
		return nil, err
	}
	made.readDone, made.writeDone = make(chan event, 1), make(chan event, 1)
	return made, nil
}

// open opens what was prepared.
func (r *rpc) open(native func(client, queue unsafe.Pointer) (opened, error)) error {
	var queue unsafe.Pointer
	if r.queue != nil {
		queue = r.queue.queue
	}
	made, err := withSchema(r.ctx, r.client, r.method, func(client unsafe.Pointer) (opened, error) {
		return native(client, queue)
	}, opened.free)
	if err != nil {
		r.countOut()
		return inContext(r.ctx, r.method, err)
	}
	r.cardinality = made.cardinality
	r.stream = newHandle(made.stream, freeStream)
	if r.ctx.Done() != nil {
		r.stop = context.AfterFunc(r.ctx, r.cancel)
	}
	return nil
}

// cancel ends the RPC, if it has not ended; whoever waits for it is told.
func (r *rpc) cancel() {
	if r.stream.acquire() {
		nativeCancel(r.stream.pointer)
		r.stream.release()
	}
}

// close cancels the RPC if it has not ended, and frees it.
func (r *rpc) close() {
	r.closing.Do(func() {
		if r.stop != nil {
			r.stop()
		}
		if r.ended() == nil {
			r.cancel()
		}
		r.stream.close()
		r.countOut()
	})
}

func (r *rpc) countOut() {
	if r.counter != nil {
		r.counter.Add(-1)
	}
}

func (r *rpc) ended() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.end
}

// finished keeps how the RPC has ended, which the library tells once.
func (r *rpc) finished(err error) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.panic != nil {
		panic(r.panic)
	}
	if err != io.EOF {
		found, ok := err.(*Error)
		if !ok || found.Code != CodeStatus && found.Code != CodeClosed && found.Code != CodeForked {
			return err // a message that has no JSON form, say: more may follow
		}
		if r.fault != nil {
			err = r.fault
		} else {
			err = inContext(r.ctx, r.method, err)
		}
	}
	r.end = err
	return err
}

func (r *rpc) closedError() error {
	return newError(CodeState, fmt.Sprintf("the call of %s was closed", r.method))
}

// read waits for a response; the error io.EOF says that there are no more.
func (r *rpc) read() ([]byte, error) {
	if !r.reading.CompareAndSwap(false, true) {
		return nil, newError(CodeState, fmt.Sprintf("a read of %s is under way", r.method))
	}
	defer r.reading.Store(false)
	if end := r.ended(); end != nil {
		return nil, end
	}
	if !r.stream.acquire() {
		return nil, r.closedError()
	}
	defer r.stream.release()
	happened := r.readDirect
	if r.queue != nil {
		happened = r.readQueued
	}
	came := happened()
	switch {
	case came.err != nil:
		return nil, r.finished(came.err)
	case came.code == resultEnd:
		return nil, r.finished(io.EOF)
	}
	return came.message, nil
}

// readDirect reads in this thread; in a stream of responses, also others that are there already.
func (r *rpc) readDirect() event {
	if len(r.ahead) == 0 && r.after.code == resultOK {
		if r.texts == nil {
			r.texts = new(texts)
		}
		several := r.cardinality == UnaryStream || r.cardinality == StreamStream
		r.ahead, r.after = r.texts.read(r.stream.pointer, several, r.ahead[:0])
		if r.after.code == resultPending {
			r.after.code = resultOK
		}
	}
	if len(r.ahead) > 0 {
		message := r.ahead[0]
		r.ahead = r.ahead[1:]
		return event{message: message}
	}
	after := r.after
	r.after = event{} // a message without JSON form, say: more may follow
	return after
}

func (r *rpc) readQueued() event {
	tag := r.queue.expect(r.readDone)
	if err := nativeReadAsync(r.stream.pointer, tag); err != nil {
		r.queue.forget(tag)
		return event{err: err}
	}
	return <-r.readDone
}

// single reads the one response of a method that does not stream them.
func (r *rpc) single() ([]byte, error) {
	text, err := r.read()
	if err == io.EOF {
		return nil, newError(CodeState, fmt.Sprintf("the response of %s was read already", r.method))
	}
	return text, err
}

// write sends a message; the error io.EOF says that the server takes no more, and that reading tells
// why.
func (r *rpc) write(message []byte) error {
	if !r.stream.acquire() {
		return r.closedError()
	}
	defer r.stream.release()
	var happened event
	if r.queue == nil {
		happened.code, happened.err = nativeWrite(r.stream.pointer, message)
	} else {
		tag := r.queue.expect(r.writeDone)
		if err := nativeWriteAsync(r.stream.pointer, message, tag); err != nil {
			r.queue.forget(tag)
			return inContext(r.ctx, r.method, err)
		}
		happened = <-r.writeDone
	}
	if happened.err == nil && happened.code == resultEnd {
		return io.EOF
	}
	return inContext(r.ctx, r.method, happened.err)
}

func (r *rpc) halfClose() error {
	if !r.stream.acquire() {
		return r.closedError()
	}
	defer r.stream.release()
	return nativeHalfClose(r.stream.pointer)
}

// writeAll sends what an iterator gives, and half-closes. An error of the iterator cancels the RPC.
func (r *rpc) writeAll(requests iter.Seq2[any, error]) error {
	for request, err := range requests {
		var message []byte
		if err == nil {
			message, err = encodeMessage(request, r.binary)
		}
		if err == nil {
			err = r.write(message)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return r.halfClose()
}

// pump is writeAll in a goroutine of its own. Its error, and its panic, go to whoever reads.
func (r *rpc) pump(requests iter.Seq2[any, error]) {
	failed := func(err error, panicked any) {
		r.mutex.Lock()
		r.fault, r.panic = err, panicked
		r.mutex.Unlock()
		r.cancel()
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			failed(nil, panicked)
		}
	}()
	if err := r.writeAll(requests); err != nil {
		failed(err, nil)
	}
}

// waits bounds how many threads wait for headers and trailers, which no queue tells of.
var waits = make(chan struct{}, 64)

// waitFor repeats a function of the library that waits for some milliseconds, until it is done.
func (r *rpc) waitFor(step func(stream unsafe.Pointer, milliseconds int64) (int32, []byte, error)) (
	Metadata, error,
) {
	if !r.stream.acquire() {
		return nil, r.closedError()
	}
	defer r.stream.release()
	for {
		waits <- struct{}{}
		code, text, err := step(r.stream.pointer, 50)
		<-waits
		if err != nil {
			return nil, inContext(r.ctx, r.method, err)
		}
		if code == resultPending {
			continue
		}
		metadata, err := decodeMetadata(text)
		if len(metadata) == 0 && r.ctx.Err() != nil && r.ended() == nil {
			return nil, contextError(r.ctx, r.method) // there is none because of that
		}
		return metadata, err
	}
}
