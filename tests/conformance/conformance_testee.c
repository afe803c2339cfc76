/* Copyright 2026 The pygrpc Authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The program that protobuf's conformance runner talks to: it answers each
 * conformance.ConformanceRequest on stdin with a conformance.ConformanceResponse on stdout, both
 * behind their length in four little-endian bytes. All the work is done by the public C ABI; the
 * envelope is read and written by hand, so that a fault in the library cannot hide itself.
 *
 * Usage: conformance-testee DIRECTORY   (which holds google/protobuf/test_messages_proto*.proto)
 * At the end it says on stderr how many tests it was asked.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pygrpc.h"

/* conformance.WireFormat */
enum { kProtobuf = 1, kJson = 2 };
/* conformance.TestCategory */
enum { kIgnoreUnknown = 3 };
/* Fields of conformance.ConformanceRequest. */
enum {
  kRequestProtobufPayload = 1,
  kRequestJsonPayload = 2,
  kRequestOutputFormat = 3,
  kRequestMessageType = 4,
  kRequestTestCategory = 5,
  kRequestJspbPayload = 7,
  kRequestTextPayload = 8
};
/* Fields of conformance.ConformanceResponse. */
enum {
  kResponseParseError = 1,
  kResponseRuntimeError = 2,
  kResponseProtobufPayload = 3,
  kResponseJsonPayload = 4,
  kResponseSkipped = 5,
  kResponseSerializeError = 6
};

typedef struct {
  const char* data;
  size_t size;
} Bytes;

typedef struct {
  int payload_field; /* 0 when the request holds no payload: an empty message of unknown form */
  Bytes payload;
  Bytes message_type;
  uint64_t output_format;
  uint64_t test_category;
} Request;

static void Die(const char* what) {
  fprintf(stderr, "conformance-testee: %s\n", what);
  exit(1);
}

static void* Allocate(size_t size) {
  void* memory = malloc(size == 0 ? 1 : size);
  if (memory == NULL) Die("out of memory");
  return memory;
}

typedef struct {
  int json;   /* tests with JSON on either side */
  int binary; /* protobuf in, protobuf out */
  int others; /* text format: skipped */
} Counts;

/* --- the envelope ---------------------------------------------------------------------------- */

static int TryReadVarint(Bytes* in, uint64_t* value) {
  int shift;
  *value = 0;
  for (shift = 0; shift < 64 && in->size > 0; shift += 7) {
    unsigned char byte = (unsigned char)*in->data;
    ++in->data;
    --in->size;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return 1;
  }
  return 0;
}

static int Skip(Bytes* in, uint64_t size) {
  if (size > in->size) return 0;
  in->data += size;
  in->size -= (size_t)size;
  return 1;
}

static int TryReadDelimited(Bytes* in, Bytes* value) {
  uint64_t size;
  if (!TryReadVarint(in, &size)) return 0;
  value->data = in->data;
  value->size = (size_t)size;
  return Skip(in, size);
}

static Request ReadRequest(Bytes in) {
  Request request;
  memset(&request, 0, sizeof request);
  while (in.size > 0) {
    uint64_t tag;
    uint64_t varint;
    Bytes bytes;
    if (!TryReadVarint(&in, &tag)) Die("a request that ends within a tag");
    if ((tag & 7) == 0) {
      if (!TryReadVarint(&in, &varint)) Die("a request that ends within a number");
      if (tag >> 3 == kRequestOutputFormat) request.output_format = varint;
      if (tag >> 3 == kRequestTestCategory) request.test_category = varint;
    } else if ((tag & 7) == 2) {
      if (!TryReadDelimited(&in, &bytes)) Die("a request that ends within a field");
      switch (tag >> 3) {
        case kRequestProtobufPayload:
        case kRequestJsonPayload:
        case kRequestJspbPayload:
        case kRequestTextPayload:
          request.payload_field = (int)(tag >> 3);
          request.payload = bytes;
          break;
        case kRequestMessageType:
          request.message_type = bytes;
          break;
      }
    } else {
      Die("a request with a field of unexpected wire type");
    }
  }
  return request;
}

static void WriteAll(const void* data, size_t size) {
  if (fwrite(data, 1, size, stdout) != size) Die("cannot write the response");
}

static size_t EncodeVarint(uint64_t value, unsigned char* to) {
  size_t size = 0;
  while (value >= 0x80) {
    to[size++] = (unsigned char)(value | 0x80);
    value >>= 7;
  }
  to[size++] = (unsigned char)value;
  return size;
}

/* Writes a response that consists of one field, as all responses do. */
static void Respond(int field, const char* data, size_t size) {
  unsigned char header[16];
  unsigned char length[4];
  size_t header_size;
  size_t total;
  header[0] = (unsigned char)(field << 3 | 2);
  header_size = 1 + EncodeVarint(size, header + 1);
  total = header_size + size;
  length[0] = (unsigned char)(total & 0xff);
  length[1] = (unsigned char)(total >> 8 & 0xff);
  length[2] = (unsigned char)(total >> 16 & 0xff);
  length[3] = (unsigned char)(total >> 24 & 0xff);
  WriteAll(length, sizeof length);
  WriteAll(header, header_size);
  WriteAll(data, size);
  if (fflush(stdout) != 0) Die("cannot write the response");
}

static void RespondText(int field, const char* text) { Respond(field, text, strlen(text)); }

