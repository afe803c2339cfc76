// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Command worker is a Go client, measured as bench/bindings/README.md says.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/pygrpc/pygrpc/bench/bindings/go/helloworldpb"
	"github.com/pygrpc/pygrpc/bench/bindings/go/testpb"
	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

const (
	inFlight = 64
	size     = 10
	greeting = "Hello, you!"
)

// client is one that is measured: a unary call, and a stream of so many messages, which the server
// gathers or not before it writes. Both check what they get.
type client struct {
	call   func(context.Context) error
	stream func(ctx context.Context, count int, gathered bool) error
}

func check(found, expected any) error {
	if found != expected {
		return fmt.Errorf("expected %v, got %v", expected, found)
	}
	return nil
}

func newPygrpc() (*pygrpc.Client, error) {
	made, err := pygrpc.NewClient(os.Getenv("PYGRPC_TEST_TARGET"))
	if err != nil {
		return nil, err
	}
	for _, source := range []string{"helloworld.proto", "pygrpc_test/test.proto"} {
		if err := made.Load(context.Background(), source); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// withPygrpc has messages as maps.
func withPygrpc() (client, error) {
	made, err := newPygrpc()
	return client{
		call: func(ctx context.Context) error {
			response, err := made.UnaryUnary(ctx, "SayHello", pygrpc.Message{"name": "you"})
			if err != nil {
				return err
			}
			return check(response["message"], greeting)
		},
		stream: func(ctx context.Context, count int, gathered bool) error {
			received := 0
			request := pygrpc.Message{"messages": count, "size": size, "bufferHint": gathered}
			for payload, err := range made.UnaryStream(ctx, "StreamPayloads", request) {
				if err != nil {
					return err
				}
				if payload["body"] != "" {
					received++
				}
			}
			return check(received, count)
		},
	}, err
}

// withStructs has messages as structs.
func withStructs() (client, error) {
	type hello struct {
		Name string `json:"name"`
	}
	type reply struct {
		Message string `json:"message"`
	}
	type payload struct {
		Body []byte `json:"body"`
	}
	made, err := newPygrpc()
	return client{
		call: func(ctx context.Context) error {
			var response reply
			if err := made.Invoke(ctx, "SayHello", hello{"you"}, &response); err != nil {
				return err
			}
			return check(response.Message, greeting)
		},
		stream: func(ctx context.Context, count int, gathered bool) error {
			received := 0
			request := pygrpc.Message{"messages": count, "size": size, "bufferHint": gathered}
			call, err := made.Call(ctx, "StreamPayloads", request)
			if err != nil {
				return err
			}
			defer call.Close()
			for each, err := range pygrpc.Responses[payload](call) {
				if err != nil {
					return err
				}
				if len(each.Body) == size {
					received++
				}
			}
			return check(received, count)
		},
	}, err
}

// withGRPC is grpc-go with generated code.
func withGRPC() (client, error) {
	connection, err := grpc.NewClient(os.Getenv("PYGRPC_TEST_TARGET"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	greeter := helloworldpb.NewGreeterClient(connection)
	test := testpb.NewTestClient(connection)
	return client{
		call: func(ctx context.Context) error {
			response, err := greeter.SayHello(ctx, &helloworldpb.HelloRequest{Name: "you"})
			if err != nil {
				return err
			}
			return check(response.Message, greeting)
		},
		stream: func(ctx context.Context, count int, gathered bool) error {
			request := &testpb.PayloadStreamRequest{
				Messages: int64(count), Size: size, BufferHint: gathered,
			}
			stream, err := test.StreamPayloads(ctx, request)
			if err != nil {
				return err
			}
			received := 0
			for range count {
				payload, err := stream.Recv()
				if err != nil {
					return err
				}
				if len(payload.Body) == size {
					received++
				}
			}
			return check(received, count)
		},
	}, err
}

var clients = map[string]func() (client, error){
	"pygrpc":         withPygrpc,
	"pygrpc.structs": withStructs,
	"grpc-go":        withGRPC,
}

// unary makes calls, so many at the same time.
func (c client) unary(ctx context.Context, count, tasks int) error {
	var group sync.WaitGroup
	failed := make(chan error, tasks)
	for task := range tasks {
		share := count / tasks
		if task < count%tasks {
			share++
		}
		group.Go(func() {
			for range share {
				if err := c.call(ctx); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}

func (c client) run(ctx context.Context, name string, count int) error {
	switch name {
	case "unary_1":
		return c.unary(ctx, count, 1)
	case "unary_64":
		return c.unary(ctx, count, inFlight)
	case "stream":
		return c.stream(ctx, count, false)
	case "burst":
		return c.stream(ctx, count, true)
	}
	return fmt.Errorf("there is no case %s", name)
}

func main() {
	measured, err := clients[os.Args[1]]()
	if err != nil {
		log.Fatal(err)
	}
	// As programs have it: a context that may end.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var name string
		var count int
		if _, err := fmt.Sscan(lines.Text(), &name, &count); err != nil {
			log.Fatal(err)
		}
		began := time.Now()
		if err := measured.run(ctx, name, count); err != nil {
			log.Fatal(err)
		}
		fmt.Println(time.Since(began).Seconds())
	}
}
