// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "peer.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <string_view>
#include <thread>

#include "abi_check.h"

namespace pygrpc::fuzz {
namespace {

enum FrameType : uint8_t { kData = 0, kHeaders = 1, kSettings = 4, kPing = 6, kWindowUpdate = 8 };
enum FrameFlag : uint8_t { kNone = 0, kAck = 1, kEndStream = 1, kEndHeaders = 4 };

constexpr size_t kFrameHead = 9;
constexpr size_t kMessageHead = 5;
constexpr size_t kMaxFrame = 16384;
constexpr size_t kPreface = 24;

void AppendNumber(uint64_t number, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) *out += static_cast<char>(number >> (8 * i) & 0xFF);
}

uint32_t ReadNumber(std::string_view bytes) {
  uint32_t number = 0;
  for (char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  AppendNumber(payload.size(), 3, &frame);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  AppendNumber(stream, 4, &frame);
  return frame.append(payload);
}

// A text of HPACK, not compressed.
void AppendText(std::string_view text, std::string* block) {
  constexpr size_t kPrefix = 0x7F;
  if (text.size() < kPrefix) {
    *block += static_cast<char>(text.size());
  } else {
    *block += static_cast<char>(kPrefix);
    size_t rest = text.size() - kPrefix;
    for (; rest >= 0x80; rest >>= 7) *block += static_cast<char>((rest & 0x7F) | 0x80);
    *block += static_cast<char>(rest);
  }
  block->append(text);
}

void AppendFields(const Script::Fields& fields, std::string* block) {
  for (const auto& [name, value] : fields) {
    *block += '\0';  // a literal that enters no table
    AppendText(name, block);
    AppendText(value, block);
  }
}

std::string Opening(const Script& script) {
  std::string block;
  AppendFields({{":status", "200"}, {"content-type", "application/grpc"}}, &block);
  AppendFields(script.headers, &block);
  return block;
}

std::string Message(std::string_view content, bool compressed) {
  std::string message(1, compressed ? '\1' : '\0');
  AppendNumber(content.size(), 4, &message);
  return message.append(content);
}

class Connection {
 public:
  Connection(int fd, const Peer* peer) : fd_(fd), peer_(*peer) {}
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Serve() {
    std::string preface;
    if (!Receive(kPreface, &preface)) return;
    constexpr uint32_t kWindow = 1U << 30;
    std::string settings;
    AppendNumber(4, 2, &settings);  // SETTINGS_INITIAL_WINDOW_SIZE
    AppendNumber(kWindow, 4, &settings);
    std::string window;
    AppendNumber(kWindow, 4, &window);
    Send(Frame(kSettings, kNone, 0, settings) + Frame(kWindowUpdate, kNone, 0, window));
    std::string head;
    std::string payload;
    while (Receive(kFrameHead, &head)) {
      const std::string_view view = head;
      if (!Receive(ReadNumber(view.substr(0, 3)), &payload)) return;
      Take(static_cast<FrameType>(head[3]), static_cast<uint8_t>(head[4]),
           ReadNumber(view.substr(5)), payload);
    }
  }

 private:
  bool Receive(size_t size, std::string* bytes) {
    bytes->resize(size);
    size_t done = 0;
    while (done < size) {
      const ssize_t count = recv(fd_, bytes->data() + done, size - done, 0);
      if (count <= 0) return false;
      done += static_cast<size_t>(count);
    }
    return true;
  }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      // cppcheck-suppress danglingTemporaryLifetime ; the temporary of a caller lives until its end
      const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;  // reading notices it
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }

  void Take(FrameType type, uint8_t flags, uint32_t stream, const std::string& payload) {
    switch (type) {
      case kSettings:
        if ((flags & kAck) == 0) Send(Frame(kSettings, kAck, 0, ""));
        break;
      case kPing:
        if ((flags & kAck) == 0) Send(Frame(kPing, kAck, 0, payload));
        break;
      case kWindowUpdate:
        if (stream == 0) window_ += ReadNumber(payload);
        Flush();
        break;
      case kHeaders:
        Begin(stream);
        break;
      case kData:
        Echo(stream, payload);
        break;
      default:
        break;
    }
    const bool ends = (type == kData || type == kHeaders) && (flags & kEndStream) != 0;
    if (ends) End(stream);
  }

  void Begin(uint32_t stream) {
    const std::shared_ptr<const Script> script = peer_.script();
    if (!script->trailers_only) {
      Queue(Frame(kHeaders, kEndHeaders, stream, Opening(*script)));
    }
    if (script->echo) {
      echoes_[stream] = script;
      return;
    }
    if (!script->trailers_only) {
      for (const std::string& message : script->messages)
        SendMessage(stream, message, script->compressed);
    }
    Finish(stream, *script);
  }

  void SendMessage(uint32_t stream, std::string_view content, bool compressed) {
    const std::string message = Message(content, compressed);
    for (size_t at = 0; at < message.size(); at += kMaxFrame) {
      Queue(Frame(kData, kNone, stream, std::string_view(message).substr(at, kMaxFrame)));
    }
  }

  void Finish(uint32_t stream, const Script& script) {
    std::string block = script.trailers_only ? Opening(script) : std::string();
    AppendFields(script.trailers, &block);
    Queue(Frame(kHeaders, kEndHeaders | kEndStream, stream, block));
  }

  void Echo(uint32_t stream, const std::string& payload) {
    if (echoes_.count(stream) == 0) return;
    std::string& bytes = received_[stream];
    bytes += payload;
    while (bytes.size() >= kMessageHead) {
      const size_t size = ReadNumber(std::string_view(bytes).substr(1, 4));
      if (bytes.size() < kMessageHead + size) return;
      SendMessage(stream, std::string_view(bytes).substr(kMessageHead, size), false);
      bytes.erase(0, kMessageHead + size);
    }
  }

  void End(uint32_t stream) {
    const auto found = echoes_.find(stream);
    if (found == echoes_.end()) return;
    Finish(stream, *found->second);
    echoes_.erase(found);
    received_.erase(stream);
  }

  // In order, and DATA only as far as the connection's window reaches. A stream's own is never
  // exceeded: inputs are small.
  void Queue(std::string frame) {
    waiting_.push_back(std::move(frame));
    Flush();
  }

  void Flush() {
    std::string bytes;
    size_t count = 0;
    for (; count < waiting_.size(); ++count) {
      const std::string& frame = waiting_[count];
      if (static_cast<FrameType>(frame[3]) == kData) {
        const auto size = static_cast<int64_t>(frame.size() - kFrameHead);
        if (size > window_) break;
        window_ -= size;
      }
      bytes += frame;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(count));
    Send(bytes);
  }

  const int fd_;
  const Peer& peer_;
  int64_t window_ = 65535;
  std::vector<std::string> waiting_;
  std::map<uint32_t, std::shared_ptr<const Script>> echoes_;
  std::map<uint32_t, std::string> received_;
};

}  // namespace

