// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

/*
#cgo pkg-config: pygrpc

// None of these calls Go, and all copy what they are given before they return.
#cgo nocallback pygrpc_client_new
#cgo nocallback pygrpc_stream_open
#cgo nocallback pygrpc_stream_read
#cgo nocallback pygrpc_stream_write
#cgo nocallback pygrpc_stream_read_async
#cgo nocallback pygrpc_stream_write_async
#cgo nocallback pygrpc_stream_cancel
#cgo nocallback pygrpc_stream_free
#cgo nocallback pygrpc_free
#cgo nocallback go_pygrpc_poll
#cgo nocallback go_pygrpc_free_events
#cgo noescape pygrpc_stream_open
#cgo noescape pygrpc_stream_read
#cgo noescape pygrpc_stream_write
#cgo noescape pygrpc_stream_read_async
#cgo noescape pygrpc_stream_write_async
#cgo noescape go_pygrpc_poll
#cgo noescape go_pygrpc_free_events

#include <pygrpc.h>

#define GO_PYGRPC_EVENTS 64

// What is to be known of an event.
typedef struct {
  uint64_t tag;
  const char *message;
  size_t size;
  const pygrpc_error *error;
  int32_t code;
} go_pygrpc_event;

typedef struct {
  pygrpc_event *handles[GO_PYGRPC_EVENTS];
  go_pygrpc_event events[GO_PYGRPC_EVENTS];
  size_t count;
} go_pygrpc_batch;

// Polls, and reads the events: one way into C for many of them.
static int32_t go_pygrpc_poll(pygrpc_queue *queue, go_pygrpc_batch *batch) {
  int32_t code =
      pygrpc_queue_poll(queue, -1, batch->handles, GO_PYGRPC_EVENTS, &batch->count, NULL);
  if (code != PYGRPC_OK) batch->count = 0;
  for (size_t i = 0; i < batch->count; ++i) {
    go_pygrpc_event *event = &batch->events[i];
    event->tag = pygrpc_event_tag(batch->handles[i]);
    event->code = pygrpc_event_code(batch->handles[i]);
    event->message = pygrpc_event_message(batch->handles[i], &event->size);
    event->error = pygrpc_event_error(batch->handles[i]);
  }
  return code;
}

static void go_pygrpc_free_events(go_pygrpc_batch *batch) {
  for (size_t i = 0; i < batch->count; ++i) pygrpc_event_free(batch->handles[i]);
  batch->count = 0;
}
*/
import "C"

import (
	"fmt"
	"strings"
	"sync"
	"unsafe"
)

// This file is the only one that knows C. A cgo pointer type is of this package alone, so the rest
// of it holds unsafe.Pointers to handles.

// checkLibrary compares the library that the program was started with, with the one that the
// binding was written for.
var checkLibrary = sync.OnceValue(func() error {
	if found := int32(C.pygrpc_abi_version()); found < abiVersion {
		return newError(CodeInternal, fmt.Sprintf(
			"the library libpygrpc serves ABI version %d, and this package needs %d or later; "+
				"install a newer libpygrpc", found, abiVersion))
	}
	return nil
})

// Version gives the version of the library, "0.1.0".
func Version() string { return C.GoString(C.pygrpc_version()) }

// OptionsJSON lists all options as a JSON object: those of clients, of calls, and of loading.
func OptionsJSON() ([]byte, error) {
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_options_json(&text, &size, &fault)
	return taken(code, text, size, fault)
}

// terminated gives a name to C: with a NUL behind it, and none in it.
func terminated(what, name string) (*C.char, error) {
	if strings.IndexByte(name, 0) >= 0 {
		return nil, newError(CodeArgument, fmt.Sprintf("%s has a NUL: %q", what, name))
	}
	text := make([]byte, len(name)+1)
	copy(text, name)
	return (*C.char)(unsafe.Pointer(&text[0])), nil
}

// optional gives options to C: nil for none.
func optional(options encodedOptions) *C.char {
	if len(options) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&options[0]))
}

// payload gives a text and its size to C, which takes NULL for "there is none".
func payload(message []byte) (*C.char, C.size_t) {
	if len(message) == 0 {
		return (*C.char)(unsafe.Pointer(&nothing[0])), 0
	}
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(message))), C.size_t(len(message))
}

