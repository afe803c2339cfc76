// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

package pygrpc

/*
#cgo pkg-config: pygrpc

// None of these calls Go, and all copy what they are given before they return.
#cgo nocallback pygrpc_client_new
#cgo nocallback go_pygrpc_open
#cgo nocallback go_pygrpc_read
#cgo nocallback go_pygrpc_free_texts
#cgo nocallback pygrpc_stream_write
#cgo nocallback pygrpc_stream_read_async
#cgo nocallback pygrpc_stream_write_async
#cgo nocallback pygrpc_stream_cancel
#cgo nocallback pygrpc_stream_free
#cgo nocallback pygrpc_free
#cgo nocallback go_pygrpc_poll
#cgo nocallback go_pygrpc_free_events
#cgo noescape go_pygrpc_open
#cgo noescape go_pygrpc_read
#cgo noescape go_pygrpc_free_texts
#cgo noescape pygrpc_stream_write
#cgo noescape pygrpc_stream_read_async
#cgo noescape pygrpc_stream_write_async
#cgo noescape go_pygrpc_poll
#cgo noescape go_pygrpc_free_events

#include <pygrpc.h>
#include <time.h>

// Where there is a way into C for each call or message, these make it one.

typedef struct {
  pygrpc_stream *stream;
  pygrpc_error *error;
  int32_t code;
  int32_t cardinality;
} go_pygrpc_opened;

// Opens an RPC, and says what it is.
static go_pygrpc_opened go_pygrpc_open(pygrpc_client *client, const char *method,
                                       int32_t cardinality, const char *request, size_t size,
                                       const char *options, pygrpc_queue *queue) {
  go_pygrpc_opened opened = {0};
  opened.code = pygrpc_stream_open(client, method, cardinality, request, size, options, queue,
                                   &opened.stream, &opened.error);
  opened.cardinality = pygrpc_stream_cardinality(opened.stream);
  return opened;
}

#define GO_PYGRPC_TEXTS 16
#define GO_PYGRPC_TEXTS_SIZE 65536

typedef struct {
  char *texts[GO_PYGRPC_TEXTS];
  size_t sizes[GO_PYGRPC_TEXTS];
  size_t count;
  pygrpc_error *error;
  int32_t code; // of the read that gave no message
} go_pygrpc_texts;

static int64_t go_pygrpc_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Waits for a message, and takes those that have come with it, some of them: it looks for more only
// while there is always one, for to look in vain costs more than to come again.
static void go_pygrpc_read(pygrpc_stream *stream, size_t max, go_pygrpc_texts *all) {
  size_t sizes = 0;
  all->count = 0;
  all->error = NULL;
  all->code = PYGRPC_OK;
  while (all->count < max && sizes < GO_PYGRPC_TEXTS_SIZE) {
    int64_t began = go_pygrpc_nanoseconds();
    all->code = pygrpc_stream_read(stream, all->count == 0 ? -1 : 0, &all->texts[all->count],
                                   &all->sizes[all->count], &all->error);
    if (all->code != PYGRPC_OK) return;
    sizes += all->sizes[all->count++];
    if (go_pygrpc_nanoseconds() - began > 10000) return;
  }
}

static void go_pygrpc_free_texts(go_pygrpc_texts *all) {
  for (size_t i = 0; i < all->count; ++i) pygrpc_free(all->texts[i]);
}

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

// opened is an RPC that was started.
type opened struct {
	stream      unsafe.Pointer
	cardinality Cardinality
}

func (o opened) free() { freeStream(o.stream) }

// nativeOpen starts an RPC. Without a request (nil, which is not the same as an empty one) the
// method is one that streams them.
func nativeOpen(
	client unsafe.Pointer, method string, cardinality Cardinality, request []byte,
	options encodedOptions, queue unsafe.Pointer,
) (opened, error) {
	name, err := terminated("method", method)
	if err != nil {
		return opened{}, err
	}
	var text *C.char
	var size C.size_t
	if request != nil {
		text, size = payload(request)
	}
	made := C.go_pygrpc_open((*C.pygrpc_client)(client), name, C.int32_t(cardinality), text, size,
		optional(options), (*C.pygrpc_queue)(queue))
	if made.code < 0 {
		return opened{}, takenError(made.error)
	}
	return opened{unsafe.Pointer(made.stream), Cardinality(made.cardinality)}, nil
}

func nativeHealthWatch(
	client unsafe.Pointer, service string, options encodedOptions, queue unsafe.Pointer,
) (opened, error) {
	name, err := terminated("service", service)
	if err != nil {
		return opened{}, err
	}
	var stream *C.pygrpc_stream
	var fault *C.pygrpc_error
	code := C.pygrpc_health_watch((*C.pygrpc_client)(client), name, optional(options),
		(*C.pygrpc_queue)(queue), &stream, &fault)
	if code < 0 {
		return opened{}, takenError(fault)
	}
	return opened{unsafe.Pointer(stream), UnaryStream}, nil
}

func freeStream(stream unsafe.Pointer) { C.pygrpc_stream_free((*C.pygrpc_stream)(stream)) }

func nativeCancel(stream unsafe.Pointer) { C.pygrpc_stream_cancel((*C.pygrpc_stream)(stream), nil) }

// texts are messages that were read at once.
type texts struct{ all C.go_pygrpc_texts }

// read waits for a message, in this thread, and adds it and others that are there. What comes after
// the messages is as from any read: a code, and the error if it is one.
func (t *texts) read(stream unsafe.Pointer, several bool, messages [][]byte) ([][]byte, event) {
	most := C.size_t(1)
	if several {
		most = C.GO_PYGRPC_TEXTS
	}
	C.go_pygrpc_read((*C.pygrpc_stream)(stream), most, &t.all)
	for at := range t.all.count {
		messages = append(messages, copyText(t.all.texts[at], t.all.sizes[at]))
	}
	if t.all.count > 0 {
		C.go_pygrpc_free_texts(&t.all)
	}
	after := event{code: int32(t.all.code)}
	if t.all.error != nil {
		after.err = takenError(t.all.error)
	}
	return messages, after
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
