// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/reflection.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rpc/reflection_stream.h"
#include "rpc/status.h"
#include "schema/repair.h"
#include "schema/schema_cache.h"
#include "schema/snapshot.h"
#include "schema/wire_scan.h"

namespace pygrpc::rpc {
namespace {

using schema::CachedSchema;
using Question = ReflectionStream::Question;

constexpr int64_t kTimeoutMs = 10000;
// Longer names of files and symbols are not asked for: no compiler takes them.
constexpr size_t kMaxName = 4096;

std::string_view Scope(std::string_view name) {
  size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

// ---- The walk over a server's files

class Walk {
 public:
  Walk(ReflectionStream* stream, const ReflectionRequest& request, const std::string& target)
      : stream_(*stream), request_(request), name_("the reflection of " + target) {}

  ReflectedSchema Run() {
    if (request_.symbols.empty()) {
      stream_.Ask({Question::kListServices, "*"});
    } else {
      for (const std::string& symbol : request_.symbols) AskForSymbol(symbol);
      wanted_ = {request_.symbols.begin(), request_.symbols.end()};
    }
    do {
      while (stream_.expects_answers()) Take(stream_.Receive());
      AskForImports();
      AskForUnresolved();
    } while (stream_.expects_answers());
    stream_.Finish();
    ReflectedSchema schema;
    schema.undescribed = Undescribed();
    schema.files = std::move(files_);
    return schema;
  }

  // Services as listed, sorted; none where symbols were asked for.
  std::vector<std::string> services() const {
    if (!request_.symbols.empty()) return {};
    return {wanted_.begin(), wanted_.end()};
  }

 private:
  void AskForSymbol(const std::string& symbol) {
    if (symbol.size() > kMaxName || !asked_symbols_.insert(symbol).second) return;
    CountQuestion();
    stream_.Ask({Question::kFileContainingSymbol, symbol});
  }

  void AskForFile(std::string_view name) {
    if (name.size() > kMaxName || received_.count(name) > 0) return;
    if (!asked_files_.emplace(name).second) return;
    CountQuestion();
    stream_.Ask({Question::kFileByName, std::string(name)});
  }

  void CountQuestion() {
    if (static_cast<int64_t>(asked_files_.size()) > request_.options.max_files ||
        static_cast<int64_t>(asked_symbols_.size()) > request_.options.max_files) {
      ThrowTooMany();
    }
  }

  [[noreturn]] void ThrowTooMany() const {
    throw Error(Code::kSchema, name_ + " leads to more than " +
                                   std::to_string(request_.options.max_files) +
                                   " files, the option \"reflection_max_files\"; it has sent " +
                                   std::to_string(files_.size()));
  }

  void Take(const ReflectionStream::Answer& answer) {
    if (answer.question.kind == Question::kListServices) {
      if (!answer.error.empty()) {
        throw Error(Code::kSchema, name_ + " does not list its services (" + answer.error +
                                       "); load \"reflection:package.Service\", a .proto file or "
                                       "a descriptor set");
      }
      for (std::string_view service : answer.services) {
        if (service.empty() || service.size() > kMaxName) continue;
        if (wanted_.emplace(service).second) AskForSymbol(std::string(service));
      }
      return;
    }
    if (!answer.error.empty()) {
      // What needs it will say that it is missing.
      if (answer.question.kind == Question::kFileContainingSymbol) {
        errors_.emplace(answer.question.name, answer.error);
      }
      return;
    }
    for (std::string_view file : answer.files) TakeFile(file, answer.question);
  }

  void TakeFile(std::string_view bytes, const Question& question) {
    schema::FileOutline outline;
    if (!ScanFile(bytes, &outline) || outline.name.empty()) {
      throw Error(Code::kSchema, name_ + " answered " + Describe(question) +
                                     " with bytes that are no FileDescriptorProto");
    }
    auto [known, added] = received_.emplace(outline.name, files_.size());
    // The store of schemas tells whether two files of one name differ in what matters.
    if (!added && files_[known->second] == bytes) return;
    if (static_cast<int64_t>(files_.size()) >= request_.options.max_files) ThrowTooMany();
    files_.emplace_back(bytes);
    imports_.insert(outline.imports.begin(), outline.imports.end());
    Declare(outline);
  }

  // Most servers send what a file imports along with it, or with another one that was asked for.
  void AskForImports() {
    for (const std::string& import : imports_) AskForFile(import);
    imports_.clear();
  }

  void Declare(const schema::FileOutline& outline) {
    std::string scope(outline.package);
    if (!scope.empty()) scope += '.';
    for (const auto* declarations : {&outline.messages, &outline.enums, &outline.services}) {
      for (std::string_view declaration : *declarations) {
        declared_.insert(scope + std::string(schema::NameOf(declaration)));
      }
    }
    for (std::string_view extension : outline.extensions) {
      declared_.insert(scope + std::string(schema::NameOf(extension)));
    }
  }

  // The name itself, or what it is nested in. The index of built-in files is made when it is first
  // asked, so it comes last.
  bool IsDeclared(std::string_view name) const {
    for (std::string_view scope = name; !scope.empty(); scope = Scope(scope)) {
      if (declared_.count(std::string(scope)) > 0) return true;
    }
    for (std::string_view scope = name; !scope.empty(); scope = Scope(scope)) {
      if (schema::BuiltInLayer().FindSymbol(scope) != nullptr) return true;
    }
    return false;
  }

  // The types of imports that the server has not under that name may be in files that it has.
  void AskForUnresolved() {
    for (; repaired_ < files_.size(); ++repaired_) {
      std::string_view bytes = files_[repaired_];
      std::string_view package = schema::FindBytes(bytes, 2);
      for (std::string_view reference : schema::ReferencedTypes(bytes)) {
        // One word, and relative: something of the file's own.
        if (reference.find('.') == std::string_view::npos) continue;
        std::vector<std::string> names = schema::MeaningsOf(reference, package);
        bool known = std::any_of(names.begin(), names.end(),
                                 [this](const std::string& name) { return IsDeclared(name); });
        if (!known) AskForSymbol(names.back());
      }
    }
  }

  std::map<std::string, std::string> Undescribed() const {
    std::map<std::string, std::string> undescribed;
    for (const std::string& name : wanted_) {
      if (IsDeclared(name)) continue;
      auto error = errors_.find(name);
      undescribed[name] =
          error != errors_.end() ? error->second : "the answer has no file that declares it";
    }
    return undescribed;
  }

  ReflectionStream& stream_;
  const ReflectionRequest& request_;
  const std::string name_;
  std::set<std::string> wanted_;   // services listed, or the symbols asked for
  std::set<std::string> imports_;  // of the files that came since the last of them were asked for
  std::set<std::string, std::less<>> asked_files_;
  std::set<std::string> asked_symbols_;
  std::map<std::string, size_t, std::less<>> received_;  // file names, as places in files_
  std::vector<std::string> files_;
  std::unordered_set<std::string> declared_;
  std::map<std::string, std::string> errors_;  // by symbol
  size_t repaired_ = 0;                        // of files_
};

// ---- The cache

// Whether the server still says what it said: asks for the list of services and for the files of
// all of them, or of one, and compares all that comes. An answer that is not as it was is enough.
bool IsUnchanged(ReflectionStream* stream, const ReflectionRequest& request,
                 const CachedSchema& cached) {
  bool by_list = request.symbols.empty();
  std::vector<std::string> symbols = by_list ? cached.services : request.symbols;
  if (by_list) stream->Ask({Question::kListServices, "*"});
  if (request.options.check_list_only && by_list && symbols.size() > 1) symbols.resize(1);
  for (const std::string& symbol : symbols) {
    stream->Ask({Question::kFileContainingSymbol, symbol});
  }
  std::map<std::string_view, std::string_view> files;
  for (const std::string& file : cached.files) files.emplace(schema::NameOf(file), file);
  bool same = true;
  while (same && stream->expects_answers()) {
    ReflectionStream::Answer answer = stream->Receive();
    if (answer.question.kind == Question::kListServices) {
      std::set<std::string_view> listed(answer.services.begin(), answer.services.end());
      same =
          std::equal(listed.begin(), listed.end(), cached.services.begin(), cached.services.end());
      continue;
    }
    same = !answer.files.empty();
    for (std::string_view file : answer.files) {
      auto known = files.find(schema::NameOf(file));
      same = same && known != files.end() && known->second == file;
    }
  }
  if (same) stream->Finish();
  return same;
}

// ---- Versions, refusals

const char* ServiceOf(ReflectionVersion version) {
  return version == ReflectionVersion::kV1Alpha ? "grpc.reflection.v1alpha.ServerReflection"
                                                : "grpc.reflection.v1.ServerReflection";
}
const char* NameOf(ReflectionVersion version) {
  return version == ReflectionVersion::kV1Alpha ? "v1alpha" : "v1";
}

struct Refusal {
  ReflectionVersion version;
  Error error;
};

class Negotiation {
 public:
  Negotiation(std::shared_ptr<Channel> channel, const ReflectionRequest& request)
      : channel_(std::move(channel)), request_(request) {
    const ReflectionOptions& options = request.options;
    if (!options.cache_directory.empty()) cache_.emplace(options.cache_directory);
    std::optional<int64_t> limit = options.timeout_ms;
    std::optional<int64_t> of_call = request.call.timeout_ms;
    if (!limit) limit = of_call.value_or(kTimeoutMs);
    if (of_call && *of_call != kNone && (*limit == kNone || *of_call < *limit)) limit = of_call;
    if (*limit != kNone) deadline_ = Clock::now() + std::chrono::milliseconds(*limit);
  }

  ReflectedSchema Run(ReflectionVersion known) {
    ReflectionVersion first = request_.options.version;
    bool pinned = first != ReflectionVersion::kAny;
    if (!pinned) first = known == ReflectionVersion::kAny ? ReflectionVersion::kV1 : known;
    if (auto schema = Try(first)) return *std::move(schema);
    auto other =
        first == ReflectionVersion::kV1 ? ReflectionVersion::kV1Alpha : ReflectionVersion::kV1;
    if (!pinned && OtherVersionMayHelp(refusals_.front().error)) {
      if (auto schema = Try(other)) return *std::move(schema);
    }
    ThrowRefused(pinned);
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Notes on the way out, also that of an exception, whether the server answered anything.
  struct AnswerNote {
    const ReflectionStream& stream;
    bool* answered;
    ~AnswerNote() { *answered = *answered || stream.was_answered(); }
  };

  ReflectionStream Open(ReflectionVersion version) const {
    CallOptions options;
    options.metadata = request_.call.metadata;
    options.wait_for_ready = request_.call.wait_for_ready;
    options.timeout_ms = kNone;
    if (deadline_) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline_ - Clock::now());
      options.timeout_ms = std::max<int64_t>(0, left.count());
    }
    return ReflectionStream(channel_, ServiceOf(version), options, request_.options.max_size);
  }

  // Nothing if the server, or something before it, refuses to talk in that version.
  std::optional<ReflectedSchema> Try(ReflectionVersion version) {
    bool answered = false;
    try {
      ReflectedSchema schema = Ask(version, &answered);
      schema.version = version;
      return schema;
    } catch (Error& error) {
      bool is_refusal = !answered && (error.code == Code::kStatus || error.code == Code::kSchema);
      if (!is_refusal) throw;
      refusals_.push_back({version, std::move(error)});
      return std::nullopt;
    }
  }

  ReflectedSchema Ask(ReflectionVersion version, bool* answered) {
    const std::string question = CacheQuestion();
    if (cache_) {
      if (auto cached = cache_->Read(question)) {
        ReflectionStream stream = Open(version);
        AnswerNote note{stream, answered};
        if (IsUnchanged(&stream, request_, *cached)) {
          return {std::move(cached->files), {}, version};
        }
      }
    }
    ReflectionStream stream = Open(version);
    AnswerNote note{stream, answered};
    Walk walk(&stream, request_, channel_->target());
    ReflectedSchema schema = walk.Run();
    // What a server did not tell may be a passing fault: the next process asks again.
    if (cache_ && schema.undescribed.empty()) {
      cache_->Write(question, {walk.services(), schema.files});
    }
    return schema;
  }

  std::string CacheQuestion() const {
    std::set<std::string> symbols(request_.symbols.begin(), request_.symbols.end());
    std::string question = request_.server + "\n";
    for (const std::string& symbol : symbols) question += symbol + "\n";
    return question;
  }

  // A proxy may know only one of the two, and answer for the other what it likes. Where credentials
  // are missing, time is up, or nobody can be reached, the other one fails in the same way.
  bool OtherVersionMayHelp(const Error& error) const {
    if (error.code != Code::kStatus) return true;  // ended with OK, without an answer
    switch (error.grpc_status) {
      case GRPC_STATUS_UNAVAILABLE:
        return channel_->State() != GRPC_CHANNEL_TRANSIENT_FAILURE;
      case GRPC_STATUS_UNAUTHENTICATED:
      case GRPC_STATUS_DEADLINE_EXCEEDED:
      case GRPC_STATUS_CANCELLED:
      case GRPC_STATUS_RESOURCE_EXHAUSTED:
        return false;
      default:
        return true;
    }
  }

  // Of two refusals, the one to act on: that of a server which knows the service.
  const Error& Foremost() const {
    auto rank = [](const Error& error) {
      switch (error.grpc_status) {
        case GRPC_STATUS_UNIMPLEMENTED:
          return 0;
        case GRPC_STATUS_UNAUTHENTICATED:
        case GRPC_STATUS_PERMISSION_DENIED:
          return 2;
        default:
          return 1;
      }
    };
    const Error* foremost = &refusals_.front().error;
    for (const Refusal& refusal : refusals_) {
      if (rank(refusal.error) > rank(*foremost)) foremost = &refusal.error;
    }
    return *foremost;
  }

  static std::string Advice(const Error& error, bool pinned) {
    constexpr char kLoad[] = "load a .proto file or a descriptor set";
    switch (error.grpc_status) {
      case GRPC_STATUS_UNAUTHENTICATED:
      case GRPC_STATUS_PERMISSION_DENIED:
        return std::string(
                   "give what it wants in the option \"metadata\", or in "
                   "\"reflection_metadata\" for reflection alone, or ") +
               kLoad;
      case GRPC_STATUS_UNIMPLEMENTED:
        return pinned ? std::string(
                            "the option \"reflection\" allows no other version; change it "
                            "or ") +
                            kLoad
                      : kLoad;
      case GRPC_STATUS_DEADLINE_EXCEEDED:
        return "raise the option \"reflection_timeout\", or \"timeout\" where that is given";
      default:
        return std::string("if that stays so, ") + kLoad;
    }
  }

  [[noreturn]] void ThrowRefused(bool pinned) const {
    Error error = Foremost();
    std::string text = channel_->target();
    bool unknown = error.grpc_status == GRPC_STATUS_UNIMPLEMENTED;
    text += unknown ? " offers no server reflection: " : " refuses server reflection: ";
    if (error.grpc_status == GRPC_STATUS_UNAVAILABLE &&
        channel_->State() == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      text = channel_->target() + " cannot be reached for reflection: ";
    }
    for (const Refusal& refusal : refusals_) {
      const std::string path = std::string("/") + ServiceOf(refusal.version) +
                               "/ServerReflectionInfo on " + channel_->target() + ": ";
      std::string answer = refusal.error.message;
      if (answer.compare(0, path.size(), path) == 0) answer.erase(0, path.size());
      if (&refusal != &refusals_.front()) text += "; ";
      text += NameOf(refusal.version);
      bool has_status = refusal.error.code == Code::kStatus;
      text += has_status ? " answered " + answer : " ended with OK, without an answer";
    }
    error.message = text + "; " + Advice(error, pinned);
    // A server without reflection is no failure of a call: the schema has to come from elsewhere.
    if (unknown) throw Error(Code::kSchema, error.message);
    throw error;
  }

  const std::shared_ptr<Channel> channel_;
  const ReflectionRequest& request_;
  std::optional<schema::SchemaCache> cache_;
  std::optional<Clock::time_point> deadline_;
  std::vector<Refusal> refusals_;
};

}  // namespace

ReflectedSchema Reflect(const std::shared_ptr<Channel>& channel, const ReflectionRequest& request,
                        ReflectionVersion known) {
  return Negotiation(channel, request).Run(known);
}

}  // namespace pygrpc::rpc
