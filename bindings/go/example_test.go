// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

func ExampleClient_UnaryUnary() {
	ctx := context.Background()
	client, err := pygrpc.NewClient(testTarget())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.Load(ctx, "helloworld.proto"); err != nil {
		log.Fatal(err)
	}
	response, err := client.UnaryUnary(ctx, "SayHello", pygrpc.Message{"name": "you"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response["message"])
	// Output: Hello, you!
}

func ExampleClient_Invoke() {
	type helloRequest struct {
		Name string `json:"name"`
	}
	type helloReply struct {
		Message string `json:"message"`
	}
	client := testClient()
	defer client.Close()
	var reply helloReply
	if err := client.Invoke(context.Background(), "SayHello", helloRequest{"you"}, &reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.Message)
	// Output: Hello, you!
}

func ExampleClient_UnaryStream() {
	client := testClient()
	defer client.Close()
	request := pygrpc.Message{"name": "you"}
	for reply, err := range client.UnaryStream(context.Background(), "SayHelloStreamReply", request) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(reply["message"])
		break // cancels the call
	}
	// Output: Hello, you! (1/5)
}

func ExampleClient_StreamUnary() {
	type point struct {
		Latitude  int32 `json:"latitude"`
		Longitude int32 `json:"longitude"`
	}
	client := testClient()
	defer client.Close()
	points := []point{{1, 2}, {3, 4}, {5, 6}}
	summary, err := client.StreamUnary(context.Background(), "RecordRoute",
		pygrpc.From(slices.Values(points)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary["pointCount"])
	// Output: 3
}

func ExampleClient_Call() {
	client := testClient()
	defer client.Close()
	call, err := client.Call(context.Background(), "SayHelloBidiStream", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer call.Close()
	for _, name := range []string{"you", "me"} {
		if err := call.Write(pygrpc.Message{"name": name}); err != nil {
			log.Fatal(err)
		}
		reply, err := call.Read()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(reply["message"])
	}
	// Output:
	// Hello, you!
	// Hello, me!
}

func ExampleError() {
	client := testClient()
	defer client.Close()
	_, err := client.UnaryUnary(context.Background(), "ReturnStatus",
		pygrpc.Message{"code": 5, "message": "no such place"})
	var failed *pygrpc.Error
	if errors.Is(err, pygrpc.StatusNotFound) && errors.As(err, &failed) {
		status, _ := failed.RPCStatus()
		fmt.Println(status.Code, status.Message)
	}
	// Output: NOT_FOUND no such place
}
