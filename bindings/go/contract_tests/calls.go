// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

var tags atomic.Int64

func newTag() string {
	return fmt.Sprintf("go-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), tags.Add(1))
}

func tagged(tag string) pygrpc.Options {
	return pygrpc.Options{"metadata": map[string]string{"x-call-tag": tag}}
}

// expectCancelled asks the server whether it saw the call of this tag cancelled.
func expectCancelled(client *pygrpc.Client, tag string) error {
	counts, err := client.UnaryUnary(background, "GetCallCounts", pygrpc.Message{
		"tag": tag, "waitForCancelled": 1, "waitAtMost": "60s",
	}, pygrpc.Options{"timeout": 90})
	if err != nil {
		return err
	}
	return expect("cancelled calls", fmt.Sprint(counts["cancelled"]), "1")
}

// expectStarted waits until the server has seen so many calls of this tag.
func expectStarted(client *pygrpc.Client, tag string, calls int) error {
	counts, err := client.UnaryUnary(background, "GetCallCounts", pygrpc.Message{
		"tag": tag, "waitForStarted": calls, "waitAtMost": "60s",
	}, pygrpc.Options{"timeout": 90})
	if err != nil {
		return err
	}
	return expect("started calls", fmt.Sprint(counts["started"]), fmt.Sprint(calls))
}

// expectCollected collects garbage until the server has seen the call of this tag cancelled.
func expectCollected(client *pygrpc.Client, tag string) error {
	for began := time.Now(); time.Since(began) < time.Minute; {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
		counts, err := client.UnaryUnary(background, "GetCallCounts", pygrpc.Message{"tag": tag})
		if err != nil || fmt.Sprint(counts["cancelled"]) == "1" {
			return err
		}
	}
	return fmt.Errorf("the call is not collected")
}

func counting(interval string) pygrpc.Message { return pygrpc.Message{"interval": interval} }

// ---- 6, 7: messages and requests

func wrongNativeValue() error {
	return withClient(func(client *pygrpc.Client) error {
		itself := pygrpc.Message{}
		itself["nestedValue"] = itself
		cases := []struct {
			request any
			parts   []string
		}{
			{pygrpc.Message{"repeatedString": []any{"a", func() {}}}, []string{"$.repeatedString[1]", "func()"}},
			{pygrpc.Message{"mapStringString": map[string]any{"a b": make(chan int)}},
				[]string{`$.mapStringString["a b"]`, "chan int"}},
			{struct {
				Value complex128 `json:"doubleValue"`
			}{}, []string{"$.doubleValue", "complex128"}},
			{itself, []string{"$.nestedValue: ", "holds itself"}},
			{pygrpc.Message{"int32Value": math.NaN()}, []string{"$.int32Value", "NaN"}},
			{pygrpc.Message{"int32Value": json.Number("1x")}, []string{"$.int32Value", "1x"}},
		}
		for _, each := range cases {
			_, err := client.UnaryUnary(background, "Echo", each.request)
			if !errors.Is(err, pygrpc.CodeJSON) {
				return fmt.Errorf("%v: %v", each.parts, err)
			}
			for _, part := range each.parts {
				if !strings.Contains(err.Error(), part) {
					return fmt.Errorf("%q is not in %q", part, shortened(err.Error()))
				}
			}
		}
		// With the binary codec, what is no wire format is refused before anything is sent.
		_, err := client.UnaryUnary(background, "SayHello", pygrpc.Message{}, pygrpc.Options{"codec": "binary"})
		if !errors.Is(err, pygrpc.CodeArgument) {
			return fmt.Errorf("a map with the binary codec: %v", err)
		}
		return nil
	})
}

func requestsAreLazy() error {
	return withClient(func(client *pygrpc.Client) error {
		if err := client.WaitReady(background); err != nil {
			return err
		}
		var taken atomic.Int32
		payload := pygrpc.Message{"body": make([]byte, 1<<20)}
		endless := func(yield func(any, error) bool) {
			for taken.Add(1); yield(payload, nil); taken.Add(1) {
			}
		}
		began := time.Now()
		_, err := client.StreamUnary(background, "NeverRead", endless, pygrpc.Options{"timeout": 2.5})
		if !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("expected the deadline, found %v after %v", err, time.Since(began))
		}
		if count := taken.Load(); count >= 100 || count == 0 {
			return fmt.Errorf("%d requests were taken", count)
		}
		return nil
	})
}

