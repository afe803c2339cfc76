// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Inputs that are a message of script.proto; PYGRPC_FUZZ_SCRIPT names which.

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/dynamic_message.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "message_mutator.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;
using google::protobuf::compiler::DiskSourceTree;
using google::protobuf::compiler::Importer;

class ScriptType {
 public:
  ScriptType() : importer_(&tree_, nullptr) {
    tree_.MapPath("", PYGRPC_FUZZ_DIR);
    tree_.MapPath("", PYGRPC_PROTOS_DIR "/embedded");
    tree_.MapPath("", PYGRPC_FUZZ_PROTOBUF_DIR);
    importer_.Import("script.proto");
    const Descriptor* type = importer_.pool()->FindMessageTypeByName(PYGRPC_FUZZ_SCRIPT);
    if (type == nullptr) {
      std::fprintf(stderr, "script.proto cannot be read\n");
      std::abort();
    }
    prototype_ = factory_.GetPrototype(type);
  }

  std::unique_ptr<Message> New() const { return std::unique_ptr<Message>(prototype_->New()); }

 private:
  DiskSourceTree tree_;
  Importer importer_;
  DynamicMessageFactory factory_;
  const Message* prototype_ = nullptr;
};

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  static const ScriptType type;
  return pygrpc::fuzz::MutateMessage(type.New().get(), data, size, max_size, seed);
}
