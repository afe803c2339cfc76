/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pygrpc: call any gRPC method by name, with JSON.
 *
 * A client is bound to a target and holds a schema (loaded from .proto files, descriptor sets or
 * server reflection). A method is called by name, with JSON text as request and response:
 *
 *     pygrpc_client *client = NULL;
 *     pygrpc_error *error = NULL;
 *     char *reply = NULL;
 *     if (pygrpc_client_new("localhost:50051", NULL, &client, &error) == PYGRPC_OK &&
 *         pygrpc_load(client, "helloworld.proto", NULL, &error) == PYGRPC_OK &&
 *         pygrpc_unary_unary(client, "SayHello", "{\"name\":\"you\"}", PYGRPC_NUL_TERMINATED, NULL,
 *                            &reply, NULL, &error) == PYGRPC_OK) {
 *       puts(reply);
 *     } else {
 *       fprintf(stderr, "%s\n", pygrpc_error_message(error));
 *     }
 *     pygrpc_free(reply);
 *     pygrpc_error_free(error);
 *     pygrpc_client_free(client);
 *
 * CONVENTIONS, true of every function unless it says otherwise
 *
 * Results   int32_t. PYGRPC_OK is 0; small positive codes are no failure (PYGRPC_END,
 *           PYGRPC_PENDING); PYGRPC_E_* are negative. Numbers never change and are never reused.
 *           PYGRPC_E_STATUS says that the RPC ended with a gRPC status other than OK; which one is
 *           read from the error. The two number spaces never mix.
 * Errors    The last parameter. May be NULL. Untouched on success and on the positive codes; on
 *           failure it is set to a new error, which the caller frees with pygrpc_error_free(). An
 *           error that is already there is not freed: start from NULL. There is no "last error".
 * Handles   Opaque. *_new and *_open make one, *_free releases it, *_free(NULL) does nothing. The
 *           order of frees does not matter: a stream keeps alive what it needs. Freeing a client
 *           cancels its calls in flight. A handle must not be used after, or while, it is freed by
 *           the same name; calls that other threads have in flight on the client are safe.
 * Text in   UTF-8, or it is PYGRPC_E_ARGUMENT (in JSON PYGRPC_E_JSON, in .proto text
 *           PYGRPC_E_SCHEMA, with the place). Payloads are pointer + size in bytes;
 *           PYGRPC_NUL_TERMINATED as size means "up to the NUL". Names, targets and options are
 *           NUL-terminated. All is copied before return.
 * Text out  char ** + size_t *, also NUL-terminated (the NUL is not counted), owned by the caller,
 *           freed with pygrpc_free() only. The size pointer may be NULL. On failure, and on the
 *           positive codes, *text is set to NULL and *size to 0. Getters return const char *
 *           borrowed from the handle, valid until it is freed. No function returns owned memory.
 * Options   A JSON object as text; NULL means defaults. An unknown key or a bad value is
 *           PYGRPC_E_OPTION, whose message names it. Durations are a number of seconds (2.5) or
 *           text with a unit ("250ms", "2s", "1m", "1h"); sizes are a number of bytes or text
 *           ("16MiB"). pygrpc_options_json() lists all of them.
 * Times     int64_t timeout_ms, in milliseconds: 0 does not wait, negative waits without limit.
 *           A timeout that passes is PYGRPC_PENDING: nothing was consumed, ask again.
 * Threads   client, queue, error, event   any thread, any number of threads at the same time
 *           stream                        one reader and one writer at the same time; cancel,
 *                                         headers, trailers, info and cardinality from any thread
 *           Two readers or two writers at once get PYGRPC_E_STATE. Nothing is bound to a thread.
 * Fork      A process may load the library, make clients and load schemas, and then fork. Once a
 *           process has started an RPC (or waited for a channel), a forked child cannot start any:
 *           it gets PYGRPC_E_FORKED at once. Freeing handles there is fine.
 * Files     gRPC starts with the first RPC, wait or poll of a process, and opens a few files then;
 *           if it may open none, that is PYGRPC_E_STATE, and can be tried again.
 * Signals   A wait goes on when a signal arrives. To stay interruptible, wait in slices of a
 *           stream's timeout_ms.
 * Versions  Functions, codes and options are only added. Each declaration says since when it is
 *           there; where nothing is said, since 0.1.
 */