var errRequests = errors.New("no more requests for you")

// failing gives one request and then, once the server has seen the call, an error.
func failing(client *pygrpc.Client, tag string, request any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		if yield(request, nil) {
			yield(nil, first(expectStarted(client, tag, 1), errRequests))
		}
	}
}

func requestsThatFail() error {
	return withClient(func(client *pygrpc.Client) error {
		tag := newTag()
		var last error
		for _, err := range client.StreamStream(background, "CountForeverBidi",
			failing(client, tag, counting("0.01s")), tagged(tag)) {
			last = err
		}
		if !errors.Is(last, errRequests) {
			return fmt.Errorf("the reader got %v", last)
		}
		tagOfUnary := newTag()
		_, err := client.StreamUnary(background, "NeverRead",
			failing(client, tagOfUnary, pygrpc.Message{}), tagged(tagOfUnary))
		if !errors.Is(err, errRequests) {
			return fmt.Errorf("the caller got %v", err)
		}
		tagOfPanic := newTag()
		panicked := caught(func() error {
			requests := func(yield func(any, error) bool) {
				yield(counting("0.01s"), nil)
				if err := expectStarted(client, tagOfPanic, 1); err != nil {
					panic(err)
				}
				panic("requests in panic")
			}
			for range client.StreamStream(background, "CountForeverBidi", requests, tagged(tagOfPanic)) {
			}
			return nil
		})
		if panicked == nil || !strings.Contains(panicked.Error(), "requests in panic") {
			return fmt.Errorf("the reader did not get the panic, but %v", panicked)
		}
		return first(expectCancelled(client, tag), expectCancelled(client, tagOfUnary),
			expectCancelled(client, tagOfPanic))
	})
}

// ---- 8: leaving

func leaveEarly() error {
	return withClient(func(client *pygrpc.Client) error {
		stream := func(tag string) iter.Seq2[pygrpc.Message, error] {
			return client.UnaryStream(background, "CountForever", counting("0.01s"), tagged(tag))
		}
		start := func(ctx context.Context, tag string) *pygrpc.Call {
			call, err := client.Call(ctx, "CountForever", counting("0.01s"), tagged(tag))
			if err == nil {
				_, err = call.Read()
			}
			if err != nil {
				panic(err)
			}
			return call
		}
		collected := func(tag string) {
			if err := expectCollected(client, tag); err != nil {
				panic(err)
			}
		}
		ways := map[string]func(tag string){
			"break": func(tag string) {
				for range stream(tag) {
					break
				}
			},
			"return": func(tag string) {
				for range stream(tag) {
					return
				}
			},
			"panic": func(tag string) {
				defer func() { recover() }()
				for range stream(tag) {
					panic("out of here")
				}
			},
			"runtime.Goexit": func(tag string) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					for range stream(tag) {
						runtime.Goexit()
					}
				}()
				<-done
			},
			"iter.Pull2 and stop": func(tag string) {
				next, stop := iter.Pull2(stream(tag))
				next()
				stop()
			},
			"break of a call": func(tag string) {
				for range start(background, tag).Responses() {
					break
				}
			},
			"Close":  func(tag string) { start(background, tag).Close() },
			"Cancel": func(tag string) { start(background, tag).Cancel() },
			"the end of the context": func(tag string) {
				ctx, cancel := context.WithCancel(background)
				start(ctx, tag)
				cancel()
			},
			"collection": func(tag string) {
				func() { start(background, tag) }()
				collected(tag)
			},
			"collection with a context that goes on": func(tag string) {
				ctx, cancel := context.WithCancel(background)
				defer cancel()
				func() { start(ctx, tag) }()
				collected(tag)
			},
		}
		for way, leave := range ways {
			tag := newTag()
			leave(tag)
			if err := expectCancelled(client, tag); err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
		}
		return nil
	})
}

// ---- 11, 12: cancellation and waits

// waiting is something that waits in a call.
type waiting struct {
	what string
	tag  string // of the call
	wait func() error
	end  func()
}