static void RespondError(int field, pygrpc_error* error) {
  RespondText(field, pygrpc_error_message(error));
  pygrpc_error_free(error);
}

/* --- one test -------------------------------------------------------------------------------- */

/* Answers with the JSON of a message, or with the message itself once its JSON has been turned
 * back into it: protobuf in, protobuf out shall prove both directions. Fields that the schema does
 * not know are to survive that. */
static void FromBinary(pygrpc_client* client, const char* type, const Request* request,
                       Bytes bytes) {
  char* json = NULL;
  char* binary = NULL;
  size_t json_size = 0;
  size_t binary_size = 0;
  pygrpc_error* error = NULL;
  const char* options = request->output_format == kProtobuf ? "{\"keep_unknown\":true}" : NULL;
  int32_t code = pygrpc_binary_to_json(client, type, bytes.data, bytes.size, options, &json,
                                       &json_size, &error);
  if (code == PYGRPC_E_WIRE) {
    RespondError(kResponseParseError, error);
  } else if (code != PYGRPC_OK) {
    RespondError(code == PYGRPC_E_JSON ? kResponseSerializeError : kResponseRuntimeError, error);
  } else if (request->output_format == kJson) {
    Respond(kResponseJsonPayload, json, json_size);
  } else if (pygrpc_json_to_binary(client, type, json, json_size, options, &binary, &binary_size,
                                   &error) != PYGRPC_OK) {
    RespondError(kResponseRuntimeError, error);
  } else {
    Respond(kResponseProtobufPayload, binary, binary_size);
  }
  pygrpc_free(json);
  pygrpc_free(binary);
}

static void FromJson(pygrpc_client* client, const char* type, const Request* request) {
  const char* options =
      request->test_category == kIgnoreUnknown ? "{\"ignore_unknown\":true}" : NULL;
  char* binary = NULL;
  size_t size = 0;
  pygrpc_error* error = NULL;
  int32_t code = pygrpc_json_to_binary(client, type, request->payload.data, request->payload.size,
                                       options, &binary, &size, &error);
  if (code == PYGRPC_E_JSON) {
    RespondError(kResponseParseError, error);
  } else if (code != PYGRPC_OK) {
    RespondError(kResponseRuntimeError, error);
  } else if (request->output_format == kProtobuf) {
    Respond(kResponseProtobufPayload, binary, size);
  } else {
    Bytes bytes;
    bytes.data = binary;
    bytes.size = size;
    FromBinary(client, type, request, bytes);
  }
  pygrpc_free(binary);
}

static void Answer(pygrpc_client* client, const Request* request, Counts* counts) {
  char* type;
  if (request->payload_field == kRequestJspbPayload ||
      request->payload_field == kRequestTextPayload ||
      (request->output_format != kProtobuf && request->output_format != kJson)) {
    ++counts->others;
    RespondText(kResponseSkipped, "only binary and JSON are offered");
    return;
  }
  if (request->payload_field == kRequestJsonPayload || request->output_format == kJson) {
    ++counts->json;
  } else {
    ++counts->binary;
  }
  type = Allocate(request->message_type.size + 1);
  memcpy(type, request->message_type.data, request->message_type.size);
  type[request->message_type.size] = '\0';
  if (request->payload_field == kRequestJsonPayload) {
    FromJson(client, type, request);
  } else {
    FromBinary(client, type, request, request->payload);
  }
  free(type);
}

/* --- start and loop -------------------------------------------------------------------------- */

static void Load(pygrpc_client* client, const char* directory, const char* name) {
  pygrpc_error* error = NULL;
  size_t path_size = strlen(directory) + strlen(name) + 2;
  char* path = Allocate(path_size);
  char* text = NULL;
  size_t size = 0;
  size_t got;
  FILE* file;
  snprintf(path, path_size, "%s/%s", directory, name);
  file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  do {
    text = realloc(text, size + 65536);
    if (text == NULL) Die("out of memory");
    got = fread(text + size, 1, 65536, file);
    size += got;
  } while (got > 0);
  fclose(file);
  if (pygrpc_load_proto(client, name, text, size, &error) != PYGRPC_OK) {
    Die(pygrpc_error_message(error));
  }
  free(text);
  free(path);
}

int main(int argc, char** argv) {
  pygrpc_client* client = NULL;
  pygrpc_error* error = NULL;
  Counts counts = {0, 0, 0};
  unsigned char length[4];
  if (argc != 2) Die("usage: conformance-testee DIRECTORY");
  if (pygrpc_client_new(NULL, NULL, &client, &error) != PYGRPC_OK) {
    Die(pygrpc_error_message(error));
  }
  Load(client, argv[1], "google/protobuf/test_messages_proto2.proto");
  Load(client, argv[1], "google/protobuf/test_messages_proto3.proto");
  while (fread(length, 1, sizeof length, stdin) == sizeof length) {
    Request request;
    Bytes in;
    char* buffer;
    in.size = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 |
              (size_t)length[3] << 24;
    buffer = Allocate(in.size);
    in.data = buffer;
    if (fread(buffer, 1, in.size, stdin) != in.size) Die("a request that ends too early");
    request = ReadRequest(in);
    Answer(client, &request, &counts);
    free(buffer);
  }
  fprintf(stderr, "conformance-testee: %d JSON tests, %d binary tests, %d others\n", counts.json,
          counts.binary, counts.others);
  pygrpc_client_free(client);
  return 0;
}