#ifndef PYGRPC_H_
#define PYGRPC_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef PYGRPC_BUILDING_LIBRARY
#pragma GCC visibility push(default)
#endif

/* ---- Constants -------------------------------------------------------------------------------*/

/* The version of this header's ABI; compare with pygrpc_abi_version(). It grows with additions;
 * a library whose number is at least the header's serves it. */
#define PYGRPC_ABI_VERSION 1

/* As the size of a text: it ends at its NUL. */
#define PYGRPC_NUL_TERMINATED SIZE_MAX

/* Codes. */
#define PYGRPC_OK 0
#define PYGRPC_END 1     /* no more messages: the RPC has ended with status OK */
#define PYGRPC_PENDING 2 /* not within the timeout; nothing was consumed, ask again */

#define PYGRPC_E_ARGUMENT (-1)    /* a NULL, text that is not UTF-8, a handle used wrongly */
#define PYGRPC_E_OPTION (-2)      /* an unknown option or a bad value */
#define PYGRPC_E_SCHEMA (-3)      /* a schema that cannot be loaded */
#define PYGRPC_E_NOT_FOUND (-4)   /* no such method or type in the schema */
#define PYGRPC_E_AMBIGUOUS (-5)   /* a short name that several methods or types have */
#define PYGRPC_E_CARDINALITY (-6) /* the method streams where the call does not, or the reverse */
#define PYGRPC_E_JSON (-7)       /* not JSON, not of the message's form, or a message without one */
#define PYGRPC_E_WIRE (-8)       /* bytes that are no valid message */
#define PYGRPC_E_STATUS (-9)     /* the RPC ended with a status other than OK */
#define PYGRPC_E_STATE (-10)     /* not now: a write after half-close, a second reader, ... */
#define PYGRPC_E_CLOSED (-11)    /* the client was freed while the call was in flight */
#define PYGRPC_E_FORKED (-12)    /* an RPC in a child of a process that has used gRPC */
#define PYGRPC_E_NO_MEMORY (-13) /* memory ran out */
#define PYGRPC_E_INTERNAL (-14)  /* a fault of the library */

/* Cardinality of a method: how many messages go up, and how many come down. */
#define PYGRPC_ANY_CARDINALITY 0
#define PYGRPC_UNARY_UNARY 1
#define PYGRPC_UNARY_STREAM 2
#define PYGRPC_STREAM_UNARY 3
#define PYGRPC_STREAM_STREAM 4

/* States of a channel, numbered as in gRPC. */
#define PYGRPC_CHANNEL_IDLE 0
#define PYGRPC_CHANNEL_CONNECTING 1
#define PYGRPC_CHANNEL_READY 2
#define PYGRPC_CHANNEL_TRANSIENT_FAILURE 3
#define PYGRPC_CHANNEL_SHUTDOWN 4

/* ---- Handles ---------------------------------------------------------------------------------*/

typedef struct pygrpc_client pygrpc_client; /* a target and a schema */
typedef struct pygrpc_stream pygrpc_stream; /* one RPC in progress, of any cardinality */
typedef struct pygrpc_queue pygrpc_queue;   /* where completions of asynchronous calls arrive */
typedef struct pygrpc_event pygrpc_event;   /* one of those completions */
typedef struct pygrpc_error pygrpc_error;   /* what went wrong, where, and what instead */

/* ---- Version ---------------------------------------------------------------------------------*/

/* The library's version, "0.1.0". Static. */
const char *pygrpc_version(void);

/* The ABI that the library serves; see PYGRPC_ABI_VERSION. */
int32_t pygrpc_abi_version(void);