var nothing = []byte{0}

// takenError copies an error and frees it.
func takenError(fault *C.pygrpc_error) *Error {
	defer C.pygrpc_error_free(fault)
	return copiedError(fault)
}

func copiedError(fault *C.pygrpc_error) *Error {
	return &Error{
		Code:    ErrorCode(C.pygrpc_error_code(fault)),
		Message: C.GoString(C.pygrpc_error_message(fault)),
		status:  Status(C.pygrpc_error_status(fault)),
		json:    C.GoString(C.pygrpc_error_json(fault)),
	}
}

// copyText copies a text of C, which may be longer than C.GoBytes can say.
func copyText(text *C.char, size C.size_t) []byte {
	copied := make([]byte, size)
	copy(copied, unsafe.Slice((*byte)(unsafe.Pointer(text)), size))
	return copied
}

// taken copies a text that C gave out, and frees it.
func taken(code C.int32_t, text *C.char, size C.size_t, fault *C.pygrpc_error) ([]byte, error) {
	if code < 0 {
		return nil, takenError(fault)
	}
	copied := copyText(text, size)
	C.pygrpc_free(unsafe.Pointer(text))
	return copied, nil
}

// checked is the error of a function that gives out nothing else.
func checked(code C.int32_t, fault *C.pygrpc_error) error {
	if code < 0 {
		return takenError(fault)
	}
	return nil
}

// ---- Client

func nativeClient(target *string, options encodedOptions) (unsafe.Pointer, error) {
	var name *C.char
	if target != nil {
		var err error
		if name, err = terminated("target", *target); err != nil {
			return nil, err
		}
	}
	var client *C.pygrpc_client
	var fault *C.pygrpc_error
	if C.pygrpc_client_new(name, optional(options), &client, &fault) < 0 {
		return nil, takenError(fault)
	}
	return unsafe.Pointer(client), nil
}

func freeClient(client unsafe.Pointer) { C.pygrpc_client_free((*C.pygrpc_client)(client)) }

func nativeWaitReady(client unsafe.Pointer, milliseconds int64) (int32, error) {
	var fault *C.pygrpc_error
	code := C.pygrpc_client_wait_ready((*C.pygrpc_client)(client), C.int64_t(milliseconds), &fault)
	return int32(code), checked(code, fault)
}

func nativeState(client unsafe.Pointer) (ChannelState, error) {
	var state C.int32_t
	var fault *C.pygrpc_error
	code := C.pygrpc_client_state((*C.pygrpc_client)(client), &state, &fault)
	return ChannelState(state), checked(code, fault)
}

func nativeLoad(client unsafe.Pointer, source string, options encodedOptions) error {
	name, err := terminated("source", source)
	if err != nil {
		return err
	}
	var fault *C.pygrpc_error
	code := C.pygrpc_load((*C.pygrpc_client)(client), name, optional(options), &fault)
	return checked(code, fault)
}

func nativeLoadDescriptorSet(client unsafe.Pointer, set []byte) error {
	text, size := payload(set)
	var fault *C.pygrpc_error
	code := C.pygrpc_load_descriptor_set((*C.pygrpc_client)(client), text, size, &fault)
	return checked(code, fault)
}

func nativeLoadProto(client unsafe.Pointer, filename string, proto []byte) error {
	name, err := terminated("file name", filename)
	if err != nil {
		return err
	}
	text, size := payload(proto)
	var fault *C.pygrpc_error
	code := C.pygrpc_load_proto((*C.pygrpc_client)(client), name, text, size, &fault)
	return checked(code, fault)
}

func nativeLoadClient(client, other unsafe.Pointer) error {
	var fault *C.pygrpc_error
	code := C.pygrpc_load_client((*C.pygrpc_client)(client), (*C.pygrpc_client)(other), &fault)
	return checked(code, fault)
}

