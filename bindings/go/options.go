// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
)

// Options are options of a client, a call or of loading, by their names; docs/options.md lists them,
// and OptionsJSON. An unknown one is an error. Durations may be time.Durations. The option metadata
// takes a Metadata, an http.Header or any other map of texts, []byte or lists of them; the values of
// a key that ends in "-bin" are the bytes themselves, also where they are a string, as in the
// Metadata that a call gives.
type Options map[string]any

// encodedOptions is a JSON object with a NUL behind it, or nil for no options.
type encodedOptions []byte

// encodeOptions joins options, of which the later ones count, and gives them to C.
func encodeOptions(listed []Options) (encodedOptions, error) {
	var all Options
	switch len(listed) {
	case 0:
	case 1:
		all = listed[0]
	default:
		all = Options{}
		for _, each := range listed {
			maps.Copy(all, each)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	if metadata, ok := all["metadata"]; ok {
		all = maps.Clone(all) // the caller's own stay as they are
		all["metadata"] = encodableMetadata(metadata)
	}
	text, err := appendObject(nil, all, 0)
	if err != nil {
		err = explained(err, map[string]any(all))
		path := strings.TrimPrefix(err.path, ".")
		return nil, newError(CodeOption, fmt.Sprintf("option %s: %s", path, err.what))
	}
	return append(text, 0), nil
}

// encodableMetadata gives a map of metadata with bytes where the library takes base64 and texts where
// it takes these, whatever the map held them as. What is no metadata stays, for the library to tell.
func encodableMetadata(given any) any {
	value := reflect.ValueOf(given)
	if value.Kind() != reflect.Map || value.IsNil() || value.Type().Key().Kind() != reflect.String {
		return given
	}
	made := make(map[string]any, value.Len())
	for entries := value.MapRange(); entries.Next(); {
		key := entries.Key().String()
		made[key] = encodableValues(entries.Value(), strings.HasSuffix(strings.ToLower(key), "-bin"))
	}
	return made
}

// encodableValues gives the value of one key of metadata, or the list of them.
func encodableValues(value reflect.Value, binary bool) any {
	if value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	switch kind := value.Kind(); {
	case kind == reflect.String && binary:
		return []byte(value.String())
	case kind == reflect.String:
		return value.String()
	case kind == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8 && binary:
		return orEmpty(value.Bytes())
	case kind == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8:
		return string(value.Bytes())
	case kind == reflect.Slice || kind == reflect.Array:
		listed := make([]any, value.Len())
		for at := range listed {
			listed[at] = encodableValues(value.Index(at), binary)
		}
		return listed
	case !value.IsValid():
		return nil
	}
	return value.Interface()
}

// last gives the value of an option where it is given last.
func last(listed []Options, name string) (any, bool) {
	for at := len(listed) - 1; at >= 0; at-- {
		if value, ok := listed[at][name]; ok {
			return value, true
		}
	}
	return nil, false
}

// callOptions are the options of one call.
type callOptions struct {
	encoded encodedOptions
	binary  bool // messages are in protobuf's wire format
}

// forCall gives the options of a call. The deadline of its context becomes the option timeout, so
// that the server knows it too, unless a timeout is given.
func (c *Client) forCall(ctx context.Context, listed []Options) (callOptions, error) {
	made := callOptions{binary: c.binary}
	if codec, ok := last(listed, "codec"); ok {
		made.binary = codec == "binary"
	}
	if deadline, ok := ctx.Deadline(); ok && !c.hasTimeout {
		if _, given := last(listed, "timeout"); !given {
			listed = append(listed[:len(listed):len(listed)], timeoutUntil(deadline))
		}
	}
	var err error
	made.encoded, err = encodeOptions(listed)
	return made, err
}

// longestTimeout is the most that the option takes.
const longestTimeout = 365 * 24 * time.Hour

// timeoutUntil gives a deadline as the option timeout.
func timeoutUntil(deadline time.Time) Options {
	left := time.Until(deadline)
	if left > longestTimeout {
		return Options{"timeout": "none"}
	}
	return Options{"timeout": max(left.Round(time.Millisecond), time.Millisecond)}
}