/* The name of a code: "OK", "PENDING", "E_CARDINALITY"; "E_UNKNOWN" for any other number. Static.*/
const char *pygrpc_code_name(int32_t code);

/* Lists every option: {"client": [...], "call": [...], "load": [...]}, each option an object with
 * name, type, default, range or choices, and help. */
int32_t pygrpc_options_json(char **json, size_t *size, pygrpc_error **error);

/* ---- Memory ----------------------------------------------------------------------------------*/

/* Frees what a function of this header gave out as char **. NULL is fine. */
void pygrpc_free(void *memory);

/* ---- Error -----------------------------------------------------------------------------------*/

/* The code that the failed function returned. PYGRPC_OK for NULL. */
int32_t pygrpc_error_code(const pygrpc_error *error);

/* One line of UTF-8 that names what is wrong, where, and what instead; fit to become an exception's
 * text. Borrowed. "" for NULL. */
const char *pygrpc_error_message(const pygrpc_error *error);

/* The gRPC status code, 0 to 16, of PYGRPC_E_STATUS; -1 of any other error. */
int32_t pygrpc_error_status(const pygrpc_error *error);

/* Everything, as a JSON object; keys that do not apply are left out, save code, name and message:
 *   code, name           -9, "E_STATUS"
 *   message              as pygrpc_error_message()
 *   status, statusName   5, "NOT_FOUND"
 *   statusMessage        as the server gave it
 *   details              google.rpc.Status details, decoded; an Any of unknown type keeps its type
 *                        URL under @type and its bytes as base64 under value
 *   headers, trailers    {"key": ["value", ...]}, "-bin" values in base64
 *   method               "/helloworld.Greeter/SayHello"
 *   peer                 the address of the server that the call had come to
 *   timing               as in pygrpc_stream_info(); of pygrpc_unary_unary() everything comes with
 *                        the status
 *   path, offset         the place in the JSON ("$.items[3].name") or in the wire bytes
 *   expected, found      what should have stood there, and what did
 *   locations            [{"file", "line", "column", "message"}] of a schema's faults
 *   searched             the places looked at
 *   candidates           what an ambiguous name may mean
 *   near                 known names that resemble an unknown one
 *   reason               of E_STATUS, one word for what happened where the status is too wide:
 *                        "connection_refused", "certificate_expired"; docs/errors.md lists them
 *   retriable            true if the same call may succeed later
 * Borrowed. "{}" for NULL. */
const char *pygrpc_error_json(const pygrpc_error *error);

void pygrpc_error_free(pygrpc_error *error);

/* ---- Client ----------------------------------------------------------------------------------*/

/* Makes a client. Does no I/O: the channel connects with the first call.
 * target   "localhost:50051", "dns:///host:443", "ipv4:10.0.0.1:50051", "unix:/run/service.sock",
 *          or NULL for a client that only serves schema and transcoding.
 * options  client options, and defaults for its calls; NULL for none.
 * Errors: E_ARGUMENT, E_OPTION. */
int32_t pygrpc_client_new(const char *target, const char *options, pygrpc_client **client,
                          pygrpc_error **error);

/* Frees a client. Its calls in flight are cancelled and end with PYGRPC_E_CLOSED; streams stay
 * valid handles that still are to be freed. */
void pygrpc_client_free(pygrpc_client *client);

/* Connects if need be and waits until the channel is ready. PYGRPC_PENDING if it is not ready
 * within timeout_ms. Errors: E_ARGUMENT, E_STATE (no target), E_CLOSED, E_FORKED. */
int32_t pygrpc_client_wait_ready(pygrpc_client *client, int64_t timeout_ms, pygrpc_error **error);

/* Gives the state of the channel, PYGRPC_CHANNEL_*, without connecting.
 * Errors: E_ARGUMENT, E_STATE (no target), E_FORKED. */
int32_t pygrpc_client_state(pygrpc_client *client, int32_t *state, pygrpc_error **error);

/* ---- Schema ----------------------------------------------------------------------------------*/

