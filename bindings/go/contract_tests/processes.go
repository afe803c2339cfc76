// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

// children are what processes of their own do.
var children = map[string]func(arguments []string) error{
	"greet":     func([]string) error { return greet() },
	"nothing":   func([]string) error { return printThreads() },
	"interrupt": func(arguments []string) error { return waitForInterrupt(arguments[0], arguments[1]) },
	"leak":      func([]string) error { return leak() },
	"exit":      func(arguments []string) error { return exitBusy(arguments[0]) },
	"coexist":   func(arguments []string) error { return coexistHere(arguments[0]) },
}

// childCommand makes a process of this program; extra are variables of its environment.
func childCommand(name string, arguments []string, extra ...string) *exec.Cmd {
	command := exec.Command(os.Args[0], arguments...)
	command.Env = append(append(os.Environ(), extra...), "CONTRACT_CHILD="+name)
	return command
}

// runChild runs a child to its end; its output and what it said on stderr.
func runChild(command *exec.Cmd) (string, string, error) {
	var output, errs bytes.Buffer
	command.Stdout, command.Stderr = &output, &errs
	err := command.Run()
	return output.String(), errs.String(), err
}

// childGives runs a child that is to succeed, and gives its output.
func childGives(name string, arguments ...string) (string, error) {
	output, errs, err := runChild(childCommand(name, arguments))
	if err != nil {
		err = fmt.Errorf("%s %v: %w\n%s%s", name, arguments, err, output, errs)
	}
	return output, err
}

func greet() error {
	return withClient(func(client *pygrpc.Client) error {
		response, err := client.UnaryUnary(background, "SayHello", pygrpc.Message{"name": "you"})
		fmt.Println(response["message"])
		return err
	})
}

// ---- 1, 2, 3: the library

func libraryTooOld() error {
	// Its functions come before those of the library that the program is linked with.
	old := "LD_PRELOAD=" + os.Getenv("PYGRPC_OLD_LIBRARY")
	output, errs, err := runChild(childCommand("greet", nil, old))
	if err == nil {
		return fmt.Errorf("a library of ABI version 0 was taken: %s", output)
	}
	if !strings.Contains(errs, "ABI version 0") || !strings.Contains(errs, "needs 1") {
		return fmt.Errorf("the versions are not in %q", errs)
	}
	return nil
}

func libraryLoadedOnce() error {
	if err := withClient(func(client *pygrpc.Client) error {
		_, err := client.UnaryUnary(background, "SayHello", nil)
		return err
	}); err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if name := fields[len(fields)-1]; strings.Contains(name, "libpygrpc") {
			found[name] = true
		}
	}
	return expect("libraries", len(found), 1)
}

// printThreads prints how many threads the process has that are not Go's own.
func printThreads() error {
	tasks, err := filepath.Glob("/proc/self/task/*/comm")
	if err != nil {
		return err
	}
	own, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return err
	}
	others := 0
	for _, task := range tasks {
		if name, err := os.ReadFile(task); err == nil && string(name) != string(own) {
			others++
		}
	}
	_, err = fmt.Println(others)
	return err
}

func importStartsNothing() error {
	output, err := childGives("nothing")
	return first(err, expect("threads of others", output, "0\n"))
}

// ---- 12: signals

func interrupt() error { return withClient(interrupted) }

