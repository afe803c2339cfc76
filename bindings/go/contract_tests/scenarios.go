// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"time"

	pygrpc "github.com/pygrpc/pygrpc/bindings/go"
)

// scenario is one of bindings/scenarios.json; bindings/README.md says what its keys mean.
type scenario struct {
	Name        string
	Client      map[string]any
	Target      json.RawMessage
	Load        []any
	Action      string
	Method      string
	Request     any
	Requests    []any
	RepeatLast  bool `json:"repeat_last"`
	Options     map[string]any
	LeaveAfter  int  `json:"leave_after"`
	CancelAfter *int `json:"cancel_after"`
	CloseFirst  bool `json:"close_first"`
	Expect      map[string]any
}

// outcome is what an action has come to.
type outcome struct {
	responses         []any
	headers, trailers any
	err               error
	took              time.Duration
}

// absent stands for a key that is not there.
type absent struct{}

func scenarios() []scenario {
	file, err := os.Open(os.Getenv("PYGRPC_SCENARIOS"))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	var listed []scenario
	if err := decoder.Decode(&listed); err != nil {
		panic(err)
	}
	return listed
}

// special gives the key and the content of an object that stands for a native value.
func special(value any) (string, any) {
	object, _ := value.(map[string]any)
	for key, content := range object {
		if len(object) == 1 && strings.HasPrefix(key, "$") {
			return key, content
		}
	}
	return "", nil
}

func repeated(content any) string {
	parts := content.([]any)
	times, _ := parts[1].(json.Number).Int64()
	return strings.Repeat(parts[0].(string), int(times))
}

func fromBase64(text any) []byte {
	decoded, err := base64.StdEncoding.DecodeString(text.(string))
	if err != nil {
		panic(err)
	}
	return decoded
}

// native gives a value of the file as Go has it.
func native(value any) any {
	switch key, content := special(value); key {
	case "$bytes":
		return fromBase64(content)
	case "$int":
		if number, err := strconv.ParseInt(content.(string), 10, 64); err == nil {
			return number
		}
		number, _ := strconv.ParseUint(content.(string), 10, 64)
		return number
	case "$float":
		number, _ := strconv.ParseFloat(content.(string), 64)
		return number
	case "$repeat":
		return repeated(content)
	}
	switch value := value.(type) {
	case []any:
		made := make([]any, len(value))
		for at, each := range value {
			made[at] = native(each)
		}
		return made
	case map[string]any:
		made := map[string]any{}
		for key, each := range value {
			made[key] = native(each)
		}
		return made
	}
	return value
}

func optionsOf(value map[string]any) pygrpc.Options {
	made, _ := native(value).(map[string]any)
	if made == nil {
		made = map[string]any{}
	}
	return made
}

// ---- Comparing

func matchesSpecial(key string, content, found any) bool {
	_, isAbsent := found.(absent)
	switch key {
	case "$any":
		return !isAbsent
	case "$absent":
		return isAbsent
	case "$bytes":
		raw, ok := found.([]byte)
		return ok && bytes.Equal(raw, fromBase64(content)) || found == content
	case "$int":
		return fmt.Sprint(found) == content
	case "$float":
		expected, _ := strconv.ParseFloat(content.(string), 64)
		if number, ok := found.(json.Number); ok {
			value, err := number.Float64()
			return err == nil && value == expected && math.Signbit(value) == math.Signbit(expected)
		}
		return found == content
	case "$repeat":
		return found == repeated(content)
	}
	return false
}

func matches(expected, found any) bool {
	if key, content := special(expected); key != "" {
		return matchesSpecial(key, content, found)
	}
	switch expected := expected.(type) {
	case map[string]any:
		object, ok := found.(map[string]any)
		if !ok {
			return false
		}
		for key, each := range expected {
			value, ok := object[key]
			if !ok {
				value = absent{}
			}
			if !matches(each, value) {
				return false
			}
		}
		return true
	case []any:
		array, ok := found.([]any)
		if !ok || len(array) != len(expected) {
			return false
		}
		for at, each := range expected {
			if !matches(each, array[at]) {
				return false
			}
		}
		return true
	case json.Number:
		return equalNumbers(expected.String(), fmt.Sprint(found))
	}
	return found == expected
}

func equalNumbers(one, other string) bool {
	first, ok := new(big.Rat).SetString(one)
	second, also := new(big.Rat).SetString(other)
	return ok && also && first.Cmp(second) == 0
}

