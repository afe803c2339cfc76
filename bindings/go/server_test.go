// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

// The tests want PYGRPC_TEST_TARGET, a running test server, and PYGRPC_PROTO_PATH; with
// scripts/test-bindings go they have both.
func TestMain(m *testing.M) {
	if testTarget() == "" {
		log.Fatal("PYGRPC_TEST_TARGET is not set; see bindings/README.md")
	}
	os.Exit(m.Run())
}

func testTarget() string { return os.Getenv("PYGRPC_TEST_TARGET") }

func testClient() *pygrpc.Client {
	client, err := pygrpc.NewClient(testTarget())
	for _, each := range []string{"helloworld.proto", "route_guide.proto", "pygrpc_test/test.proto"} {
		if err == nil {
			err = client.Load(context.Background(), each)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func TestCallAfterItsEnd(t *testing.T) {
	client := testClient()
	defer client.Close()
	call, err := client.Call(t.Context(), "ReturnStatusServerStream",
		pygrpc.Message{"code": 9, "afterMessages": 1, "message": "why"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call.Trailers(); !errors.Is(err, pygrpc.CodeState) {
		t.Errorf("trailers before the end: %v", err)
	}
	count := 0
	var last error
	for _, err := range call.Responses() {
		if last = err; err == nil {
			count++
		}
	}
	if count != 1 || !errors.Is(last, pygrpc.StatusFailedPrecondition) {
		t.Errorf("%d responses, then %v", count, last)
	}
	if _, err := call.Read(); !errors.Is(err, pygrpc.StatusFailedPrecondition) {
		t.Errorf("a read after the end: %v", err)
	}
	if _, err := call.Trailers(); err != nil {
		t.Errorf("trailers after the end: %v", err)
	}
	info, err := call.Info()
	if err != nil || info["statusName"] != "FAILED_PRECONDITION" || info["peer"] == nil {
		t.Errorf("info: %v, %v", info, err)
	}
	call.Close()
	call.Close()
	call.Cancel()
	if _, err := call.Headers(); !errors.Is(err, pygrpc.CodeState) {
		t.Errorf("headers after Close: %v", err)
	}
	if err := call.Write(nil); !errors.Is(err, pygrpc.CodeState) {
		t.Errorf("a write after Close: %v", err)
	}
}

func TestReadGivesEOF(t *testing.T) {
	client := testClient()
	defer client.Close()
	call, err := client.Call(t.Context(), "SayHello", pygrpc.Message{"name": "you"})
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	var reply struct{ Message string }
	if err := call.ReadInto(&reply); err != nil || reply.Message != "Hello, you!" {
		t.Errorf("%v, %v", reply, err)
	}
	for range 2 {
		if _, err := call.Read(); err != io.EOF {
			t.Errorf("expected io.EOF, found %v", err)
		}
	}
}

func TestResponseThatDoesNotFit(t *testing.T) {
	client := testClient()
	defer client.Close()
	var number int
	if err := client.Invoke(t.Context(), "SayHello", nil, &number); !errors.Is(err, pygrpc.CodeArgument) {
		t.Errorf("an object in an int: %v", err)
	}
	if err := client.Invoke(t.Context(), "SayHello", nil, nil); err != nil {
		t.Errorf("a response that nobody wants: %v", err)
	}
}

func TestReflectionEndsWithTheContext(t *testing.T) {
	// Nobody listens there, and the client has no schema: the first call asks for it.
	client, err := pygrpc.NewClient("unix:/nowhere/pygrpc.sock", pygrpc.Options{"wait_for_ready": true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	_, err = client.UnaryUnary(ctx, "SayHello", nil)
	if took := time.Since(began); !errors.Is(err, context.Canceled) || took > time.Minute {
		t.Errorf("%v after %v", err, took)
	}
}

func TestDeadlines(t *testing.T) {
	client := testClient()
	defer client.Close()
	for left, known := range map[time.Duration]bool{time.Minute: true, 100 * 365 * 24 * time.Hour: false} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		reply, err := client.UnaryUnary(ctx, "EchoMetadata", nil)
		cancel()
		if _, ok := reply["timeRemaining"]; err != nil || ok != known {
			t.Errorf("%v left: the server knows %v, %v", left, reply["timeRemaining"], err)
		}
	}
	// The shorter one counts.
	hasty, err := pygrpc.NewClient(testTarget(), pygrpc.Options{"timeout": 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	if err := hasty.LoadClient(client); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := hasty.UnaryUnary(ctx, "NeverAnswer", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client's timeout: %v", err)
	}
}

func TestRequestOfNothing(t *testing.T) {
	client := testClient()
	defer client.Close()
	for reply, err := range client.Request(t.Context(), "SayHello", nil) {
		if err != nil || reply["message"] != "Hello, !" {
			t.Errorf("%v, %v", reply, err)
		}
	}
	for reply, err := range client.Request(t.Context(), "SinkPayloads", nil) {
		if err != nil || fmt.Sprint(reply["messages"]) != "0" {
			t.Errorf("%v, %v", reply, err)
		}
	}
	if reply, err := client.StreamUnary(t.Context(), "SinkPayloads", nil); err != nil {
		t.Errorf("%v, %v", reply, err)
	}
}

func TestIntrospection(t *testing.T) {
	client := testClient()
	defer client.Close()
	services, err := client.Services(t.Context())
	if err != nil || len(services) < 3 {
		t.Errorf("services: %v, %v", services, err)
	}
	described, err := client.Describe(t.Context(), "helloworld.Greeter")
	if err != nil || described["name"] == nil {
		t.Errorf("describe: %v, %v", described, err)
	}
	if template, err := client.Template(t.Context(), "SayHello"); err != nil || template["name"] == nil {
		t.Errorf("template: %v, %v", template, err)
	}
	if schema, err := client.JSONSchema(t.Context(), "SayHello"); err != nil || len(schema) == 0 {
		t.Errorf("JSON schema: %s, %v", schema, err)
	}
	if set, err := client.Export(t.Context(), "descriptor_set", "helloworld.Greeter"); err != nil {
		t.Error(err)
	} else if err := client.LoadDescriptorSet(set); err != nil {
		t.Errorf("what was exported cannot be loaded: %v", err)
	}
	if options, err := pygrpc.OptionsJSON(); err != nil || len(options) == 0 {
		t.Errorf("options: %s, %v", options, err)
	}
}

func TestChannel(t *testing.T) {
	client := testClient()
	defer client.Close()
	if err := client.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, err := client.State(); err != nil || state != pygrpc.ChannelReady {
		t.Errorf("state %v, %v", state, err)
	}
	for status, err := range client.HealthWatch(t.Context(), "helloworld.Greeter") {
		if err != nil || status != "SERVING" {
			t.Errorf("health %q, %v", status, err)
		}
		break
	}
	nowhere, err := pygrpc.NewClient("unix:/nowhere/pygrpc.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := nowhere.WaitReady(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that is not there is ready: %v", err)
	}
}

// All that is allowed at the same time, for the race detector.
func TestManyAtOnce(t *testing.T) {
	client := testClient()
	defer client.Close()
	var group sync.WaitGroup
	for task := range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for range 20 {
				name := fmt.Sprint("task ", task)
				reply, err := client.UnaryUnary(ctx, "SayHello", pygrpc.Message{"name": name})
				if err != nil || reply["message"] != "Hello, "+name+"!" {
					t.Errorf("%v, %v", reply, err)
				}
			}
			call, err := client.Call(ctx, "EchoPayloads", nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer call.Close()
			var writer sync.WaitGroup
			writer.Add(1)
			go func() {
				defer writer.Done()
				for range 20 {
					if err := call.Write(pygrpc.Message{"body": []byte("x")}); err != nil && (err != io.EOF || task%4 != 0) {
						t.Error(err)
					}
				}
				call.HalfClose()
			}()
			if task%4 == 0 {
				call.Cancel()
				writer.Wait()
				return
			}
			count := 0
			for _, err := range call.Responses() {
				if err != nil {
					t.Error(err)
				}
				count++
			}
			if count != 20 {
				t.Errorf("%d responses", count)
			}
			writer.Wait()
		}()
	}
	group.Wait()
}

func BenchmarkUnary(b *testing.B) {
	client := testClient()
	defer client.Close()
	request := pygrpc.Message{"name": "you"}
	for b.Loop() {
		if _, err := client.UnaryUnary(b.Context(), "SayHello", request); err != nil {
			b.Fatal(err)
		}
	}
}

// What a way into C and back costs.
func BenchmarkCrossing(b *testing.B) {
	for b.Loop() {
		pygrpc.Version()
	}
}

// What a call gives as metadata is what a call takes, and other maps are taken as they are meant.
func TestMetadataAsOption(t *testing.T) {
	client := testClient()
	defer client.Close()
	const raw = "\x00\xff,raw"
	request := pygrpc.Message{"echoAsHeaders": []string{"x-text", "x-raw-bin"}}
	echo := func(metadata any) (pygrpc.Metadata, error) {
		call, err := client.Call(t.Context(), "EchoMetadata", request, pygrpc.Options{"metadata": metadata})
		if err != nil {
			return nil, err
		}
		defer call.Close()
		if _, err := call.Read(); err != nil {
			return nil, err
		}
		return call.Headers()
	}
	one := map[string]any{"x-text": "text", "x-raw-bin": []byte(raw)}
	cases := []struct {
		given any
		texts []string
		raws  []string
	}{
		{pygrpc.Metadata{"x-text": {"1", "2"}, "x-raw-bin": {raw, ""}}, []string{"1", "2"}, []string{raw, ""}},
		{http.Header{"X-Text": {"1"}, "X-Raw-Bin": {raw}}, []string{"1"}, []string{raw}},
		{map[string][]string{"x-raw-bin": {"AP8="}}, nil, []string{"AP8="}},
		{map[string]string{"x-text": "1", "x-raw-bin": raw}, []string{"1"}, []string{raw}},
		{map[string][]byte{"x-text": []byte("1"), "x-raw-bin": []byte(raw)}, []string{"1"}, []string{raw}},
		{map[string]any{"x-text": []any{"1", []byte("2")}, "x-raw-bin": [][]byte{[]byte(raw), nil}},
			[]string{"1", "2"}, []string{raw, ""}},
		{one, []string{"text"}, []string{raw}},
		{pygrpc.Metadata{}, nil, nil},
		{pygrpc.Metadata(nil), nil, nil},
	}
	for _, each := range cases {
		headers, err := echo(each.given)
		if err != nil || !slices.Equal(headers["x-text"], each.texts) || !slices.Equal(headers["x-raw-bin"], each.raws) {
			t.Errorf("%T %q: %q, %v", each.given, each.given, headers, err)
			continue
		}
		again, err := echo(headers)
		if err != nil || !slices.Equal(again["x-text"], each.texts) || !slices.Equal(again["x-raw-bin"], each.raws) {
			t.Errorf("%q forwarded: %q, %v", headers, again, err)
		}
	}
	if !reflect.DeepEqual(one, map[string]any{"x-text": "text", "x-raw-bin": []byte(raw)}) {
		t.Errorf("the caller's own map has become %q", one)
	}
	for _, wrong := range []any{5, "text", map[string]any{"x-text": 1}, map[string]any{"x-text": nil},
		pygrpc.Metadata{"x-text": {"\xff"}}} {
		if headers, err := echo(wrong); err == nil || !strings.Contains(err.Error(), "metadata") {
			t.Errorf("%T %v: %q, %v", wrong, wrong, headers, err)
		}
	}
}

func TestRequestOfLiterals(t *testing.T) {
	client := testClient()
	defer client.Close()
	two := func(yield func(any, error) bool) {
		_ = yield(pygrpc.Message{"name": "a"}, nil) && yield(pygrpc.Message{"name": "b"}, nil)
	}
	count := 0
	for reply, err := range client.Request(t.Context(), "SayHelloBidiStream", two) {
		if err != nil || reply["message"] == "" {
			t.Errorf("%v, %v", reply, err)
		}
		count++
	}
	if count != 2 {
		t.Errorf("expected 2 replies, found %d", count)
	}
	var none func(func(any, error) bool)
	for reply, err := range client.Request(t.Context(), "SinkPayloads", none) {
		if err != nil || fmt.Sprint(reply["messages"]) != "0" {
			t.Errorf("%v, %v", reply, err)
		}
	}
	typed := func(func(pygrpc.Message, error) bool) {}
	for _, err := range client.Request(t.Context(), "SayHelloBidiStream", typed) {
		if !errors.Is(err, pygrpc.CodeJSON) || !strings.Contains(err.Error(), "FromResults") {
			t.Errorf("an iterator of another type: %v", err)
		}
	}
}

// What is nil, or no pointer, is told before anything is sent.
func TestArgumentsThatAreNil(t *testing.T) {
	client := testClient()
	defer client.Close()
	if err := client.LoadClient(nil); !errors.Is(err, pygrpc.CodeArgument) {
		t.Errorf("a client that is nil: %v", err)
	}
	binary := pygrpc.Options{"codec": "binary"}
	call, err := client.Call(t.Context(), "SayHello", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	var text json.RawMessage
	for _, target := range []any{
		(*json.RawMessage)(nil), (*pygrpc.Message)(nil), (*any)(nil), (*[]byte)(nil), (*struct{})(nil), text, 5,
	} {
		if err := client.Invoke(t.Context(), "SayHello", nil, target); !errors.Is(err, pygrpc.CodeArgument) {
			t.Errorf("a response to %T: %v", target, err)
		}
		if err := client.Invoke(t.Context(), "SayHello", []byte{}, target, binary); !errors.Is(err, pygrpc.CodeArgument) {
			t.Errorf("bytes to %T: %v", target, err)
		}
		if err := call.ReadInto(target); !errors.Is(err, pygrpc.CodeArgument) {
			t.Errorf("a read to %T: %v", target, err)
		}
	}
	if err := call.ReadInto(&text); err != nil || !strings.Contains(string(text), "Hello, !") {
		t.Errorf("%s, %v", text, err)
	}
}