// timeToEnd starts something that waits, ends it once the server has seen it, and says how long that
// took.
func timeToEnd(client *pygrpc.Client, it waiting, expected ...error) (time.Duration, error) {
	result := make(chan error, 1)
	go func() { result <- it.wait() }()
	if err := expectStarted(client, it.tag, 1); err != nil {
		return 0, err
	}
	time.Sleep(50 * time.Millisecond)
	select {
	case err := <-result:
		return 0, fmt.Errorf("%s did not wait, but ended with %v", it.what, err)
	default:
	}
	began := time.Now()
	it.end()
	err := <-result
	took := time.Since(began)
	for _, each := range expected {
		if !errors.Is(err, each) {
			return took, fmt.Errorf("%s: expected %v, found %v", it.what, each, err)
		}
	}
	return took, nil
}

func cancelFromElsewhere() error {
	return withClient(func(client *pygrpc.Client) error {
		cancel := func(method string, request any) error {
			return fastEnough(100*time.Millisecond, func() (time.Duration, error) {
				tag := newTag()
				call, err := client.Call(background, method, request, tagged(tag))
				if err != nil {
					return 0, err
				}
				defer call.Close()
				read := func() error {
					_, err := call.Read()
					return err
				}
				return timeToEnd(client, waiting{method, tag, read, call.Cancel},
					pygrpc.StatusCancelled, context.Canceled)
			})
		}
		return first(cancel("CountForever", counting("3600s")), cancel("NeverAnswer", nil))
	})
}

var errCause = errors.New("the user went home")

func cancelNatively() error {
	return withClient(func(client *pygrpc.Client) error {
		waits := map[string]func(ctx context.Context, options pygrpc.Options) error{
			"a unary call": func(ctx context.Context, options pygrpc.Options) error {
				_, err := client.UnaryUnary(ctx, "NeverAnswer", nil, options, pygrpc.Options{"timeout": 300})
				return err
			},
			"a read": func(ctx context.Context, options pygrpc.Options) error {
				for _, err := range client.UnaryStream(ctx, "CountForever", counting("3600s"), options) {
					return err
				}
				return nil
			},
			"a write": func(ctx context.Context, options pygrpc.Options) error {
				call, err := client.Call(ctx, "NeverRead", nil, options)
				for err == nil {
					err = call.Write(pygrpc.Message{"body": make([]byte, 1<<20)})
				}
				if call != nil {
					_, err = call.Read() // a write says only that there is no more to do
					call.Close()
				}
				return err
			},
			"headers": func(ctx context.Context, options pygrpc.Options) error {
				call, err := client.Call(ctx, "NeverAnswer", nil, options)
				if err == nil {
					defer call.Close()
					_, err = call.Headers()
				}
				return err
			},
		}
		for _, queued := range []bool{false, true} {
			if queued {
				defer holdDirect(client)()
			}
			for what, wait := range waits {
				err := fastEnough(100*time.Millisecond, func() (time.Duration, error) {
					tag := newTag()
					ctx, cancel := context.WithCancelCause(background)
					took, err := timeToEnd(client, waiting{
						what, tag, func() error { return wait(ctx, tagged(tag)) }, func() { cancel(errCause) },
					}, context.Canceled, errCause, pygrpc.StatusCancelled)
					return took, first(err, expectCancelled(client, tag))
				})
				if err != nil {
					return fmt.Errorf("%s (queued: %v): %w", what, queued, err)
				}
			}
		}
		return nil
	})
}

// holdDirect keeps calls and streams in flight, so that the next ones go through the queue. What it
// gives ends them.
func holdDirect(client *pygrpc.Client) func() {
	ctx, cancel := context.WithCancel(background)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { client.UnaryUnary(ctx, "NeverAnswer", nil, pygrpc.Options{"timeout": "none"}) })
		call, err := client.Call(ctx, "CountForever", counting("3600s"))
		if err != nil {
			panic(err)
		}
		group.Go(func() { call.Read() })
	}
	return func() {
		cancel()
		group.Wait()
	}
}

func othersRunMeanwhile() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	return withClient(func(client *pygrpc.Client) error {
		steps := 0
		// Where the machine is too busy for 100 steps of 1 ms in half a second, in a longer call.
		for attempt := 1; attempt <= 10 && steps < 100; attempt++ {
			steps = 0
			done := make(chan error, 1)
			go func() {
				delay := time.Duration(attempt) * 500 * time.Millisecond
				_, err := client.UnaryUnary(background, "Sleep", pygrpc.Message{"delay": delay})
				done <- err
			}()
			for waits := true; waits; {
				select {
				case err := <-done:
					if err != nil {
						return err
					}
					waits = false
				case <-time.After(time.Millisecond):
					steps++
				}
			}
		}
		if steps < 100 {
			return fmt.Errorf("only %d steps of 1 ms", steps)
		}
		return nil
	})
}

