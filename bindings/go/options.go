// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Options are options of a client, a call or of loading, by their names; docs/options.md lists them,
// and OptionsJSON. An unknown one is an error. Durations may be time.Durations, and values of
// metadata whose key ends in "-bin" may be []byte.
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
	text, err := appendObject(nil, all, 0)
	if err != nil {
		path := strings.TrimPrefix(err.path, ".")
		return nil, newError(CodeOption, fmt.Sprintf("option %s: %s", path, err.what))
	}
	return append(text, 0), nil
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