Peer::Peer() : script_(std::make_shared<const Script>()) {
  const std::string name = "pygrpc-fuzz-" + std::to_string(getpid());
  target_ = "unix-abstract:" + name;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener, SOMAXCONN) != 0) {
    Fail("cannot listen on " + target_ + ": " + std::strerror(errno));
  }
  std::thread([this, listener] {
    while (true) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      std::thread([this, fd] { Connection(fd, this).Serve(); }).detach();
    }
  }).detach();
}

Peer& Peer::Get() {
  // Its threads outlive main().
  static auto* const peer = new Peer;
  return *peer;
}

void Peer::Follow(Script script) {
  auto next = std::make_shared<const Script>(std::move(script));
  std::lock_guard<std::mutex> lock(mutex_);
  script_ = std::move(next);
}

std::shared_ptr<const Script> Peer::script() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return script_;
}

void KeepConnected() {
  static auto* const client = new Client(Peer::Get().target().c_str(), nullptr);
  static const Outcome ready = Must("pygrpc_client_wait_ready",
                                    Run("pygrpc_client_wait_ready", {}, [](pygrpc_error** error) {
                                      return pygrpc_client_wait_ready(*client, 10000, error);
                                    }));
  static_cast<void>(ready);
}

}  // namespace pygrpc::fuzz
