// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// What errors are compared with, by errors.Is. Any ErrorCode and any Status will do as well:
// errors.Is(err, pygrpc.StatusNotFound).
var (
	ErrClosed      error = CodeClosed      // the client was closed
	ErrCardinality error = CodeCardinality // the method streams where the call does not, or the reverse
	ErrNotFound    error = CodeNotFound    // no such method or type in the schema
	ErrSchema      error = CodeSchema      // a schema that cannot be loaded
	ErrStatus      error = CodeStatus      // the RPC ended with a status other than OK
)

// String gives the name of the code in pygrpc.h, "E_NOT_FOUND".
func (c ErrorCode) String() string {
	if name, ok := errorCodeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("ErrorCode(%d)", int32(c))
}

// Error makes a code an error that errors.Is compares with.
func (c ErrorCode) Error() string { return c.String() }

// String gives the name of the status in gRPC, "NOT_FOUND".
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("Status(%d)", int32(s))
}

// Error makes a status an error that errors.Is compares with.
func (s Status) Error() string { return s.String() }

// Error is every error of this package. errors.Is matches it with its ErrorCode, its Status, and,
// where an RPC was cancelled or its deadline has passed, with context.Canceled or
// context.DeadlineExceeded, and with the cause that the context gives.
type Error struct {
	// Code says what kind of failure it is.
	Code ErrorCode
	// Message is one line that says what is wrong, where, and what instead.
	Message string

	status Status
	json   string
	cause  error
}

// RPCStatus is how an RPC ended.
type RPCStatus struct {
	Code     Status
	Message  string   // as the server gave it
	Details  []any    // those of google.rpc.Status, decoded
	Headers  Metadata // of the server
	Trailers Metadata
}

// Error gives the message.
func (e *Error) Error() string { return "pygrpc: " + e.Message }

// Is compares the error with an ErrorCode, a Status, or an error of package context.
func (e *Error) Is(target error) bool {
	switch target := target.(type) {
	case ErrorCode:
		return e.Code == target
	case Status:
		return e.Code == CodeStatus && e.status == target
	}
	switch target {
	case context.Canceled:
		return e.Code == CodeStatus && e.status == StatusCancelled
	case context.DeadlineExceeded:
		return e.Code == CodeStatus && e.status == StatusDeadlineExceeded
	}
	return false
}

// Unwrap gives the cause of the cancellation, as the context knows it.
func (e *Error) Unwrap() error { return e.cause }

// Timeout says whether a deadline has passed, as package net has it.
func (e *Error) Timeout() bool { return e.Code == CodeStatus && e.status == StatusDeadlineExceeded }

// Info gives all that is known of the error, under the names of pygrpc_error_json(): method, path,
// locations, searched, candidates, near, retriable and others.
func (e *Error) Info() Message {
	known, err := decodeMessage([]byte(e.json))
	if err != nil {
		return Message{}
	}
	return known
}

// RPCStatus gives how the RPC ended, and whether the error is one of an RPC's end.
func (e *Error) RPCStatus() (RPCStatus, bool) {
	if e.Code != CodeStatus {
		return RPCStatus{}, false
	}
	known := e.Info()
	result := RPCStatus{Code: e.status}
	result.Message, _ = known["statusMessage"].(string)
	result.Details, _ = known["details"].([]any)
	result.Headers = metadataOf(known["headers"])
	result.Trailers = metadataOf(known["trailers"])
	return result, true
}

// StatusOf gives the status of an RPC that came to this error: OK for nil, and Unknown for an error
// that is none of an RPC's end.
func StatusOf(err error) Status {
	if err == nil {
		return StatusOK
	}
	var found *Error
	if errors.As(err, &found) && found.Code == CodeStatus {
		return found.status
	}
	return StatusUnknown
}

// newError makes an error of the binding itself.
func newError(code ErrorCode, message string) *Error {
	info, _ := json.Marshal(map[string]any{
		"code": int32(code), "name": code.String(), "message": message,
	})
	return &Error{Code: code, Message: message, status: -1, json: string(info)}
}

func closedError() *Error { return newError(CodeClosed, "the client is closed") }

// contextError is the error of an RPC whose context has ended.
func contextError(ctx context.Context, method string) *Error {
	status, message := StatusCancelled, "the context was cancelled"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		status, message = StatusDeadlineExceeded, "the deadline of the context has passed"
	}
	full := fmt.Sprintf("%s: %s: %s", method, status, message)
	info, _ := json.Marshal(map[string]any{
		"code": int32(CodeStatus), "name": CodeStatus.String(), "message": full,
		"status": int32(status), "statusName": status.String(), "statusMessage": message,
	})
	return &Error{
		Code: CodeStatus, Message: full, status: status, json: string(info), cause: context.Cause(ctx),
	}
}

// inContext is the error of an RPC, where its context may be what has ended it.
func inContext(ctx context.Context, method string, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if found, ok := err.(*Error); ok && found.Code == CodeStatus {
		switch found.status {
		case StatusCancelled:
			return contextError(ctx, method)
		case StatusDeadlineExceeded:
			found.cause = context.Cause(ctx)
		}
	}
	return err
}