func interrupted(client *pygrpc.Client) error {
	for _, what := range []string{"unary", "read", "headers", "write"} {
		err := fastEnough(200*time.Millisecond, func() (time.Duration, error) {
			tag := newTag()
			command := childCommand("interrupt", []string{what, tag})
			command.Stderr = os.Stderr
			output, err := command.StdoutPipe()
			if err == nil {
				err = command.Start()
			}
			if err != nil {
				return 0, err
			}
			defer command.Wait()
			lines := bufio.NewScanner(output)
			next := func(expected string) error {
				if !lines.Scan() || lines.Text() != expected {
					command.Process.Kill()
					return fmt.Errorf("%s: expected %q, found %q", what, expected, lines.Text())
				}
				return nil
			}
			if err := first(next("waiting"), expectStarted(client, tag, 1)); err != nil {
				return 0, err
			}
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			command.Process.Signal(syscall.SIGINT)
			err = next("interrupted")
			return time.Since(began), first(err, next("usable"))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func waitForInterrupt(what, tag string) error {
	ctx, stop := signal.NotifyContext(background, os.Interrupt)
	defer stop()
	return withClient(func(client *pygrpc.Client) error {
		started := func(method string, request any) *pygrpc.Call {
			call, err := client.Call(ctx, method, request, tagged(tag))
			if err != nil {
				panic(err)
			}
			fmt.Println("waiting")
			return call
		}
		var err error
		switch what {
		case "unary":
			fmt.Println("waiting")
			_, err = client.UnaryUnary(ctx, "NeverAnswer", nil, tagged(tag), pygrpc.Options{"timeout": 300})
		case "read":
			_, err = started("CountForever", counting("3600s")).Read()
		case "headers":
			_, err = started("NeverAnswer", nil).Headers()
		case "write":
			call := started("NeverRead", nil)
			for err == nil {
				err = call.Write(pygrpc.Message{"body": make([]byte, 1<<20)})
			}
			if err == io.EOF {
				_, err = call.Read()
			}
		}
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s ended with %v", what, err)
		}
		fmt.Println("interrupted")
		if _, err := client.UnaryUnary(background, "SayHello", nil); err != nil {
			return err
		}
		_, err = fmt.Println("usable")
		return err
	})
}

// ---- 20: leaks and the end

// residentMemory is in bytes.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func openFiles() int {
	listed, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return len(listed)
}

func noLeak() error {
	_, err := childGives("leak")
	return err
}

func leak() error {
	client, err := newClient()
	if err != nil {
		return err
	}
	run := func(calls, streams int) error {
		for at := range calls {
			if _, err := client.UnaryUnary(background, "SayHello", pygrpc.Message{"name": "you"}); err != nil {
				return err
			}
			if at%(calls/streams) == 0 { // left early, and not closed
				call, err := client.Call(background, "CountForever", counting("3600s"))
				if err != nil {
					return err
				}
				_ = call.Cardinality()
			}
			if at%500 == 0 {
				runtime.GC()
			}
		}
		runtime.GC()
		time.Sleep(200 * time.Millisecond)
		return nil
	}
	if err := run(2000, 200); err != nil {
		return err
	}
	memory, fds := residentMemory(), openFiles()
	if err := run(8000, 800); err != nil {
		return err
	}
	if grown := residentMemory() - memory; grown >= 20<<20 {
		return fmt.Errorf("memory grew by %d KiB", grown>>10)
	}
	if grown := openFiles() - fds; grown >= 10 {
		return fmt.Errorf("%d more files are open", grown)
	}
	return nil
}

func exitWithOpenStream() error {
	for _, what := range []string{"open", "read", "write"} {
		err := fastEnough(2*time.Second, func() (time.Duration, error) {
			command := childCommand("exit", []string{what})
			var errs bytes.Buffer
			command.Stderr = &errs
			output, err := command.StdoutPipe()
			if err == nil {
				err = command.Start()
			}
			if err != nil {
				return 0, err
			}
			line, _ := bufio.NewReader(output).ReadString('\n')
			began := time.Now()
			err = command.Wait()
			return time.Since(began), first(expect("output", line, "ending\n"), err,
				expect("stderr", errs.String(), ""))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func exitBusy(what string) error {
	client, err := newClient()
	if err != nil {
		return err
	}
	for range 6 { // direct ones and others
		method, request := "CountForever", any(counting("3600s"))
		if what == "write" {
			method, request = "NeverRead", nil
		}
		call, err := client.Call(background, method, request)
		if err != nil {
			return err
		}
		switch what {
		case "read":
			go call.Read()
		case "write":
			go func() {
				for call.Write(pygrpc.Message{"body": make([]byte, 1<<20)}) == nil {
				}
			}()
		}
	}
	time.Sleep(200 * time.Millisecond)
	_, err = fmt.Println("ending")
	return err
}

// ---- 23: beside grpc-go

func coexist(first string) error {
	output, err := childGives("coexist", first)
	if err != nil {
		return err
	}
	return expect("output", output, "all three\n")
}

func coexistHere(whose string) error {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	theirs := func() error {
		response, err := grpc_health_v1.NewHealthClient(connection).Check(background,
			&grpc_health_v1.HealthCheckRequest{Service: "helloworld.Greeter"})
		if err != nil {
			return err
		}
		return expect("grpc-go's health", response.Status.String(), "SERVING")
	}
	ours := func() error {
		return withClient(func(client *pygrpc.Client) error {
			status, err := client.Health(background, "helloworld.Greeter")
			return first(err, expect("our health", status, "SERVING"), fourKinds(client, "you"))
		})
	}
	calls := []func() error{theirs, ours, theirs}
	if whose == "ours" {
		calls = []func() error{ours, theirs, ours}
	}
	for _, call := range calls {
		if err := call(); err != nil {
			return err
		}
	}
	_, err = fmt.Println("all three")
	return err
}