/* Loading adds to what is there; loading the same again is fine. A failure, also a conflict with
 * what is loaded, is E_SCHEMA and changes nothing. Calls in flight keep the schema they began with.
 * If nothing is loaded when the first call is made, reflection is tried, unless the client's
 * option "reflection" is false. */

/* Loads from a source, which is one of
 *   "helloworld_pb2", "helloworld"  helloworld.proto on the proto path
 *   "some/file.proto"               a path, absolute or on the proto path
 *   "some/directory"                every .proto file below it
 *   "some/file.binpb"               a descriptor set, whatever its ending
 *   "reflection"                    what the server tells of itself
 *   "reflection:package.Service"    of that, only what these need; several with commas between
 * options: {"proto_path": ["directory", ...]} and, for reflection, {"timeout", "metadata",
 * "symbols", "target", ...}: docs/options.md has all, docs/schema.md says how they work. The proto
 * path is that option, then the client's, then PYGRPC_PROTO_PATH, then the current directory.
 * Blocks for file I/O, and for the network if reflection is asked for.
 * Errors: E_ARGUMENT, E_OPTION, E_SCHEMA; E_STATUS, E_STATE, E_CLOSED, E_FORKED (reflection). */
int32_t pygrpc_load(pygrpc_client *client, const char *source, const char *options,
                    pygrpc_error **error);

/* Loads a serialized google.protobuf.FileDescriptorSet, plain or gzip.
 * Errors: E_ARGUMENT, E_SCHEMA. */
int32_t pygrpc_load_descriptor_set(pygrpc_client *client, const char *bytes, size_t size,
                                   pygrpc_error **error);

/* Loads the text of one .proto file under the name that others import it by. A file whose imports
 * are missing is E_SCHEMA; its text is kept and joins the schema by itself when they arrive, unless
 * it turns out to be wrong then: docs/schema.md.
 * Errors: E_ARGUMENT, E_SCHEMA. */
int32_t pygrpc_load_proto(pygrpc_client *client, const char *filename, const char *text,
                          size_t size, pygrpc_error **error);

/* Loads all that another client has loaded; shared, not copied, if this one is empty.
 * Errors: E_ARGUMENT, E_SCHEMA. */
int32_t pygrpc_load_client(pygrpc_client *client, pygrpc_client *other, pygrpc_error **error);

/* ---- Introspection ---------------------------------------------------------------------------*/

/* What the schema tells, as JSON text. Where nothing is loaded, reflection is tried first, as with
 * a call. Symbols are full names, or short ones that only one declaration has.
 *
 * Errors of all: E_ARGUMENT, E_NOT_FOUND, E_AMBIGUOUS, E_SCHEMA, E_STATUS (reflection), E_CLOSED,
 * E_FORKED. */

/* An array of the services with their methods: types, cardinality, comments, options. */
int32_t pygrpc_services(pygrpc_client *client, char **json, size_t *size, pygrpc_error **error);

/* A service, method, message, field, oneof, enum, enum value, extension or file: comments, options,
 * defaults, and its declaration as .proto text. */
int32_t pygrpc_describe(pygrpc_client *client, const char *symbol, char **json, size_t *size,
                        pygrpc_error **error);

/* A message with an example in each field, one member of each oneof, recursion cut. `type` may name
 * a method, for its request. */
int32_t pygrpc_template(pygrpc_client *client, const char *type, char **json, size_t *size,
                        pygrpc_error **error);

/* JSON Schema (2020-12) of the JSON form of a message; of a method, a tool definition for language
 * models (name, description, input schema); of NULL, an array of those of all methods. `options`
 * are the JSON options of a call. Errors, besides: E_OPTION. */
int32_t pygrpc_json_schema(pygrpc_client *client, const char *type, const char *options,
                           char **json, size_t *size, pygrpc_error **error);

/* The files that declare some symbols, and all that they import.
 * symbols  a JSON array of names, ["helloworld.Greeter"]; NULL for everything loaded.
 * format   "descriptor_set", a serialized google.protobuf.FileDescriptorSet, imports first; or
 *          "proto", a JSON object of file names and .proto texts. */