// ---- 13, 14, 15, 22: many at a time

// fourKinds makes a call of each cardinality, with a text of its own.
func fourKinds(client *pygrpc.Client, name string) error {
	answer := "Hello, " + name + "!"
	one, err := client.UnaryUnary(background, "SayHello", pygrpc.Message{"name": name})
	if err != nil || one["message"] != answer {
		return fmt.Errorf("unary_unary: %v, %v", one, err)
	}
	count := 0
	for each, err := range client.UnaryStream(background, "SayHelloStreamReply", pygrpc.Message{"name": name}) {
		count++
		if text := fmt.Sprintf("%s (%d/5)", answer, count); err != nil || each["message"] != text {
			return fmt.Errorf("unary_stream: %v, %v", each, err)
		}
	}
	if err := expect("responses", count, 5); err != nil {
		return err
	}
	requests := pygrpc.FromList(pygrpc.Message{"stringValue": name}, pygrpc.Message{"stringValue": "x"})
	all, err := client.StreamUnary(background, "EchoClientStream", requests,
		pygrpc.Options{"print_defaults": false})
	echoed := pygrpc.Message{"messages": []any{
		pygrpc.Message{"stringValue": name}, pygrpc.Message{"stringValue": "x"},
	}}
	if err != nil || !reflect.DeepEqual(all, echoed) {
		return fmt.Errorf("stream_unary: %v, %v", all, err)
	}
	greeted := 0
	names := pygrpc.FromList(pygrpc.Message{"name": name}, pygrpc.Message{"name": name})
	for each, err := range client.StreamStream(background, "SayHelloBidiStream", names) {
		greeted++
		if err != nil || each["message"] != answer {
			return fmt.Errorf("stream_stream: %v, %v", each, err)
		}
	}
	return expect("greetings", greeted, 2)
}

// together runs a function so many times at once.
func together(tasks int, run func(task int) error) error {
	var group sync.WaitGroup
	errs := make([]error, tasks)
	for task := range tasks {
		group.Go(func() { errs[task] = caught(func() error { return run(task) }) })
	}
	group.Wait()
	return first(errs...)
}

func asyncCalls() error {
	return withClient(func(client *pygrpc.Client) error {
		defer holdDirect(client)()
		return together(32, func(task int) error { return fourKinds(client, fmt.Sprint("task ", task)) })
	})
}

func tenThousandCompletions() error {
	return withClient(func(client *pygrpc.Client) error {
		return together(100, func(task int) error {
			for call := range 100 {
				name := fmt.Sprintf("%d of %d", call, task)
				response, err := client.UnaryUnary(background, "SayHello", pygrpc.Message{"name": name})
				if err != nil || response["message"] != "Hello, "+name+"!" {
					return fmt.Errorf("%s: %v, %v", name, response, err)
				}
			}
			return nil
		})
	})
}