func nativeCardinality(client unsafe.Pointer, method string) (Cardinality, error) {
	name, err := terminated("method", method)
	if err != nil {
		return Any, err
	}
	var cardinality C.int32_t
	var fault *C.pygrpc_error
	code := C.pygrpc_method_cardinality((*C.pygrpc_client)(client), name, &cardinality, &fault)
	return Cardinality(cardinality), checked(code, fault)
}

func nativeServices(client unsafe.Pointer) ([]byte, error) {
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_services((*C.pygrpc_client)(client), &text, &size, &fault)
	return taken(code, text, size, fault)
}

func nativeDescribe(client unsafe.Pointer, symbol string) ([]byte, error) {
	name, err := terminated("symbol", symbol)
	if err != nil {
		return nil, err
	}
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_describe((*C.pygrpc_client)(client), name, &text, &size, &fault)
	return taken(code, text, size, fault)
}

func nativeTemplate(client unsafe.Pointer, typeName string) ([]byte, error) {
	name, err := terminated("type", typeName)
	if err != nil {
		return nil, err
	}
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_template((*C.pygrpc_client)(client), name, &text, &size, &fault)
	return taken(code, text, size, fault)
}

func nativeJSONSchema(client unsafe.Pointer, typeName string, options encodedOptions) ([]byte, error) {
	var name *C.char
	if typeName != "" {
		var err error
		if name, err = terminated("type", typeName); err != nil {
			return nil, err
		}
	}
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_json_schema((*C.pygrpc_client)(client), name, optional(options), &text, &size,
		&fault)
	return taken(code, text, size, fault)
}

func nativeExport(client unsafe.Pointer, symbols []byte, format string) ([]byte, error) {
	name, err := terminated("format", format)
	if err != nil {
		return nil, err
	}
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_export((*C.pygrpc_client)(client), optional(symbols), name, &text, &size, &fault)
	return taken(code, text, size, fault)
}

func nativeJSONToBinary(
	client unsafe.Pointer, typeName string, message []byte, options encodedOptions,
) ([]byte, error) {
	name, err := terminated("type", typeName)
	if err != nil {
		return nil, err
	}
	in, inSize := payload(message)
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_json_to_binary((*C.pygrpc_client)(client), name, in, inSize, optional(options),
		&text, &size, &fault)
	return taken(code, text, size, fault)
}

func nativeBinaryToJSON(
	client unsafe.Pointer, typeName string, message []byte, options encodedOptions,
) ([]byte, error) {
	name, err := terminated("type", typeName)
	if err != nil {
		return nil, err
	}
	in, inSize := payload(message)
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_binary_to_json((*C.pygrpc_client)(client), name, in, inSize, optional(options),
		&text, &size, &fault)
	return taken(code, text, size, fault)
}

func nativeHealth(client unsafe.Pointer, service string, options encodedOptions) ([]byte, error) {
	name, err := terminated("service", service)
	if err != nil {
		return nil, err
	}
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_health((*C.pygrpc_client)(client), name, optional(options), &text, &size, &fault)
	return taken(code, text, size, fault)
}

// ---- Stream

// nativeOpen starts an RPC. Without a request (nil, which is not the same as an empty one) the
// method is one that streams them.
func nativeOpen(
	client unsafe.Pointer, method string, cardinality Cardinality, request []byte,
	options encodedOptions, queue unsafe.Pointer,
) (unsafe.Pointer, error) {
	name, err := terminated("method", method)
	if err != nil {
		return nil, err
	}
	var text *C.char
	var size C.size_t
	if request != nil {
		text, size = payload(request)
	}
	var stream *C.pygrpc_stream
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_open((*C.pygrpc_client)(client), name, C.int32_t(cardinality), text, size,
		optional(options), (*C.pygrpc_queue)(queue), &stream, &fault)
	if code < 0 {
		return nil, takenError(fault)
	}
	return unsafe.Pointer(stream), nil
}

func nativeHealthWatch(
	client unsafe.Pointer, service string, options encodedOptions, queue unsafe.Pointer,
) (unsafe.Pointer, error) {
	name, err := terminated("service", service)
	if err != nil {
		return nil, err
	}
	var stream *C.pygrpc_stream
	var fault *C.pygrpc_error
	code := C.pygrpc_health_watch((*C.pygrpc_client)(client), name, optional(options),
		(*C.pygrpc_queue)(queue), &stream, &fault)
	if code < 0 {
		return nil, takenError(fault)
	}
	return unsafe.Pointer(stream), nil
}