int32_t pygrpc_export(pygrpc_client *client, const char *symbols, const char *format, char **bytes,
                      size_t *size, pygrpc_error **error);

/* ---- Transcode -------------------------------------------------------------------------------*/

/* Converts ProtoJSON to the wire format of a message type, by its full name.
 * options: the JSON options of a call. The bytes may hold NULs.
 * Errors: E_ARGUMENT, E_OPTION, E_NOT_FOUND, E_AMBIGUOUS, E_JSON. */
int32_t pygrpc_json_to_binary(pygrpc_client *client, const char *type, const char *json,
                              size_t size, const char *options, char **bytes, size_t *bytes_size,
                              pygrpc_error **error);

/* Converts the wire format of a message type to ProtoJSON.
 * Errors: E_ARGUMENT, E_OPTION, E_NOT_FOUND, E_AMBIGUOUS, E_WIRE, E_JSON (a message that has no
 * JSON form). */
int32_t pygrpc_binary_to_json(pygrpc_client *client, const char *type, const char *bytes,
                              size_t size, const char *options, char **json, size_t *json_size,
                              pygrpc_error **error);

/* ---- Call ------------------------------------------------------------------------------------*/

/* Methods are named "SayHello" if only one loaded service has it, or "Greeter/SayHello",
 * "Greeter.SayHello", "helloworld.Greeter/SayHello", "helloworld.Greeter.SayHello",
 * "/helloworld.Greeter/SayHello". All of these check the cardinality before any I/O.
 *
 * Errors of all: E_ARGUMENT, E_OPTION, E_NOT_FOUND, E_AMBIGUOUS, E_CARDINALITY, E_JSON (of the
 * request), E_SCHEMA and E_STATUS (reflection before the first call), E_STATE (no target),
 * E_CLOSED, E_FORKED. */

/* Gives the cardinality of a method, PYGRPC_UNARY_UNARY to PYGRPC_STREAM_STREAM. */
int32_t pygrpc_method_cardinality(pygrpc_client *client, const char *method, int32_t *cardinality,
                                  pygrpc_error **error);

/* Calls a unary method and waits for its response. The deadline is the option "timeout"; unless
 * given, that of the service config, or else 10 s. The wait can't be interrupted, save by
 * pygrpc_client_free(); for that, and for headers and trailers, use pygrpc_stream_open().
 * Errors, besides: E_STATUS, E_JSON and E_WIRE (of the response). */
int32_t pygrpc_unary_unary(pygrpc_client *client, const char *method, const char *request,
                           size_t size, const char *options, char **response, size_t *response_size,
                           pygrpc_error **error);

/* Starts a call with one request and a stream of responses. Does not wait for the network. */
int32_t pygrpc_unary_stream(pygrpc_client *client, const char *method, const char *request,
                            size_t size, const char *options, pygrpc_stream **stream,
                            pygrpc_error **error);

/* Starts a call with a stream of requests and one response: write, half-close, read. */
int32_t pygrpc_stream_unary(pygrpc_client *client, const char *method, const char *options,
                            pygrpc_stream **stream, pygrpc_error **error);

/* Starts a call with a stream of requests and a stream of responses. */
int32_t pygrpc_stream_stream(pygrpc_client *client, const char *method, const char *options,
                             pygrpc_stream **stream, pygrpc_error **error);

/* Starts a call of any method; the general form of the three above, and the way to metadata,
 * cancellation and an interruptible wait for a unary call. Does not wait for the network (save for
 * reflection, where nothing is loaded yet).
 * cardinality  what the caller expects, or PYGRPC_ANY_CARDINALITY.
 * request      the one request of a method that takes one, sent and half-closed at once; NULL where
 *              requests are streamed (E_ARGUMENT the other way round).
 * queue        NULL for blocking reads and writes; else the queue that completions go to. */