func eightThreads() error {
	return withClient(func(client *pygrpc.Client) error {
		return together(8, func(task int) error {
			for call := range 200 {
				name := fmt.Sprintf("%d of %d", call, task)
				response, err := client.UnaryUnary(background, "SayHello", pygrpc.Message{"name": name})
				if err != nil || response["message"] != "Hello, "+name+"!" {
					return fmt.Errorf("%s: %v, %v", name, response, err)
				}
				if call%10 == 0 {
					if err := fourKinds(client, name); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
}

func slowConsumer() error {
	read := func(client *pygrpc.Client) error {
		next, stop := iter.Pull2(client.UnaryStream(background, "StreamPayloads",
			pygrpc.Message{"messages": 10000, "size": 64 << 10}))
		defer stop()
		for range 10 {
			if _, err, _ := next(); err != nil {
				return err
			}
		}
		runtime.GC()
		before := residentMemory()
		time.Sleep(time.Second)
		if grown := residentMemory() - before; grown > 64<<20 {
			return fmt.Errorf("memory grew by %d MiB", grown>>20)
		}
		message, err, _ := next()
		if err != nil {
			return err
		}
		body, _ := message["body"].(string)
		return expect("size of the 11th message", len(body), (64<<10+2)/3*4)
	}
	return withClient(func(client *pygrpc.Client) error {
		if err := read(client); err != nil {
			return err
		}
		defer holdDirect(client)()
		return read(client)
	})
}

// ---- 16, 17, 18: errors and values

func nativeErrorTypes() error {
	return withClient(func(client *pygrpc.Client) error {
		call := func(code int) error {
			_, err := client.UnaryUnary(background, "ReturnStatus",
				pygrpc.Message{"code": code, "message": "why", "standardDetails": []string{"ERROR_INFO"}})
			return err
		}
		var timeout interface{ Timeout() bool }
		late := call(4)
		if !errors.Is(late, context.DeadlineExceeded) || !errors.As(late, &timeout) || !timeout.Timeout() {
			return fmt.Errorf("no deadline: %v", late)
		}
		if err := call(1); !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("no cancellation: %v", err)
		}
		missing := call(5)
		var found *pygrpc.Error
		if !errors.As(missing, &found) || errors.Is(missing, context.Canceled) {
			return fmt.Errorf("no *pygrpc.Error: %v", missing)
		}
		status, ok := found.RPCStatus()
		if !ok || status.Code != pygrpc.StatusNotFound || status.Message != "why" || len(status.Details) != 1 {
			return fmt.Errorf("the status is %+v", status)
		}
		ctx, cancel := context.WithTimeout(background, 200*time.Millisecond)
		defer cancel()
		if _, err := client.UnaryUnary(ctx, "NeverAnswer", nil); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("no deadline of the context: %v", err)
		}
		<-ctx.Done()
		if _, err := client.UnaryUnary(ctx, "SayHello", nil); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a call with a context that is over: %v", err)
		}
		return first(
			expect("StatusOf", pygrpc.StatusOf(missing), pygrpc.StatusNotFound),
			expect("errors.Is of the status", errors.Is(missing, pygrpc.StatusNotFound), true),
			expect("errors.Is of the code", errors.Is(missing, pygrpc.ErrStatus), true),
			expect("errors.Is of another code", errors.Is(missing, pygrpc.ErrNotFound), false))
	})
}

func nativeValues() error {
	type nested struct {
		Number int32 `json:"number,omitempty"`
	}
	type allTypes struct {
		Int64    int64             `json:"int64Value"`
		Uint64   uint64            `json:"uint64Value"`
		Double   float64           `json:"doubleValue"`
		Bytes    []byte            `json:"bytesValue"`
		Map      map[int64]int64   `json:"mapInt64Int64"`
		Bools    map[bool]bool     `json:"mapBoolBool"`
		Nested   *nested           `json:"nestedValue,omitempty"`
		Time     time.Time         `json:"timestamp"`
		Duration time.Duration     `json:"duration"`
		Texts    map[string]string `json:"mapStringString,omitempty"`
		Left     string            `json:"-"`
	}
	return withClient(func(client *pygrpc.Client) error {
		request := allTypes{
			Int64: math.MinInt64, Uint64: math.MaxUint64, Double: math.Copysign(0, -1),
			Bytes: []byte{0, 255}, Map: map[int64]int64{math.MinInt64: math.MaxInt64},
			Bools: map[bool]bool{true: true}, Nested: &nested{7},
			Time:     time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.FixedZone("", 3600)),
			Duration: -1500 * time.Millisecond, Left: "out",
		}
		response, err := client.UnaryUnary(background, "Echo", request,
			pygrpc.Options{"print_defaults": false})
		if err != nil {
			return err
		}
		expected := pygrpc.Message{
			"int64Value":    json.Number("-9223372036854775808"),
			"uint64Value":   json.Number("18446744073709551615"),
			"doubleValue":   json.Number("-0.0"),
			"bytesValue":    "AP8=",
			"mapInt64Int64": pygrpc.Message{"-9223372036854775808": json.Number("9223372036854775807")},
			"mapBoolBool":   pygrpc.Message{"true": true},
			"nestedValue":   pygrpc.Message{"number": json.Number("7")},
			"timestamp":     "2026-01-02T02:04:05.600Z",
			"duration":      "-1.500s",
		}
		if number, ok := response["doubleValue"].(json.Number); ok {
			if value, _ := number.Float64(); value == 0 && math.Signbit(value) {
				response["doubleValue"] = expected["doubleValue"]
			}
		}
		if !reflect.DeepEqual(response, expected) {
			return fmt.Errorf("expected %v, found %v", expected, response)
		}
		var typed struct {
			Int64  int64           `json:"int64Value"`
			Uint64 uint64          `json:"uint64Value"`
			Bytes  []byte          `json:"bytesValue"`
			Map    map[int64]int64 `json:"mapInt64Int64"`
			Time   time.Time       `json:"timestamp"`
		}
		var raw json.RawMessage
		if err := first(client.Invoke(background, "Echo", request, &typed),
			client.Invoke(background, "Echo", json.RawMessage(`{"int64Value": "5"}`), &raw,
				pygrpc.Options{"print_defaults": false})); err != nil {
			return err
		}
		names := pygrpc.Message{"doubleValue": math.NaN(), "floatValue": float32(math.Inf(-1))}
		special, err := client.UnaryUnary(background, "Echo", names)
		return first(err,
			expect("int64", typed.Int64, request.Int64), expect("uint64", typed.Uint64, request.Uint64),
			expect("bytes", string(typed.Bytes), string(request.Bytes)),
			expect("map", typed.Map[math.MinInt64], int64(math.MaxInt64)),
			expect("time", typed.Time.Equal(request.Time), true),
			expect("raw JSON", string(raw), `{"int64Value":5}`),
			expect("NaN", special["doubleValue"], "NaN"),
			expect("-Infinity", special["floatValue"], "-Infinity"))
	})
}

func invalidUTF8() error {
	return withClient(func(client *pygrpc.Client) error {
		const bad = "a\xffb"
		check := func(err error, code pygrpc.ErrorCode, part string) error {
			if !errors.Is(err, code) || !strings.Contains(err.Error(), part) {
				return fmt.Errorf("expected %v and %q, found %v", code, part, err)
			}
			return nil
		}
		call := func(method string, request any, options ...pygrpc.Options) error {
			_, err := client.UnaryUnary(background, method, request, options...)
			return err
		}
		key := struct {
			Map map[string]string `json:"mapStringString"`
		}{map[string]string{bad: ""}}
		_, newErr := pygrpc.NewClient("localhost:1" + bad)
		return first(
			check(call("Echo", pygrpc.Message{"repeatedString": []string{"", bad}}), pygrpc.CodeJSON,
				"$.repeatedString[1]"),
			check(call("Echo", key), pygrpc.CodeJSON, "$.mapStringString"),
			check(call("Echo", json.RawMessage(`{"stringValue":"`+bad+`"}`)), pygrpc.CodeJSON, ""),
			check(call("SayHello"+bad, nil), pygrpc.CodeArgument, "SayHello"),
			check(call("SayHello", nil, pygrpc.Options{"metadata": map[string]string{"x-key": bad}}),
				pygrpc.CodeOption, "x-key"),
			check(client.Load(background, bad), pygrpc.CodeArgument, "UTF-8"),
			check(newErr, pygrpc.CodeArgument, "target"))
	})
}

// ---- 19: closing

func closeWithCallsInFlight() error {
	return fastEnough(time.Second, func() (time.Duration, error) {
		client, err := newClient()
		if err != nil {
			return 0, err
		}
		var group sync.WaitGroup
		errs := make([]error, 16)
		tag := newTag()
		for task := range errs {
			group.Go(func() {
				if task%2 == 0 {
					_, errs[task] = client.UnaryUnary(background, "NeverAnswer", nil, tagged(tag),
						pygrpc.Options{"timeout": 300})
					return
				}
				call, err := client.Call(background, "CountForever", counting("3600s"), tagged(tag))
				if err == nil {
					_, err = call.Read()
				}
				errs[task] = err
			})
		}
		if err := expectStarted(client, tag, len(errs)); err != nil {
			return 0, err
		}
		time.Sleep(50 * time.Millisecond)
		began := time.Now()
		client.Close()
		group.Wait()
		took := time.Since(began)
		client.Close()
		for _, err := range errs {
			if !errors.Is(err, pygrpc.ErrClosed) {
				return took, fmt.Errorf("a call ended with %v", err)
			}
		}
		_, err = client.UnaryUnary(background, "SayHello", nil)
		return took, expect("a call afterwards", errors.Is(err, pygrpc.ErrClosed), true)
	})
}