// metadataValue gives metadata in the form of the scenarios.
func metadataValue(metadata pygrpc.Metadata) any {
	made := map[string]any{}
	for key, values := range metadata {
		var listed []any
		for _, value := range values {
			if strings.HasSuffix(key, "-bin") {
				listed = append(listed, []byte(value))
			} else {
				listed = append(listed, value)
			}
		}
		made[key] = listed
	}
	return made
}

func (o *outcome) found(key string) any {
	var known *pygrpc.Error
	errors.As(o.err, &known)
	switch key {
	case "response":
		if len(o.responses) == 1 {
			return o.responses[0]
		}
		return absent{}
	case "responses":
		return append([]any{}, o.responses...)
	case "count":
		return len(o.responses)
	case "headers":
		return o.headers
	case "trailers":
		return o.trailers
	}
	if known == nil {
		return o.err
	}
	status, _ := known.RPCStatus()
	switch key {
	case "error":
		return known.Code.String()
	case "status":
		return status.Code.String()
	case "status_message":
		return status.Message
	case "details":
		return status.Details
	case "error_trailers":
		return metadataValue(status.Trailers)
	case "info":
		return known.Info()
	}
	return absent{}
}

func (o *outcome) compare(wanted map[string]any) error {
	if _, expected := wanted["error"]; !expected && o.err != nil {
		return o.err
	}
	for key, value := range wanted {
		switch key {
		case "cancelled": // asked of the server
		case "message":
			for _, part := range value.([]any) {
				if o.err == nil || !strings.Contains(o.err.Error(), part.(string)) {
					return fmt.Errorf("%q is not in the message %q", part, fmt.Sprint(o.err))
				}
			}
		case "at_least_ms", "at_most_ms":
			limit, _ := value.(json.Number).Int64()
			took := o.took.Milliseconds()
			if key == "at_least_ms" && took < limit || key == "at_most_ms" && took > limit {
				return fmt.Errorf("%s %d: it took %d ms", key, limit, took)
			}
		default:
			if found := o.found(key); !matches(value, found) {
				text, _ := json.Marshal(value)
				return fmt.Errorf("%s: expected %s, found %v", key, shortened(string(text)),
					shortened(fmt.Sprintf("%#v", found)))
			}
		}
	}
	return nil
}

func shortened(text string) string {
	if len(text) > 500 {
		return text[:500] + "..."
	}
	return text
}

// ---- Acting

type runner struct{ client *pygrpc.Client }

func newRunner() (*runner, error) {
	client, err := newClient()
	return &runner{client}, err
}

func (r *runner) run(each scenario) error {
	var came outcome
	options := optionsOf(each.Options)
	tag := newTag()
	_, cancelled := each.Expect["cancelled"]
	if cancelled {
		metadata, _ := options["metadata"].(map[string]any)
		metadata = maps.Clone(metadata)
		if metadata == nil {
			metadata = map[string]any{}
		}
		metadata["x-call-tag"] = tag
		options["metadata"] = metadata
	}
	began := time.Now()
	came.err = r.act(each, options, &came)
	came.took = time.Since(began)
	if err := came.compare(each.Expect); err != nil || !cancelled {
		return err
	}
	return expectCancelled(r.client, tag)
}

func (r *runner) act(each scenario, options pygrpc.Options, came *outcome) error {
	if each.Client == nil && each.Target == nil && each.Load == nil {
		return act(r.client, each, options, came)
	}
	client, err := r.clientOf(each)
	if err != nil || each.Action == "new_client" {
		return err
	}
	defer client.Close()
	var loadOptions pygrpc.Options
	if each.Action == "load" {
		loadOptions = options
		closeTwiceIf(each.CloseFirst, client)
	}
	for _, source := range each.Load {
		if err := load(client, source, loadOptions); err != nil {
			return err
		}
	}
	if each.Action == "load" {
		return nil
	}
	if each.Load == nil {
		if err := client.LoadClient(r.client); err != nil {
			return err
		}
	}
	closeTwiceIf(each.CloseFirst, client)
	return act(client, each, options, came)
}

func (r *runner) clientOf(each scenario) (*pygrpc.Client, error) {
	options := optionsOf(each.Client)
	switch string(each.Target) {
	case "null":
		return pygrpc.NewSchemaClient(options)
	case "":
		return pygrpc.NewClient(target, options)
	}
	var own string
	if err := json.Unmarshal(each.Target, &own); err != nil {
		return nil, err
	}
	return pygrpc.NewClient(own, options)
}

func closeTwiceIf(wanted bool, client *pygrpc.Client) {
	if wanted {
		client.Close()
		client.Close()
	}
}