int32_t pygrpc_stream_open(pygrpc_client *client, const char *method, int32_t cardinality,
                           const char *request, size_t size, const char *options,
                           pygrpc_queue *queue, pygrpc_stream **stream, pygrpc_error **error);

/* ---- Health ----------------------------------------------------------------------------------*/

/* Asks the server's health service, grpc.health.v1.Health, which needs no schema: nothing is
 * loaded for it.
 * service  a full name, "helloworld.Greeter"; NULL or "" for the server as a whole.
 * options  of a call.
 * Errors of both: E_ARGUMENT, E_OPTION, E_STATE (no target), E_CLOSED, E_FORKED. */

/* Gives {"status": "SERVING"}, or "NOT_SERVING" or "UNKNOWN". Waits as pygrpc_unary_unary().
 * Errors, besides: E_STATUS (NOT_FOUND: the server does not know the service; UNIMPLEMENTED: it has
 * no health service), E_WIRE (an answer that is no health message). */
int32_t pygrpc_health(pygrpc_client *client, const char *service, const char *options, char **json,
                      size_t *size, pygrpc_error **error);

/* Starts a stream of the same objects: one with the status now, which is "SERVICE_UNKNOWN" where
 * the server does not know the service, and one with each change of it. It has no end of its own:
 * free or cancel it. Does not wait. `queue` as in pygrpc_stream_open(). */
int32_t pygrpc_health_watch(pygrpc_client *client, const char *service, const char *options,
                            pygrpc_queue *queue, pygrpc_stream **stream, pygrpc_error **error);

/* ---- Stream ----------------------------------------------------------------------------------*/

/* Sends a message. Waits for the message before to leave; PYGRPC_PENDING if it has not within
 * timeout_ms: the new message is then not taken. PYGRPC_OK: it is on its way. PYGRPC_END: the
 * server has ended the RPC and takes no more; read for the result.
 * Errors: E_ARGUMENT, E_STATE (after half-close, a second writer, a method with one request),
 * E_JSON, E_CLOSED, E_FORKED. After E_JSON the stream is as before. */
int32_t pygrpc_stream_write(pygrpc_stream *stream, const char *message, size_t size,
                            int64_t timeout_ms, pygrpc_error **error);

/* Tells the server that no more requests follow. Does not wait. A second time does nothing, nor
 * after the RPC has ended.
 * Errors: E_ARGUMENT, E_STATE (while a write is under way in another thread), E_CLOSED, E_FORKED.*/
int32_t pygrpc_stream_half_close(pygrpc_stream *stream, pygrpc_error **error);

/* Receives the next message. PYGRPC_OK with a message; PYGRPC_END once, when the RPC has ended with
 * status OK and all messages were read; PYGRPC_PENDING if none came within timeout_ms. The one
 * response of a unary response is given out only after its status: then, too, END follows it.
 * Errors: E_ARGUMENT, E_STATUS (how the RPC ended; given once), E_STATE (after the end, a second
 * reader), E_JSON and E_WIRE (a response without JSON form; it is skipped, read on), E_CLOSED,
 * E_FORKED. */
int32_t pygrpc_stream_read(pygrpc_stream *stream, int64_t timeout_ms, char **message, size_t *size,
                           pygrpc_error **error);

/* Receives all messages that are there once the first is, up to `max`, which saves whoever reads
 * many small ones most of what each costs. As JSON they are one array; with the codec "binary" one
 * after the other, each behind a byte 0 and its size in four bytes, the highest first, as gRPC
 * frames them. Otherwise as pygrpc_stream_read(): it waits for no more than the first, the one
 * response of a unary response is an array of one, and the two may be mixed. Where a response has
 * no JSON form those before it are given out, and the next read tells.
 * Errors: as of pygrpc_stream_read(); E_ARGUMENT also for a max of 0. */
int32_t pygrpc_stream_read_many(pygrpc_stream *stream, size_t max, int64_t timeout_ms,
                                char **messages, size_t *size, pygrpc_error **error);

