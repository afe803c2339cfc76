// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any texts as the requests of a stream, whose server sends back what it gets; NUL bytes part them.
// The first byte chooses blocking reads and writes, or those of a queue. A text that is no message
// leaves the stream as it was; what comes back for the others is what the same conversions make.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "abi_check.h"
#include "peer.h"

namespace pygrpc::fuzz {
namespace {

constexpr int64_t kWaitMs = 10000;
constexpr size_t kMaxMessages = 16;
constexpr char kType[] = "pygrpc.test.AllTypes";

pygrpc_client* TheClient() {
  static Client* const client = [] {
    auto* made = new Client(Peer::Get().target().c_str(), R"({"reflection": false})");
    LoadTestSchema(*made);
    Script echo;
    echo.echo = true;
    echo.trailers = {{"grpc-status", "0"}};
    Peer::Get().Follow(std::move(echo));
    return made;
  }();
  return *client;
}

std::vector<std::string> Split(std::string_view input) {
  std::vector<std::string> texts;
  while (texts.size() < kMaxMessages) {
    const size_t end = input.find('\0');
    texts.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  return texts;
}

// What the server's copy of a message should be given out as.
Outcome Expected(const std::string& text) {
  const Outcome binary = RunText("pygrpc_json_to_binary", {PYGRPC_E_JSON}, [&](auto... out) {
    return pygrpc_json_to_binary(TheClient(), kType, text.data(), text.size(), nullptr, out...);
  });
  if (!binary.ok()) return binary;
  return RunText("pygrpc_binary_to_json", {PYGRPC_E_JSON, PYGRPC_E_WIRE}, [&](auto... out) {
    return pygrpc_binary_to_json(TheClient(), kType, binary.text.data(), binary.text.size(),
                                 nullptr, out...);
  });
}

void CheckSame(const Outcome& expected, const Outcome& read) {
  if (read.code != expected.code || read.text != expected.text) {
    Fail("not what was sent:\n" + expected.text + expected.error + "\n" + read.text + read.error);
  }
}

pygrpc_stream* Open(pygrpc_queue* queue) {
  pygrpc_stream* stream = nullptr;
  Must("pygrpc_stream_open", Run("pygrpc_stream_open", {}, [&](pygrpc_error** error) {
         return pygrpc_stream_open(TheClient(), "EchoBidi", PYGRPC_STREAM_STREAM, nullptr, 0,
                                   nullptr, queue, &stream, error);
       }));
  return stream;
}

void HalfClose(pygrpc_stream* stream) {
  Must("pygrpc_stream_half_close", Run("pygrpc_stream_half_close", {}, [&](pygrpc_error** error) {
         return pygrpc_stream_half_close(stream, error);
       }));
}

void Blocking(const std::vector<std::string>& texts) {
  pygrpc_stream* stream = Open(nullptr);
  const auto read = [stream] {
    return RunText("pygrpc_stream_read", {PYGRPC_E_JSON, PYGRPC_E_WIRE},
                   [&](auto... out) { return pygrpc_stream_read(stream, kWaitMs, out...); });
  };
  for (const std::string& text : texts) {
    const Outcome expected = Expected(text);
    const Outcome written = Run("pygrpc_stream_write", {PYGRPC_E_JSON}, [&](pygrpc_error** error) {
      return pygrpc_stream_write(stream, text.data(), text.size(), kWaitMs, error);
    });
    if (written.ok()) {
      CheckSame(expected, read());
    } else if (written.code != expected.code) {
      Fail("the write came to something else: " + expected.error + written.error);
    }
  }
  HalfClose(stream);
  if (read().code != PYGRPC_END) Fail("the stream does not end");
  pygrpc_stream_free(stream);
}

// The event of the operation that has just begun.
Outcome Poll(pygrpc_queue* queue, uint64_t tag) {
  pygrpc_event* event = nullptr;
  size_t count = 0;
  Must("pygrpc_queue_poll", Run("pygrpc_queue_poll", {}, [&](pygrpc_error** error) {
         return pygrpc_queue_poll(queue, kWaitMs, &event, 1, &count, error);
       }));
  if (count != 1 || pygrpc_event_tag(event) != tag) Fail("another event than that which was due");
  Outcome outcome;
  outcome.code = pygrpc_event_code(event);
  size_t size = 0;
  if (const char* message = pygrpc_event_message(event, &size)) outcome.text.assign(message, size);
  if (const pygrpc_error* fault = pygrpc_event_error(event)) {
    outcome.error = pygrpc_error_json(fault);
    CheckIsJson("pygrpc_event_error", outcome.error);
  }
  pygrpc_event_free(event);
  return outcome;
}

void OnQueue(const std::vector<std::string>& texts) {
  pygrpc_queue* queue = nullptr;
  Must("pygrpc_queue_new", Run("pygrpc_queue_new", {}, [&](pygrpc_error** error) {
         return pygrpc_queue_new(&queue, error);
       }));
  pygrpc_stream* stream = Open(queue);
  uint64_t tag = 0;
  const auto read = [&] {
    Must("pygrpc_stream_read_async", Run("pygrpc_stream_read_async", {}, [&](pygrpc_error** error) {
           return pygrpc_stream_read_async(stream, ++tag, error);
         }));
    return Poll(queue, tag);
  };
  for (const std::string& text : texts) {
    const Outcome expected = Expected(text);
    const Outcome begun =
        Run("pygrpc_stream_write_async", {PYGRPC_E_JSON}, [&](pygrpc_error** error) {
          return pygrpc_stream_write_async(stream, text.data(), text.size(), ++tag, error);
        });
    if (begun.ok()) {
      Must("the event of a write", Poll(queue, tag));
      CheckSame(expected, read());
    } else if (begun.code != expected.code) {
      Fail("the write came to something else: " + expected.error + begun.error);
    }
  }
  HalfClose(stream);
  if (read().code != PYGRPC_END) Fail("the stream does not end");
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  if (size < 1) return 0;
  StayOffline();
  TheClient();
  const std::vector<std::string> texts = Split(View(data + 1, size - 1));
  if (data[0] % 2 == 0) {
    Blocking(texts);
  } else {
    OnQueue(texts);
  }
  return 0;
}