func load(client *pygrpc.Client, source any, options pygrpc.Options) error {
	if name, ok := source.(string); ok {
		return client.Load(background, name, options)
	}
	object := source.(map[string]any)
	if set, ok := object["descriptor_set"]; ok {
		return client.LoadDescriptorSet(native(set).([]byte))
	}
	return client.LoadProto(object["proto"].(string), object["text"].(string))
}

// requestsOf gives the requests of a method that streams them, or nil.
func requestsOf(each scenario) iter.Seq2[any, error] {
	if each.Requests == nil {
		return nil
	}
	return func(yield func(any, error) bool) {
		var request any
		for _, listed := range each.Requests {
			if request = native(listed); !yield(request, nil) {
				return
			}
		}
		for each.RepeatLast && yield(request, nil) {
		}
	}
}

// isBinary says whether messages are in the wire format, for which Go has other functions.
func isBinary(each scenario) bool {
	return each.Options["codec"] == "binary" || each.Client["codec"] == "binary"
}

func act(client *pygrpc.Client, each scenario, options pygrpc.Options, came *outcome) error {
	request, requests := native(each.Request), requestsOf(each)
	var either any = request
	if requests != nil {
		either = requests
	}
	keep := func(response any, err error) error {
		if err == nil {
			came.responses = append(came.responses, response)
		}
		return err
	}
	switch each.Action {
	case "json_to_binary":
		wire, err := client.JSONToBinary(each.Method, request, options)
		return keep(wire, err)
	case "binary_to_json":
		message, err := client.BinaryToJSON(each.Method, request.([]byte), options)
		return keep(message, err)
	case "cardinality":
		cardinality, err := client.Cardinality(background, each.Method)
		return keep(cardinality.String(), err)
	case "unary_unary":
		if isBinary(each) {
			var wire []byte
			err := client.Invoke(background, each.Method, request, &wire, options)
			return keep(wire, err)
		}
		// A wrapper's JSON is no object; so not into a Message.
		var response any
		err := client.Invoke(background, each.Method, request, &response, options)
		return keep(response, err)
	case "stream_unary":
		response, err := client.StreamUnary(background, each.Method, requests, options)
		return keep(response, err)
	case "request":
		return came.iterate(client.Request(background, each.Method, either, options), each, nil)
	case "conversation":
		return came.converse(client, each, options)
	case "unary_stream", "stream_stream":
		if each.CancelAfter == nil && !isBinary(each) {
			if requests != nil {
				return came.iterate(client.StreamStream(background, each.Method, requests, options), each,
					nil)
			}
			return came.iterate(client.UnaryStream(background, each.Method, request, options), each, nil)
		}
	}
	return came.call(client, each, either, options)
}

func (o *outcome) iterate(
	responses iter.Seq2[pygrpc.Message, error], each scenario, call *pygrpc.Call,
) error {
	for response, err := range responses {
		if err != nil {
			return err
		}
		o.responses = append(o.responses, response)
		if len(o.responses) == each.LeaveAfter {
			break
		}
		if each.CancelAfter != nil && len(o.responses) == *each.CancelAfter {
			call.Cancel()
		}
	}
	return nil
}

func (o *outcome) call(
	client *pygrpc.Client, each scenario, request any, options pygrpc.Options,
) error {
	call, err := client.Call(background, each.Method, request, options)
	if err != nil {
		return err
	}
	defer call.Close()
	if isBinary(each) {
		for wire, err := range pygrpc.Responses[[]byte](call) {
			if err != nil {
				return err
			}
			o.responses = append(o.responses, wire)
		}
		return nil
	}
	if each.CancelAfter != nil && *each.CancelAfter == 0 {
		call.Cancel()
	} else if each.Action == "call" {
		headers, err := call.Headers()
		if err != nil {
			return err
		}
		o.headers = metadataValue(headers)
	}
	if err := o.iterate(call.Responses(), each, call); err != nil || each.Action != "call" {
		return err
	}
	trailers, err := call.Trailers()
	o.trailers = metadataValue(trailers)
	return err
}

func (o *outcome) converse(
	client *pygrpc.Client, each scenario, options pygrpc.Options,
) error {
	call, err := client.Call(background, each.Method, nil, options)
	if err != nil {
		return err
	}
	defer call.Close()
	for request := range requestsOf(each) {
		if err := call.Write(request); err != nil {
			return err
		}
		response, err := call.Read()
		if err != nil {
			return err
		}
		o.responses = append(o.responses, response)
	}
	if err := call.HalfClose(); err != nil {
		return err
	}
	for {
		response, err := call.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		o.responses = append(o.responses, response)
	}
}