/* The cardinality of the method, PYGRPC_UNARY_UNARY to PYGRPC_STREAM_STREAM; PYGRPC_E_ARGUMENT for
 * NULL. */
int32_t pygrpc_stream_cardinality(const pygrpc_stream *stream);

/* Gives the server's initial metadata as a JSON object, {"key": ["value", ...]}, "-bin" values in
 * base64; {} if the RPC ended without. PYGRPC_PENDING if they have not arrived within timeout_ms.
 * On a queue without an fd, which does no I/O of itself, this and the next two functions wait for
 * another thread that polls it: ask with timeout 0 where there is none. Errors: E_ARGUMENT,
 * E_CLOSED, E_FORKED. */
int32_t pygrpc_stream_headers(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size,
                              pygrpc_error **error);

/* Gives the server's trailing metadata in the same form. They arrive with the status, after all
 * messages were read. PYGRPC_PENDING if that is not so within timeout_ms.
 * Errors: E_ARGUMENT, E_CLOSED, E_FORKED. */
int32_t pygrpc_stream_trailers(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size,
                               pygrpc_error **error);

/* Gives what the RPC came to, as a JSON object. Waits up to timeout_ms for its end; PYGRPC_OK also
 * if it has not ended by then, with what is known so far. Of a stream of responses the end arrives
 * after all messages were read. What is not known, or not yet, is left out, save method, target,
 * cardinality, ended, messagesSent, messagesReceived and timing:
 *   method            "/helloworld.Greeter/SayHello"
 *   target            as given to pygrpc_client_new()
 *   cardinality       "unary_unary", "unary_stream", "stream_unary" or "stream_stream"
 *   peer              the server's address, "ipv4:127.0.0.1:50051"
 *   ended             true once the RPC has a status; until then the five rows below headers are
 *                     not there
 *   headers           as pygrpc_stream_headers()
 *   status            0, 5; statusName: "OK", "NOT_FOUND"
 *   message           of the status, as the server gave it
 *   details           as in pygrpc_error_json(); there may be some with OK, too
 *   trailers          as pygrpc_stream_trailers()
 *   messagesSent      requests that were given to gRPC
 *   messagesReceived  responses that arrived, asked for or read ahead
 *   timing            an object of milliseconds, with fractions, since the RPC was started:
 *                     connect (until the RPC had a connection; only if the channel was not ready),
 *                     headers, firstMessage, total. Each is the time when this process saw it:
 *                     of a stream without a queue nothing is seen while nobody waits, and of a
 *                     unary call on a queue everything comes with the status.
 * Errors: E_ARGUMENT, E_FORKED. */
int32_t pygrpc_stream_info(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size,
                           pygrpc_error **error);

/* Cancels the RPC; a read under way ends with PYGRPC_E_STATUS (CANCELLED). Does not wait. After the
 * end it does nothing. Errors: E_ARGUMENT. */
int32_t pygrpc_stream_cancel(pygrpc_stream *stream, pygrpc_error **error);

/* Frees a stream. An RPC that has not ended is cancelled. */
void pygrpc_stream_free(pygrpc_stream *stream);

/* ---- Async -----------------------------------------------------------------------------------*/

/* A queue gathers what became of asynchronous reads and writes; see pygrpc_stream_open(). It is
 * used in one of two ways. Without an fd, the threads that poll it do the I/O themselves: a loop of
 * one's own that calls pygrpc_queue_poll() and nothing else. With an fd, for event loops, one
 * thread of the library does the I/O of all such queues of the process, and writes one byte to the
 * fd when the queue becomes non-empty; the loop then reads the fd and polls with timeout 0 until
 * PENDING, or until it gets fewer events than it asked for. Before that no other byte comes. Once a
 * stream of responses was read from, that thread reads ahead: up to 64 KiB, of which each message
 * takes some hundred bytes besides its own.
 *
 * Every read or write that was accepted becomes exactly one event, also after cancellation and
 * after the stream was freed; none does after the queue was freed. No callback is ever made. */