func freeStream(stream unsafe.Pointer) { C.pygrpc_stream_free((*C.pygrpc_stream)(stream)) }

func nativeCancel(stream unsafe.Pointer) { C.pygrpc_stream_cancel((*C.pygrpc_stream)(stream), nil) }

func nativeStreamCardinality(stream unsafe.Pointer) Cardinality {
	return Cardinality(C.pygrpc_stream_cardinality((*C.pygrpc_stream)(stream)))
}

// nativeRead waits for a message, in this thread.
func nativeRead(stream unsafe.Pointer) (int32, []byte, error) {
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_read((*C.pygrpc_stream)(stream), -1, &text, &size, &fault)
	if code != C.PYGRPC_OK {
		return int32(code), nil, checked(code, fault)
	}
	message, err := taken(code, text, size, fault)
	return int32(code), message, err
}

// nativeWrite waits until the message before has left, in this thread.
func nativeWrite(stream unsafe.Pointer, message []byte) (int32, error) {
	text, size := payload(message)
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_write((*C.pygrpc_stream)(stream), text, size, -1, &fault)
	return int32(code), checked(code, fault)
}

func nativeReadAsync(stream unsafe.Pointer, tag uint64) error {
	var fault *C.pygrpc_error
	return checked(C.pygrpc_stream_read_async((*C.pygrpc_stream)(stream), C.uint64_t(tag), &fault),
		fault)
}

func nativeWriteAsync(stream unsafe.Pointer, message []byte, tag uint64) error {
	text, size := payload(message)
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_write_async((*C.pygrpc_stream)(stream), text, size, C.uint64_t(tag),
		&fault)
	return checked(code, fault)
}

func nativeHalfClose(stream unsafe.Pointer) error {
	var fault *C.pygrpc_error
	return checked(C.pygrpc_stream_half_close((*C.pygrpc_stream)(stream), &fault), fault)
}

func nativeHeaders(stream unsafe.Pointer, milliseconds int64) (int32, []byte, error) {
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_headers((*C.pygrpc_stream)(stream), C.int64_t(milliseconds), &text, &size,
		&fault)
	copied, err := taken(code, text, size, fault)
	return int32(code), copied, err
}

func nativeTrailers(stream unsafe.Pointer, milliseconds int64) (int32, []byte, error) {
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_trailers((*C.pygrpc_stream)(stream), C.int64_t(milliseconds), &text,
		&size, &fault)
	copied, err := taken(code, text, size, fault)
	return int32(code), copied, err
}

func nativeInfo(stream unsafe.Pointer) ([]byte, error) {
	var text *C.char
	var size C.size_t
	var fault *C.pygrpc_error
	code := C.pygrpc_stream_info((*C.pygrpc_stream)(stream), 0, &text, &size, &fault)
	return taken(code, text, size, fault)
}

// ---- Queue

func nativeQueue() (unsafe.Pointer, error) {
	var queue *C.pygrpc_queue
	var fault *C.pygrpc_error
	if C.pygrpc_queue_new(&queue, &fault) < 0 {
		return nil, takenError(fault)
	}
	return unsafe.Pointer(queue), nil
}

// event is what became of an asynchronous read or write.
type event struct {
	code    int32
	message []byte
	err     error
}

// poller takes events from a queue, many at a time.
type poller struct{ batch C.go_pygrpc_batch }

// poll waits for events, and hands out each.
func (p *poller) poll(queue unsafe.Pointer, deliver func(uint64, event)) {
	if C.go_pygrpc_poll((*C.pygrpc_queue)(queue), &p.batch) != C.PYGRPC_OK {
		return
	}
	for _, each := range p.batch.events[:p.batch.count] {
		happened := event{code: int32(each.code)}
		if each.error != nil {
			happened.err = copiedError(each.error)
		} else if each.message != nil {
			happened.message = copyText(each.message, each.size)
		}
		deliver(uint64(each.tag), happened)
	}
	C.go_pygrpc_free_events(&p.batch)
}
