// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Command contract_tests runs the contract of bindings for Go and prints TAP; see
// bindings/README.md. With the name of a child it is a process that one of the tests has started.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

// test is a test of contract.json or one of our own. A skip says why it does not apply.
type test struct {
	run  func() error
	skip string
}

const (
	linked = "cgo links the library when the program is built; the dynamic linker finds it, or the " +
		"program does not start"
	cannotFork = "Go cannot fork without exec"
)

var tests = map[string]test{
	"library_from_path":          {skip: linked},
	"library_from_environment":   {skip: linked},
	"library_not_found":          {skip: linked},
	"library_is_another":         {skip: linked},
	"library_too_old":            {run: libraryTooOld},
	"library_loaded_locally":     {run: libraryLoadedOnce},
	"import_starts_nothing":      {run: importStartsNothing},
	"wrong_native_value":         {run: wrongNativeValue},
	"requests_are_lazy":          {run: requestsAreLazy},
	"requests_that_fail":         {run: requestsThatFail},
	"leave_early":                {run: leaveEarly},
	"cancel_from_elsewhere":      {run: cancelFromElsewhere},
	"cancel_natively":            {run: cancelNatively},
	"interrupt":                  {run: interrupt},
	"others_run_meanwhile":       {run: othersRunMeanwhile},
	"async_calls":                {run: asyncCalls},
	"ten_thousand_completions":   {run: tenThousandCompletions},
	"slow_consumer":              {run: slowConsumer},
	"native_error_types":         {run: nativeErrorTypes},
	"native_values":              {run: nativeValues},
	"invalid_utf8":               {run: invalidUTF8},
	"close_with_calls_in_flight": {run: closeWithCallsInFlight},
	"no_leak":                    {run: noLeak},
	"exit_with_open_stream":      {run: exitWithOpenStream},
	"load_then_fork":             {skip: cannotFork},
	"use_then_fork":              {skip: cannotFork},
	"eight_threads":              {run: eightThreads},
	"coexist_theirs_first":       {run: func() error { return coexist("theirs") }},
	"coexist_ours_first":         {run: func() error { return coexist("ours") }},
	"readme_example":             {run: readmeExample},
	"types":                      {run: types},
	"package":                    {run: packaged},
	"go_race":                    {run: raceDetector},
}

var (
	target     = os.Getenv("PYGRPC_TEST_TARGET")
	background = context.Background()
)

// files are what the default client has loaded.
var files = []string{
	"helloworld.proto", "route_guide.proto", "pygrpc_test/test.proto", "pygrpc_test/proto2.proto",
}

func newClient(options ...pygrpc.Options) (*pygrpc.Client, error) {
	client, err := pygrpc.NewClient(target, options...)
	if err != nil {
		return nil, err
	}
	for _, each := range files {
		if err := client.Load(background, each); err != nil {
			return nil, err
		}
	}
	return client, nil
}

// withClient runs a test with a client of its own.
func withClient(run func(*pygrpc.Client) error) error {
	client, err := newClient()
	if err != nil {
		return err
	}
	defer client.Close()
	return run(client)
}

// caught runs a test; a panic is an error of it.
func caught(run func() error) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		}
	}()
	return run()
}

// fastEnough tries what has a limit in time until it keeps it, up to ten times, for the machine may
// be busy.
func fastEnough(limit time.Duration, try func() (time.Duration, error)) error {
	var best time.Duration
	for attempt := range 10 {
		took, err := try()
		if err != nil {
			return err
		}
		if attempt == 0 || took < best {
			best = took
		}
		if best <= limit {
			return nil
		}
	}
	return fmt.Errorf("it took %v, more than %v", best, limit)
}

func expect(what string, found, expected any) error {
	if found != expected {
		return fmt.Errorf("%s: expected %v, found %v", what, expected, found)
	}
	return nil
}

// first gives the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

type tap struct {
	count  int
	failed bool
}

func (t *tap) report(name, skip string, err error) {
	t.count++
	switch {
	case skip != "":
		fmt.Printf("ok %d - %s # SKIP %s\n", t.count, name, skip)
	case err == nil:
		fmt.Printf("ok %d - %s\n", t.count, name)
	default:
		t.failed = true
		fmt.Printf("not ok %d - %s\n", t.count, name)
		for line := range strings.Lines(strings.TrimRight(err.Error(), "\n")) {
			fmt.Printf("# %s\n", strings.TrimRight(line, "\n"))
		}
	}
}

func namesOfTests() []string {
	var contract struct {
		Tests []struct{ Name string }
	}
	text, err := os.ReadFile(os.Getenv("PYGRPC_CONTRACT"))
	if err == nil {
		err = json.Unmarshal(text, &contract)
	}
	if err != nil {
		panic(err)
	}
	var names []string
	for _, each := range contract.Tests {
		names = append(names, each.Name)
	}
	for name := range tests {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func runAll(wanted []string) bool {
	var report tap
	isWanted := func(name string) bool { return len(wanted) == 0 || slices.Contains(wanted, name) }
	runner, err := newRunner()
	for _, each := range scenarios() {
		if isWanted(each.Name) {
			report.report(each.Name, "", first(err, caught(func() error { return runner.run(each) })))
		}
	}
	for _, name := range namesOfTests() {
		if !isWanted(name) {
			continue
		}
		each, ok := tests[name]
		switch {
		case !ok:
			report.report(name, "", fmt.Errorf("there is no such test for Go"))
		case each.skip != "":
			report.report(name, each.skip, nil)
		default:
			report.report(name, "", caught(each.run))
		}
	}
	fmt.Printf("1..%d\n", report.count)
	return !report.failed
}

func main() {
	if child, ok := children[os.Getenv("CONTRACT_CHILD")]; ok {
		time.AfterFunc(5*time.Minute, func() { panic("this process is not to live so long") })
		if err := child(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if !runAll(os.Args[1:]) {
		os.Exit(1)
	}
}
