// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "commands.h"

#include <limits>

#include "run.h"

namespace pygrpc::cli {
namespace {

constexpr size_t kAny = std::numeric_limits<size_t>::max();
constexpr unsigned kServer = kConnectionFlags | kMetadataFlags | kOptionFlags;
constexpr unsigned kIntrospection = kSchemaFlags | kServer | kOutputFlags;

}  // namespace

const char kSummary[] = "Call any gRPC method by name, with JSON, and see what a server offers.";

const char* TitleOf(FlagGroup group) {
  switch (group) {
    case kSchemaFlags:
      return "Schema";
    case kConnectionFlags:
      return "Connection";
    case kMetadataFlags:
      return "Metadata";
    case kOutputFlags:
      return "Output";
    case kOptionFlags:
      return "Options of the library";
    case kCallFlags:
    case kWatchFlags:
    case kExportFlags:
    case kBase64Flags:
    case kDescribeFlags:
      break;
  }
  return "Of this command";
}

std::string HelpOf(const Flag& flag) {
  std::string help = flag.help;
  if (flag.environment != nullptr) help += std::string(" [$") + flag.environment + "]";
  return help;
}

const std::vector<Flag>& Flags() {
  using S = Settings;
  static const std::vector<Flag> flags = {
      {"--max-messages", "NUMBER", nullptr, kCallFlags,
       "end the call, cleanly, after so many responses", &S::max_messages},
      {"--keep-open", nullptr, nullptr, kCallFlags,
       "after the last request leave the call open, until the server ends it", &S::keep_open},
      {"--envelope", nullptr, nullptr, kCallFlags,
       "print one JSON object: headers, messages, trailers, status, details, timing", &S::envelope},
      {"--watch", nullptr, nullptr, kWatchFlags, "go on, and print each change", &S::watch},
      {"--descriptor-set-out", "FILE", nullptr, kExportFlags,
       "write a google.protobuf.FileDescriptorSet; - for standard output", &S::descriptor_set_out},
      {"--proto-out", "DIRECTORY", nullptr, kExportFlags, "write .proto files below this directory",
       &S::proto_out},
      {"--base64", nullptr, nullptr, kBase64Flags, "the bytes are written as base64", &S::base64},
      {"--text", nullptr, nullptr, kDescribeFlags,
       "print .proto text; what a terminal gets unless --json is given", &S::text},
      {"--json", nullptr, nullptr, kDescribeFlags,
       "print JSON; what a pipe or a file gets unless --text is given", &S::json},

      {"--proto", "FILE", "PYGRPC_PROTO", kSchemaFlags,
       "load this .proto file, or all of a directory (repeatable)", &S::protos},
      // The library reads PYGRPC_PROTO_PATH itself, after these.
      {"-I,--proto-path", "DIRECTORY", nullptr, kSchemaFlags,
       "look here for .proto files, before $PYGRPC_PROTO_PATH (repeatable)", &S::proto_paths},
      {"--descriptor-set", "FILE", "PYGRPC_DESCRIPTOR_SET", kSchemaFlags,
       "load this descriptor set of protoc or buf (repeatable)", &S::descriptor_sets},
      {"--reflection", nullptr, "PYGRPC_REFLECTION", kSchemaFlags,
       "ask the server, besides the files; what happens anyway where none is given",
       &S::reflection},

      {"--plaintext", nullptr, nullptr, kConnectionFlags,
       "no TLS; the default, unless a profile or a flag of TLS says otherwise", &S::plaintext},
      {"--tls", nullptr, "PYGRPC_TLS", kConnectionFlags,
       "TLS; implied by the flags of TLS that follow", &S::tls},
      {"--cacert", "FILE", "PYGRPC_CACERT", kConnectionFlags,
       "certificates to trust, in place of the system's (PEM)", &S::ca},
      {"--cert", "FILE", "PYGRPC_CERT", kConnectionFlags, "the client's certificate chain (PEM)",
       &S::certificate},
      {"--key", "FILE", "PYGRPC_KEY", kConnectionFlags, "the client's private key (PEM)", &S::key},
      {"--insecure", nullptr, nullptr, kConnectionFlags,
       "TLS that accepts any certificate: open to impostors", &S::insecure},
      {"--servername", "NAME", "PYGRPC_SERVERNAME", kConnectionFlags,
       "the name that the server's certificate must bear", &S::server_name},
      {"--authority", "NAME", "PYGRPC_AUTHORITY", kConnectionFlags, "the :authority of calls",
       &S::authority},
      {"--timeout", "DURATION", "PYGRPC_TIMEOUT", kConnectionFlags,
       "the deadline: 2.5, 250ms, 2s, 1m or none; 10 s for unary calls, none for streams",
       &S::timeout},

      {"-H,--header", "HEADER", nullptr, kMetadataFlags,
       "metadata, 'key: value', of calls and of reflection; of -bin keys base64 (repeatable)",
       &S::headers},
      {"--reflect-header", "HEADER", nullptr, kMetadataFlags,
       "metadata of reflection alone (repeatable)", &S::reflect_headers},
      {"--env-headers", nullptr, "PYGRPC_ENV_HEADERS", kMetadataFlags,
       "replace ${NAME} in the values of headers by the environment's NAME", &S::env_headers},

      {"-o,--option", "KEY=VALUE", nullptr, kOptionFlags,
       "any option of the library: -o tls.min_version=1.3; pygrpc options lists them (repeatable)",
       &S::options},

      {"--pretty", nullptr, nullptr, kOutputFlags, "JSON on several lines; what a terminal gets",
       &S::pretty},
      {"--compact", nullptr, nullptr, kOutputFlags,
       "JSON on one line each; what a pipe or a file gets", &S::compact},
      {"--color", "WHEN", "PYGRPC_COLOR", kOutputFlags,
       "always, never or auto: on a terminal, unless NO_COLOR is set", &S::color},
  };
  return flags;
}

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"call",
       "TARGET METHOD [REQUEST...]",
       "call a method",
       "The request is JSON, @FILE with JSON, or - for standard input; or fields: name=text, "
       "count:=3 and tags:='[\"a\"]' for JSON, place.city=text for messages in messages. Without "
       "any, a method that takes one request gets {}.\n"
       "A method that takes a stream of requests reads JSON values from standard input, and sends "
       "each when it is complete; several REQUESTs, and several values in a file, are sent in "
       "order.\n"
       "Responses are printed when they arrive.",
       kCallFlags | kIntrospection,
       2,
       kAny,
       {{"Call a unary method, with fields:", "pygrpc call localhost:50051 SayHello name=you"},
        {"Send a stream of requests as they are written:",
         "tail -f points.json | pygrpc call localhost:50051 routeguide.RouteGuide/RecordRoute"}},
       RunCall},
      {"list",
       "[TARGET] [SYMBOL]",
       "list the services, or the methods of one",
       "Without SYMBOL the names of all services, with a service its methods, with a method what "
       "it takes and gives.",
       kIntrospection,
       0,
       2,
       {{"What a server offers:", "pygrpc list localhost:50051"},
        {"The methods of a service in a file:",
         "pygrpc list --proto helloworld.proto helloworld.Greeter"}},
       RunList},
      {"describe",
       "[TARGET] [SYMBOL]",
       "show how services, methods, messages, fields or enums are declared",
       "Without SYMBOL, all services. On a terminal it is .proto text with its comments, "
       "through $PAGER where it is long; elsewhere JSON with everything that is known.",
       kDescribeFlags | kIntrospection,
       0,
       2,
       {{"Read a message's declaration:",
         "pygrpc describe localhost:50051 helloworld.HelloRequest"},
        {"A method's, as JSON, from a file:",
         "pygrpc describe --json --proto helloworld.proto SayHello"}},
       RunDescribe},
      {"template",
       "[TARGET] TYPE",
       "print a message with an example in each field",
       "Of a method, its request; ready to be edited and sent.",
       kIntrospection,
       1,
       2,
       {{"A request to start from:", "pygrpc template localhost:50051 SayHello > request.json"},
        {"Of a message in a file:",
         "pygrpc template --proto route_guide.proto routeguide.Rectangle"}},
       RunTemplate},
      {"schema",
       "[TARGET] TYPE",
       "print the JSON Schema of a message",
       "Of a method, that of its request. The options proto_names, enum_numbers and int64_numbers "
       "change the schema as they change messages.",
       kIntrospection,
       1,
       2,
       {{"Of a message:", "pygrpc schema localhost:50051 helloworld.HelloReply"},
        {"Of what a method takes, with names as in the .proto:",
         "pygrpc schema -o proto_names=true localhost:50051 ListFeatures"}},
       RunSchema},
      {"tools",
       "[TARGET] [METHOD...]",
       "print tool definitions for language models",
       "An array with the name, description and input schema of each METHOD, or of all.",
       kIntrospection,
       0,
       kAny,
       {{"Of all methods:", "pygrpc tools localhost:50051 > tools.json"},
        {"Of one, from a file:", "pygrpc tools --proto helloworld.proto SayHello"}},
       RunTools},
      {"export",
       "[TARGET] [SYMBOL...]",
       "write the schema into files",
       "The files that declare the SYMBOLs, and all that they import; without any, all. Prints the "
       "names of the files that they declare. No file is written outside the directory, whatever "
       "the server calls it.",
       kExportFlags | kIntrospection,
       0,
       kAny,
       {{"Get .proto files from a server:", "pygrpc export --proto-out protos localhost:50051"},
        {"A descriptor set of one service:",
         "pygrpc export --descriptor-set-out greeter.binpb localhost:50051 helloworld.Greeter"}},
       RunExport},
      {"encode",
       "[TARGET] TYPE [MESSAGE...]",
       "turn JSON into the bytes of a message",
       "MESSAGE is JSON, @FILE, fields, or - for standard input, which is read where there is "
       "none. "
       "The bytes go to standard output as they are, or as a line of base64.",
       kBase64Flags | kIntrospection,
       1,
       kAny,
       {{"Write a message into a file:",
         "pygrpc encode --proto helloworld.proto HelloRequest name=you > request.bin"},
        {"As base64:",
         "pygrpc encode --base64 localhost:50051 HelloRequest '{\"name\": \"you\"}'"}},
       RunEncode},
      {"decode",
       "[TARGET] TYPE [BYTES]",
       "turn the bytes of a message into JSON",
       "BYTES is @FILE, or - for standard input, which is read where there is none; with --base64 "
       "also the text itself.",
       kBase64Flags | kIntrospection,
       1,
       3,
       {{"Read a message from a file:",
         "pygrpc decode --proto helloworld.proto HelloRequest @request.bin"},
        {"From base64:", "pygrpc decode --base64 localhost:50051 HelloRequest CgN5b3U="}},
       RunDecode},
      {"health",
       "TARGET [SERVICE]",
       "ask a server for its health",
       "Of a SERVICE, or of the server as a whole, by grpc.health.v1.Health. The exit status is 0 "
       "only if it is SERVING.",
       kWatchFlags | kServer | kOutputFlags,
       1,
       2,
       {{"Is the server up?", "pygrpc health --timeout 2s localhost:50051"},
        {"Print each change of a service's health:",
         "pygrpc health --watch localhost:50051 helloworld.Greeter"}},
       RunHealth},
      {"options",
       "",
       "list the options of the library, for -o",
       "Name, type, default, range and help of each, for clients, calls and loading.",
       kOutputFlags,
       0,
       0,
       {{"Read them:", "pygrpc options"},
        {"Only the names of a client's:", "pygrpc options | jq -r '.client[].name'"}},
       RunOptions},
      {"completion",
       "SHELL",
       "print what completes this command in bash, zsh or fish",
       "Installed with the command, where the shells look for it; this is for other places. "
       "Completed are commands, flags, profiles, methods and other names of the schema, and fields "
       "of requests. A server's schema is asked for then, within two seconds, or "
       "$PYGRPC_COMPLETION_SECONDS.",
       0,
       1,
       1,
       {{"In ~/.bashrc:", "source <(pygrpc completion bash)"},
        {"For fish:", "pygrpc completion fish > ~/.config/fish/completions/pygrpc.fish"}},
       RunCompletion},
  };
  return commands;
}

const std::vector<Topic>& Topics() {
  static const std::vector<Topic> topics = {
      {"Exit status",
       {{"0", "it went well"},
        {"1", "it failed before or after the RPC, or standard output was closed"},
        {"2", "wrong usage"},
        {"64 + N", "the RPC ended with the gRPC status N: 69 is NOT_FOUND, 78 UNAVAILABLE"}}},
      {"Environment",
       {{"PYGRPC_CONFIG", "the file of profiles, in place of ~/.config/pygrpc/config.json"},
        {"PYGRPC_PROTO_PATH", "directories to look for .proto files in, with : between"},
        {"PYGRPC_LOG", "a log of the library, on standard error: error, info or debug"},
        {"PYGRPC_COMPLETION_SECONDS", "how long a shell waits for a completion; 2"},
        {"NO_COLOR", "no colours, unless --color says otherwise"}}},
  };
  return topics;
}

}  // namespace pygrpc::cli
