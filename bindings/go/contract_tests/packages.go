// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const module = "github.com/pygrpc/pygrpc/bindings/go"

// binding is the folder of the binding.
var binding = os.Getenv("CONTRACT_BINDING")

// goTool runs the go command in a folder; its output.
func goTool(folder string, arguments ...string) (string, error) {
	command := exec.Command(os.Getenv("CONTRACT_GO"), arguments...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output), err
}

// program writes a program around some statements that use the package, into a module of its own.
func program(statements, requires string) (string, error) {
	folder, err := os.MkdirTemp("", "pygrpc-go-")
	if err != nil {
		return "", err
	}
	var imports strings.Builder
	for _, name := range []string{"context", "fmt", "log", "os"} {
		if strings.Contains(statements, name+".") {
			fmt.Fprintf(&imports, "\t%q\n", name)
		}
	}
	text := fmt.Sprintf("package main\n\nimport (\n%s\n\tpygrpc %q\n)\n\nfunc main() {\n%s}\n",
		imports.String(), module, statements)
	modules := fmt.Sprintf("module example\n\ngo 1.24\n\nrequire %s v0.0.0\n\nreplace %s => %s\n",
		module, module, requires)
	return folder, first(os.WriteFile(filepath.Join(folder, "main.go"), []byte(text), 0o600),
		os.WriteFile(filepath.Join(folder, "go.mod"), []byte(modules), 0o600))
}

// readmeProgram gives the first example of the README, and the first line that it says is printed.
func readmeProgram() (string, string, error) {
	readme, err := os.ReadFile(filepath.Join(binding, "README.md"))
	if err != nil {
		return "", "", err
	}
	blocks := regexp.MustCompile("(?s)```(go|text)\n(.*?)```").FindAllStringSubmatch(string(readme), 2)
	if len(blocks) != 2 || blocks[0][1] != "go" || blocks[1][1] != "text" {
		return "", "", fmt.Errorf("the README does not begin with an example and what it prints")
	}
	example := blocks[0][2]
	if lines := strings.Count(example, "\n"); lines > 15 {
		return "", "", fmt.Errorf("the example has %d lines", lines)
	}
	if !strings.Contains(example, "localhost:50051") {
		return "", "", fmt.Errorf("there is no localhost:50051 in the example")
	}
	return strings.ReplaceAll(example, "localhost:50051", target), blocks[1][2], nil
}

// readmeFolder makes that example a program; it gives its folder, which is to be removed, and what
// the program prints.
func readmeFolder(requires string) (folder, expected string, err error) {
	example, expected, err := readmeProgram()
	if err != nil {
		return "", "", err
	}
	folder, err = program(example, requires)
	return folder, expected, err
}

func readmeExample() error {
	folder, expected, err := readmeFolder(binding)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	output, err := goTool(folder, "run", ".")
	return first(err, expect("output", output, expected))
}

// types: the compiler has checked them; the rest is of vet, gofmt and staticcheck.
func types() error {
	folder, _, err := readmeFolder(binding)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	tests := filepath.Join(binding, "contract_tests")
	checker, err := goTool(tests, "tool", "-n", "staticcheck")
	if err != nil {
		return err
	}
	for _, each := range []string{binding, tests, folder} {
		if _, err := goTool(each, "vet", "./..."); err != nil {
			return err
		}
		command := exec.Command(strings.TrimSpace(checker), "-checks", "all,-ST1000", "./...")
		command.Dir = each
		// It asks for the go command by that name.
		command.Env = append(os.Environ(),
			"PATH="+filepath.Dir(os.Getenv("CONTRACT_GO"))+":"+os.Getenv("PATH"))
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("staticcheck in %s: %w\n%s", each, err, output)
		}
	}
	root, err := goTool(binding, "env", "GOROOT")
	if err != nil {
		return err
	}
	formatted, err := exec.Command(filepath.Join(strings.TrimSpace(root), "bin", "gofmt"), "-l", binding).
		CombinedOutput()
	return first(err, expect("what gofmt would change", string(formatted), ""))
}

// packaged builds the module from a copy, as it would come from a proxy, against an installation,
// and calls with nothing of the checkout at hand.
func packaged() error {
	folder, err := os.MkdirTemp("", "pygrpc-go-module-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	copied := filepath.Join(folder, "pygrpc")
	if err := os.Mkdir(copied, 0o700); err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(binding, "*"))
	if err != nil {
		return err
	}
	for _, source := range sources {
		if text, err := os.ReadFile(source); err == nil { // and no folder
			if err := os.WriteFile(filepath.Join(copied, filepath.Base(source)), text, 0o600); err != nil {
				return err
			}
		}
	}
	outside, expected, err := readmeFolder(copied)
	if err != nil {
		return err
	}
	defer os.RemoveAll(outside)
	if _, err := goTool(outside, "mod", "vendor"); err != nil {
		return err
	}
	if err := os.RemoveAll(copied); err != nil {
		return err
	}
	if _, err := goTool(outside, "build", "-mod=vendor", "-o", "example", "."); err != nil {
		return err
	}
	libraries, err := exec.Command("pkg-config", "--variable=libdir", "pygrpc").Output()
	if err != nil {
		return err
	}
	command := exec.Command("./example")
	command.Dir = outside
	command.Env = []string{
		"LD_LIBRARY_PATH=" + strings.TrimSpace(string(libraries)),
		"PYGRPC_PROTO_PATH=" + os.Getenv("PYGRPC_PROTO_PATH"),
	}
	output, err := command.CombinedOutput()
	return first(err, expect("output", string(output), expected))
}

// raceDetector runs the tests of the package under Go's race detector, and those of the contract
// that do much at the same time.
func raceDetector() error {
	if _, err := goTool(binding, "test", "-race", "-count=1", "./..."); err != nil {
		return err
	}
	contract := filepath.Join(os.Getenv("PYGRPC_BUILD"), "contract_tests_race")
	if _, err := goTool(filepath.Join(binding, "contract_tests"), "build", "-race", "-o", contract, "."); err != nil {
		return err
	}
	output, err := exec.Command(contract, "eight_threads", "async_calls", "ten_thousand_completions",
		"close_with_calls_in_flight", "requests_that_fail", "leave_early", "conversation",
		"server_ends_before_the_requests_both_ways").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}