/* Makes a queue. Errors: E_ARGUMENT. */
int32_t pygrpc_queue_new(pygrpc_queue **queue, pygrpc_error **error);

/* Cancels what is in flight on the queue, waits until it is over (which takes no network), and
 * frees the queue. Its streams stay valid handles; nothing more can be started on them. No other
 * thread may be polling. */
void pygrpc_queue_free(pygrpc_queue *queue);

/* Gives out up to `max` events, each to be freed with pygrpc_event_free(), and their number. Waits
 * for the first. PYGRPC_OK with one or more; PYGRPC_PENDING with none, after timeout_ms or
 * pygrpc_queue_wakeup(). Messages are converted here. Any number of threads may poll.
 * Errors: E_ARGUMENT, E_FORKED. */
int32_t pygrpc_queue_poll(pygrpc_queue *queue, int64_t timeout_ms, pygrpc_event **events,
                          size_t max, size_t *count, pygrpc_error **error);

/* Makes a poll that is waiting, or else the next one, return at once. Any thread.
 * Errors: E_ARGUMENT. */
int32_t pygrpc_queue_wakeup(pygrpc_queue *queue, pygrpc_error **error);

/* Has a byte written to `fd` whenever the queue becomes non-empty, or is woken. The fd is the
 * caller's: a pipe or socket, or an eventfd, to which 1 is added; best non-blocking (a full one is
 * no fault). -1 ends the writing, which must come before the fd is closed: once the function has
 * returned, nothing is written to the fd that was set before. To be called before the first stream
 * of the queue. Errors: E_ARGUMENT (an fd that is not open, or not for writing), E_STATE (the queue
 * has been used without an fd). */
int32_t pygrpc_queue_set_fd(pygrpc_queue *queue, int32_t fd, pygrpc_error **error);

/* Asks for the next message of a stream that has a queue. Its event has PYGRPC_OK and the message,
 * PYGRPC_END, or an error, as pygrpc_stream_read(); `tag` is the caller's own.
 * Errors: E_ARGUMENT, E_STATE (no queue, a read under way, after the end), E_CLOSED, E_FORKED. */
int32_t pygrpc_stream_read_async(pygrpc_stream *stream, uint64_t tag, pygrpc_error **error);

/* Asks for all messages that are there when the event is given out, up to `max`, in the form of
 * pygrpc_stream_read_many(). On a queue without an fd, where nothing is read ahead, that is one.
 * Otherwise as pygrpc_stream_read_async(); the read is under way until its event is polled.
 * Errors: as of pygrpc_stream_read_async(); E_ARGUMENT also for a max of 0. */
int32_t pygrpc_stream_read_many_async(pygrpc_stream *stream, size_t max, uint64_t tag,
                                      pygrpc_error **error);

/* Sends a message on a stream that has a queue. Its event has PYGRPC_OK when the message is on its
 * way, so that the next one may follow, or PYGRPC_END when the server takes no more.
 * Errors: E_ARGUMENT, E_JSON, E_STATE (no queue, a write under way, after half-close, a method with
 * one request), E_CLOSED, E_FORKED. */
int32_t pygrpc_stream_write_async(pygrpc_stream *stream, const char *message, size_t size,
                                  uint64_t tag, pygrpc_error **error);

/* The tag that the operation was given. 0 for NULL. */
uint64_t pygrpc_event_tag(const pygrpc_event *event);

/* PYGRPC_OK, PYGRPC_END, or the code of the event's error. PYGRPC_E_ARGUMENT for NULL. */
int32_t pygrpc_event_code(const pygrpc_event *event);

/* The message of a read, NUL-terminated, and its size; NULL if there is none. Borrowed. */
const char *pygrpc_event_message(const pygrpc_event *event, size_t *size);

/* The error of the event; NULL if there is none. Borrowed: it is freed with the event. */
const pygrpc_error *pygrpc_event_error(const pygrpc_event *event);

void pygrpc_event_free(pygrpc_event *event);

#ifdef PYGRPC_BUILDING_LIBRARY
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PYGRPC_H_ */
