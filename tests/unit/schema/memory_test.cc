// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Texts from memory, files from reflection, and the schema of another store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::FileDescriptorProto;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using LoadProtoTest = SchemaTest;

TEST_F(LoadProtoTest, ImportsOfEveryKind) {
  dir_.Write("disk.proto", "syntax = 'proto3'; message Disk {}");
  store_.LoadProto("first.proto", "syntax = 'proto3'; message First {}");
  store_.LoadProto("main.proto",
                   "syntax = 'proto3'; import 'first.proto'; import 'disk.proto';"
                   "import 'google/rpc/status.proto';"
                   "message Main { First f = 1; Disk d = 2; google.rpc.Status s = 3; }",
                   {{dir_.path()}});
  EXPECT_EQ(store_.current()->Message("Main")->field_count(), 3);
}

TEST_F(LoadProtoTest, AnyOrder) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"a.proto",
       "syntax = 'proto3'; import 'b.proto'; import 'c.proto';"
       "message A { B b = 1; C c = 2; }"},
      {"b.proto", "syntax = 'proto3'; import 'c.proto'; message B { C c = 1; }"},
      {"c.proto", "syntax = 'proto3'; message C {}"},
  };
  std::vector<size_t> order = {0, 1, 2};
  do {
    SchemaStore store;
    for (size_t i : order) {
      try {
        store.LoadProto(files[i].first, files[i].second);
      } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::kSchema);
        EXPECT_THAT(error.message, HasSubstr("cannot find import"));
        EXPECT_THAT(error.message, HasSubstr("is kept and joins when that import is loaded"));
        EXPECT_EQ(store.current()->FindMessage("A"), nullptr);
      }
    }
    EXPECT_EQ(store.current()->Message("A")->field(0)->message_type(),
              store.current()->Message("B"));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(LoadProtoTest, KeptTextsJoinAfterAnyKindOfLoad) {
  std::string path = dir_.Write("disk.proto", "syntax = 'proto3'; message Disk {}");
  ErrorOf([&] {
    store_.LoadProto("a.proto",
                     "syntax = 'proto3'; import 'disk.proto'; message A { Disk d = 1; }");
  });
  EXPECT_TRUE(store_.current()->empty());
  Load(path);
  EXPECT_NE(store_.current()->FindMessage("A"), nullptr);
}

TEST_F(LoadProtoTest, ACorrectedTextReplacesAKeptOne) {
  ErrorOf([&] { store_.LoadProto("a.proto", "syntax = 'proto3'; import 'gone.proto';"); });
  store_.LoadProto("a.proto", "syntax = 'proto3'; message A {}");
  EXPECT_NE(store_.current()->FindMessage("A"), nullptr);
}

TEST_F(LoadProtoTest, AKeptTextHasTheProtoPathOfItsLoad) {
  dir_.Write("one/disk.proto", "syntax = 'proto3'; message Disk {}");
  dir_.Write("two/other.proto", "syntax = 'proto3'; message Other {}");
  ErrorOf([&] {
    store_.LoadProto("a.proto",
                     "syntax = 'proto3'; import 'disk.proto'; import 'b.proto';"
                     "message A { Disk d = 1; B b = 2; }",
                     {{dir_.path() + "/one"}});
  });
  ErrorOf([&] {
    store_.LoadProto("c.proto",
                     "syntax = 'proto3'; import 'other.proto'; import 'b.proto';"
                     "message C { Other o = 1; B b = 2; }",
                     {{dir_.path() + "/two"}});
  });
  store_.LoadProto("b.proto", "syntax = 'proto3'; message B {}");
  EXPECT_EQ(store_.current()->Message("A")->field_count(), 2);
  EXPECT_EQ(store_.current()->Message("C")->field_count(), 2);
}

TEST_F(LoadProtoTest, WhatIsNotFoundNamesTextsThatWait) {
  ErrorOf([&] {
    store_.LoadProto("a.proto",
                     "syntax='proto3'; import 'c.proto'; import 'b.proto'; message A { C c = 1; }");
  });
  EXPECT_THAT(ErrorOf([&] { store_.current()->Message("A"); }).message,
              HasSubstr("\"a.proto\" waits for its import \"c.proto\""));
  store_.LoadProto("c.proto", "syntax = 'proto3'; message C {}");
  EXPECT_THAT(ErrorOf([&] { store_.current()->Method("A/Do"); }).message,
              HasSubstr("\"a.proto\" waits for its import \"b.proto\""));
  SchemaStore other;  // has nothing that waits
  other.LoadSchema(store_.current());
  EXPECT_EQ(ErrorOf([&] { other.current()->Message("A"); }).message.find("waits"),
            std::string::npos);
  store_.LoadProto("b.proto", "syntax = 'proto3'; message B {}");
  EXPECT_NE(store_.current()->FindMessage("A"), nullptr);
  EXPECT_EQ(ErrorOf([&] { store_.current()->Message("No"); }).message.find("waits"),
            std::string::npos);
}

TEST_F(LoadProtoTest, AKeptTextThatTurnsOutWrongDoesNotFailAnotherLoad) {
  ErrorOf([&] {
    store_.LoadProto("a.proto", "syntax = 'proto3'; import 'b.proto';\nmessage A { Gone g = 1; }");
  });
  ErrorOf([&] {
    store_.LoadProto("good.proto",
                     "syntax = 'proto3'; import 'b.proto'; message Good { B b = 1; }");
  });
  // It imports the wrong one, and goes on waiting for it.
  ErrorOf([&] {
    store_.LoadProto("top.proto", "syntax = 'proto3'; import 'a.proto'; message Top { A a = 1; }");
  });
  store_.LoadProto("b.proto", "syntax = 'proto3'; message B {}");
  EXPECT_NE(store_.current()->FindMessage("B"), nullptr);
  EXPECT_NE(store_.current()->FindMessage("Good"), nullptr);
  std::string message = ErrorOf([&] { store_.current()->Message("A"); }).message;
  EXPECT_THAT(message, HasSubstr("\"a.proto\", which waited for its imports, was dropped: "
                                 "a.proto:2:13: \"Gone\" is not defined"));
  EXPECT_THAT(message, HasSubstr("\"top.proto\" waits for its import \"a.proto\""));
  store_.LoadProto("a.proto", "syntax = 'proto3'; import 'b.proto'; message A { B b = 1; }");
  EXPECT_NE(store_.current()->FindMessage("Top"), nullptr);
  EXPECT_EQ(ErrorOf([&] { store_.current()->Message("No"); }).message.find("proto\""),
            std::string::npos);
}

TEST_F(LoadProtoTest, AKeptTextThatCameUnderAnotherNameIsDropped) {
  ErrorOf([&] {
    store_.LoadProto("k.proto",
                     "syntax = 'proto3'; import 'typo.proto'; message K { int32 a = 1; }");
  });
  store_.LoadProto("kk.proto", "syntax = 'proto3'; message K { int32 b = 1; }");
  store_.LoadProto("typo.proto", "syntax = 'proto3'; message Typo {}");
  EXPECT_EQ(store_.current()->Message("K")->field(0)->name(), "b");
  EXPECT_THAT(ErrorOf([&] { store_.current()->Message("No"); }).message,
              HasSubstr("\"K\" is declared in both"));
}

TEST_F(LoadProtoTest, AKeptTextMayWaitForAnImportOfAFileOnDisk) {
  ErrorOf([&] { store_.LoadProto("a.proto", "syntax='proto3'; import 'b.proto'; message A {}"); });
  ErrorOf([&] {
    store_.LoadProto("c.proto", "syntax='proto3'; import 'disk.proto'; message C {}",
                     {{dir_.path()}});
  });
  dir_.Write("disk.proto", "syntax = 'proto3'; import 'b.proto'; import 'late.proto';");
  store_.LoadProto("b.proto", "syntax = 'proto3'; message B {}");
  EXPECT_NE(store_.current()->FindMessage("A"), nullptr);
  store_.LoadProto("disk.proto", "syntax = 'proto3';");
  EXPECT_NE(store_.current()->FindMessage("C"), nullptr);
}

TEST_F(LoadProtoTest, CyclesThroughKeptTextsAreNamed) {
  ErrorOf([&] { store_.LoadProto("a.proto", "syntax = 'proto3'; import 'b.proto';"); });
  Error error =
      ErrorOf([&] { store_.LoadProto("b.proto", "syntax = 'proto3'; import 'a.proto';"); });
  EXPECT_THAT(error.message, HasSubstr("import cycle: "));
}

TEST_F(LoadProtoTest, ErrorsNameTheFileLineAndColumn) {
  Error error = ErrorOf([&] { store_.LoadProto("m.proto", "syntax = 'proto3';\nmessage {}"); });
  EXPECT_THAT(error.message, HasSubstr("m.proto:2:9: Expected message name"));
  for (std::string name : {std::string(), std::string("/a.proto"), std::string("../a.proto"),
                           std::string("a\0b", 3)}) {
    EXPECT_EQ(ErrorOf([&] { store_.LoadProto(name, ""); }).code, Code::kSchema) << name;
  }
}

TEST_F(LoadProtoTest, FilesWithoutPackageOrContent) {
  store_.LoadProto("empty.proto", "");
  store_.LoadProto("two.proto", "syntax = 'proto2'; message Two { required int32 a = 1; }");
  EXPECT_NE(store_.current()->FindMessage("Two"), nullptr);
}

TEST_F(LoadProtoTest, AFailureLeavesThePoolUsable) {
  store_.LoadProto("ok.proto", "syntax = 'proto3'; message Ok {}");
  const auto* message = store_.current()->FindMessage("Ok");
  ErrorOf([&] {
    store_.LoadProto("x.proto", "syntax = 'proto3'; import 'ok.proto'; message X { Gone g = 1; }");
  });
  store_.LoadProto("x.proto", "syntax = 'proto3'; import 'ok.proto'; message X { Ok g = 1; }");
  EXPECT_NE(store_.current()->FindMessage("X"), nullptr);
  EXPECT_NE(message, nullptr);
}

TEST_F(LoadProtoTest, ExtensionsOfAllFilesAreKnown) {
  store_.LoadProto("base.proto",
                   "syntax = 'proto2'; package base; message Base { extensions 100 to 200; }");
  auto before = store_.current();
  EXPECT_TRUE(before->Extensions(before->FindMessage("base.Base")).empty());
  store_.LoadProto(
      "ext.proto",
      "syntax = 'proto2'; package ext; import 'base.proto';"
      "extend base.Base { optional int32 second = 102; }"
      "message Scope { message Deep { extend base.Base { optional string first = 101; } } }");
  auto schema = store_.current();
  std::vector<std::string> names;
  for (const auto* field : schema->Extensions(schema->FindMessage("base.Base"))) {
    names.push_back(field->full_name());
  }
  EXPECT_THAT(names, ElementsAre("ext.Scope.Deep.first", "ext.second"));
  EXPECT_TRUE(before->Extensions(before->FindMessage("base.Base")).empty());
}

TEST_F(LoadProtoTest, ManyTextsInTheWorstOrderTakeLittleTime) {
  auto start = std::chrono::steady_clock::now();
  constexpr int kCount = 500;
  for (int i = 0; i < kCount; ++i) {
    std::string text = "syntax = 'proto3'; import 'f" + std::to_string(i + 1) + ".proto';";
    try {
      store_.LoadProto("f" + std::to_string(i) + ".proto", text);
    } catch (const Error&) {
    }
  }
  store_.LoadProto("f" + std::to_string(kCount) + ".proto", "syntax = 'proto3'; message Last {}");
  EXPECT_NE(store_.current()->FindMessage("Last"), nullptr);
  store_.LoadProto("top.proto", "syntax = 'proto3'; import 'f0.proto'; message Top {}");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

using LoadFilesTest = SchemaTest;

std::vector<std::string> Serialize(const std::vector<FileDescriptorProto>& files) {
  std::vector<std::string> serialized;
  for (const auto& file : files) serialized.push_back(file.SerializeAsString());
  return serialized;
}

void AddField(FileDescriptorProto* file, const std::string& type) {
  auto* message = file->mutable_message_type(0);
  auto* field = message->add_field();
  field->set_name("f" + std::to_string(message->field_size()));
  field->set_number(message->field_size());
  field->set_type_name(type);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
  field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
}

TEST_F(LoadFilesTest, AnyOrder) {
  FileDescriptorProto a = SimpleFile("a.proto", {"b.proto"});
  AddField(&a, ".Mb");
  store_.LoadFiles(Serialize({a, SimpleFile("b.proto")}), "reflection of test");
  EXPECT_EQ(store_.current()->Message("Ma")->field(0)->message_type()->full_name(), "Mb");
}

TEST_F(LoadFilesTest, AMissingFileThatIsNotNeededDoesNoHarm) {
  store_.LoadFiles(Serialize({SimpleFile("a.proto", {"validate/validate.proto"})}), "reflection");
  EXPECT_NE(store_.current()->Message("Ma"), nullptr);
}

TEST_F(LoadFilesTest, WhatNeedsAMissingFileSaysSo) {
  FileDescriptorProto a = SimpleFile("a.proto", {"gone.proto"});
  AddField(&a, ".gone.Gone");
  store_.LoadFiles(Serialize({a, SimpleFile("ok.proto")}), "reflection of localhost:50051");
  EXPECT_NE(store_.current()->Message("Mok"), nullptr);
  Error error = ErrorOf([&] { store_.current()->Message("Ma"); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("reflection of localhost:50051: a.proto"));
  EXPECT_THAT(error.message, HasSubstr("its import \"gone.proto\" is missing"));
  // What was missing may come later.
  FileDescriptorProto gone = SimpleFile("gone.proto");
  gone.set_package("gone");
  gone.mutable_message_type(0)->set_name("Gone");
  store_.LoadFiles(Serialize({gone}), "reflection of localhost:50052");
  EXPECT_EQ(store_.current()->Message("Ma")->field_count(), 1);
}

TEST_F(LoadFilesTest, FilesThatTheirImportersCallOtherwiseAreFoundByTheirTypes) {
  FileDescriptorProto a = SimpleFile("a.proto", {"protos/b.proto", "odd/timestamp.proto"});
  AddField(&a, ".Mb");
  AddField(&a, ".google.protobuf.Timestamp");
  FileDescriptorProto c = SimpleFile("c.proto", {"elsewhere/a.proto"});
  auto* method = c.add_service()->add_method();
  c.mutable_service(0)->set_name("S");
  method->set_name("Do");
  method->set_input_type(".Ma");
  method->set_output_type(".Mc");
  store_.LoadFiles(Serialize({a, SimpleFile("b.proto"), c}), "reflection");
  auto schema = store_.current();
  EXPECT_EQ(schema->Method("Do")->input_type(), schema->Message("Ma"));
  EXPECT_EQ(schema->Message("Ma")->field(0)->message_type(), schema->Message("Mb"));
}

TEST_F(LoadFilesTest, OneFileUnderTwoNamesIsOneFile) {
  FileDescriptorProto b = SimpleFile("b.proto");
  FileDescriptorProto again = b;
  again.set_name("protos/b.proto");
  FileDescriptorProto a = SimpleFile("a.proto", {"protos/b.proto"});
  AddField(&a, ".Mb");
  store_.LoadFiles(Serialize({b, again, a}), "reflection");
  EXPECT_EQ(store_.current()->Message("Ma")->field(0)->message_type(),
            store_.current()->Message("Mb"));
}

TEST_F(LoadFilesTest, CyclesHarmOnlyThoseWhoAreInThem) {
  store_.LoadFiles(Serialize({SimpleFile("a.proto", {"b.proto"}),
                              SimpleFile("b.proto", {"a.proto"}), SimpleFile("c.proto")}),
                   "reflection");
  EXPECT_NE(store_.current()->Message("Mc"), nullptr);
}

TEST_F(LoadFilesTest, TwoServersWithDifferentFilesConflict) {
  store_.LoadFiles(Serialize({SimpleFile("a.proto")}), "reflection of one");
  store_.LoadFiles(Serialize({SimpleFile("a.proto")}), "reflection of two");
  FileDescriptorProto other = SimpleFile("a.proto");
  other.add_message_type()->set_name("More");
  Error error = ErrorOf([&] { store_.LoadFiles(Serialize({other}), "reflection of three"); });
  EXPECT_THAT(error.message, HasSubstr("two different files are called \"a.proto\": one from "
                                       "reflection of one, the other from reflection of three"));
  SchemaStore store;
  store.LoadProto("a.proto", "syntax = 'proto3'; message A {}");
  EXPECT_THAT(ErrorOf([&] { store.LoadFiles(Serialize({other}), "reflection of two"); }).message,
              HasSubstr("one from memory, the other from reflection of two"));
}

// A file that uses an option of `descriptor`, and a message of it.
std::vector<FileDescriptorProto> ServerOf(const std::string& name,
                                          const FileDescriptorProto& descriptor) {
  FileDescriptorProto file = SimpleFile(name, {descriptor.name()});
  AddField(&file, ".google.protobuf.FileDescriptorProto");
  file.mutable_message_type(0)->mutable_options()->mutable_unknown_fields()->AddVarint(12345, 6);
  return {descriptor, file};
}

TEST_F(LoadFilesTest, ServersOfDifferentProtobufVersions) {
  FileDescriptorProto older;
  google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(&older);
  older.mutable_options()->set_go_package("older");
  FileDescriptorProto newer = older;
  newer.mutable_options()->set_go_package("newer");
  newer.add_message_type()->set_name("Fresh");
  auto* field = newer.mutable_message_type(0)->add_field();
  field->set_name("fresh");
  field->set_number(99);
  field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
  field->set_type_name(".google.protobuf.Fresh");
  std::vector<FileDescriptorProto> two = ServerOf("two.proto", newer);
  AddField(&two.back(), ".google.protobuf.Fresh");
  const auto one = ServerOf("one.proto", older);
  for (bool newer_first : {false, true}) {
    SchemaStore store;
    store.LoadFiles(Serialize(newer_first ? two : one), "reflection of the first");
    store.LoadFiles(Serialize(newer_first ? one : two), "reflection of the second");
    store.LoadFiles(Serialize(one), "reflection of the first");
    auto schema = store.current();
    EXPECT_EQ(schema->Message("Mone")->field(0)->message_type(),
              schema->Message("Mtwo")->field(0)->message_type());
    EXPECT_EQ(schema->Message("Mtwo")->field(1)->message_type()->full_name(),
              "google.protobuf.Fresh");
    EXPECT_EQ(schema->Message("Mone")->options().unknown_fields().field(0).number(), 12345);
  }
}

TEST_F(LoadFilesTest, OptionsOfNoKnownTypeInSeveralForms) {
  auto with_options = [](const std::vector<std::string>& lists, bool packed) {
    FileDescriptorProto file = SimpleFile("a.proto", {"gone.proto"});
    auto* unknown = file.mutable_message_type(0)->mutable_options()->mutable_unknown_fields();
    for (const std::string& list : lists) {
      if (packed) unknown->AddLengthDelimited(50001, list);
      for (size_t i = 0; !packed && i < list.size(); ++i) {
        unknown->AddVarint(50001, static_cast<uint64_t>(list[i]));
      }
    }
    return Serialize({file});
  };
  store_.LoadFiles(with_options({"\x02\x05"}, true), "reflection of one");
  store_.LoadFiles(with_options({"\x02", "\x05"}, true), "reflection of two");
  store_.LoadFiles(with_options({"\x02\x05"}, false), "reflection of three");
  EXPECT_THAT(ErrorOf([&] {
                store_.LoadFiles(with_options({"\x05\x02"}, false), "reflection of four");
              }).message,
              HasSubstr("two different files are called"));
}

TEST_F(LoadFilesTest, BuiltInFilesMayDifferWhereNobodyMinds) {
  Load("google/api/field_behavior.proto");
  auto schema = store_.current();
  auto extensions = schema->Extensions(schema->FindMessage("google.protobuf.FieldOptions"));
  ASSERT_EQ(extensions.size(), 1u);
  FileDescriptorProto behavior;
  extensions[0]->file()->CopyTo(&behavior);
  behavior.mutable_extension(0)->mutable_options()->set_packed(false);  // as in some packages
  store_.LoadFiles(Serialize({behavior}), "reflection of one");
  FileDescriptorProto file;
  store_.current()->FindMessage("google.protobuf.Any")->file()->CopyTo(&file);
  FileDescriptorProto other = file;
  other.mutable_options()->set_go_package("elsewhere");
  store_.LoadFiles(Serialize({file}), "reflection of one");
  store_.LoadFiles(Serialize({other}), "reflection of two");
  other.mutable_message_type(0)->mutable_field(0)->set_type(
      google::protobuf::FieldDescriptorProto::TYPE_INT32);
  EXPECT_THAT(ErrorOf([&] { store_.LoadFiles(Serialize({other}), "reflection of three"); }).message,
              HasSubstr("two different files are called \"google/protobuf/any.proto\""));
}

// Runs `action` on a thread with a small stack.
void OnSmallStack(const std::function<void()>& action) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_t thread;
  auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run,
                           const_cast<void*>(static_cast<const void*>(&action))),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST_F(LoadFilesTest, AChainOfTwentyThousandImports) {
  constexpr int kCount = 20'000;
  std::vector<FileDescriptorProto> files;
  for (int i = 0; i < kCount; ++i) {
    std::vector<std::string> imports;
    if (i + 1 < kCount) imports.push_back("f" + std::to_string(i + 1) + ".proto");
    files.push_back(SimpleFile("f" + std::to_string(i) + ".proto", imports));
  }
  OnSmallStack([&] {
    store_.LoadFiles(Serialize(files), "reflection");
    EXPECT_NE(store_.current()->Message("Mf0"), nullptr);
  });
  // The end is missing: every file fails, in linear time and memory.
  files.pop_back();
  AddField(&files.back(), ".Gone");
  OnSmallStack([&] {
    SchemaStore store;
    store.LoadFiles(Serialize(files), "reflection");
    EXPECT_NE(store.current()->Message("Mf0"), nullptr);
  });
}

TEST_F(LoadFilesTest, AChainOfPublicImportsIsBounded) {
  std::vector<FileDescriptorProto> files;
  for (int i = 0; i < 20'000; ++i) {
    files.push_back(
        SimpleFile("f" + std::to_string(i) + ".proto", {"f" + std::to_string(i + 1) + ".proto"}));
    files.back().add_public_dependency(0);
  }
  files.push_back(SimpleFile("f20000.proto"));
  OnSmallStack([&] {
    store_.LoadFiles(Serialize(files), "reflection");
    Error error = ErrorOf([&] {
      SchemaStore strict;
      google::protobuf::FileDescriptorSet set;
      for (const auto& file : files) *set.add_file() = file;
      strict.LoadDescriptorSet(set.SerializeAsString());
      strict.current()->Message("Mf0");
    });
    EXPECT_THAT(error.message, HasSubstr("public imports are nested more than 100 deep"));
  });
}

TEST_F(LoadFilesTest, AChainOfImportedTexts) {
  constexpr int kCount = 3'000;
  for (int i = 0; i < kCount; ++i) {
    std::string next = "import 'f" + std::to_string(i + 1) + ".proto';";
    dir_.Write("f" + std::to_string(i) + ".proto", "syntax = 'proto3'; " +
                                                       (i + 1 < kCount ? next : "") + "message M" +
                                                       std::to_string(i) + " {}");
  }
  OnSmallStack([&] {
    Load("f0.proto", {dir_.path()});
    EXPECT_NE(store_.current()->Message("M0"), nullptr);
  });
}

using LoadSchemaTest = SchemaTest;

TEST_F(LoadSchemaTest, SharesWhereThereIsNothing) {
  store_.LoadProto("helloworld.proto", kGreeterProto);
  SchemaStore other;
  other.LoadSchema(store_.current());
  EXPECT_EQ(other.current(), store_.current());
  EXPECT_EQ(other.current()->Method("SayHello"), store_.current()->Method("SayHello"));
}

TEST_F(LoadSchemaTest, SharedSchemasGrowApart) {
  store_.LoadProto("helloworld.proto", kGreeterProto);
  SchemaStore other;
  other.LoadSchema(store_.current());
  store_.LoadProto("x.proto", "syntax = 'proto3'; message X { int32 mine = 1; }");
  other.LoadProto("x.proto", "syntax = 'proto3'; message X { string yours = 1; }");
  EXPECT_EQ(store_.current()->Message("X")->field(0)->name(), "mine");
  EXPECT_EQ(other.current()->Message("X")->field(0)->name(), "yours");
  EXPECT_NE(other.current()->Method("SayHello"), nullptr);
}

TEST_F(LoadSchemaTest, MergesWithConflictChecks) {
  store_.LoadProto("a.proto", "syntax = 'proto3'; message A {}");
  store_.LoadProto("both.proto", "syntax = 'proto3'; message Both {}");
  SchemaStore other;
  other.LoadProto("b.proto", "syntax = 'proto3'; message B {}");
  other.LoadProto("both.proto", "syntax = 'proto3'; message Both {}");
  other.LoadSchema(store_.current());
  EXPECT_NE(other.current()->FindMessage("A"), nullptr);
  EXPECT_NE(other.current()->FindMessage("B"), nullptr);
  SchemaStore third;
  third.LoadProto("both.proto", "syntax = 'proto3'; message Both { int32 x = 1; }");
  EXPECT_THAT(ErrorOf([&] { third.LoadSchema(store_.current()); }).message,
              HasSubstr("\"both.proto\" (from memory) was loaded before with another content"));
}

TEST_F(LoadSchemaTest, LoadsAndLookupsAtTheSameTime) {
  store_.LoadProto("helloworld.proto", kGreeterProto);
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        auto schema = store_.current();
        ASSERT_NE(schema->Method("SayHello"), nullptr);
        ASSERT_EQ(schema->FindMessage("no.Such"), nullptr);
        ASSERT_NE(schema->FindMessage("google.rpc.ErrorInfo"), nullptr);
        schema->Extensions(schema->FindMessage("google.protobuf.MethodOptions"));
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    std::string number = std::to_string(i);
    store_.LoadProto(
        "f" + number + ".proto",
        "syntax = 'proto3'; import 'google/api/annotations.proto'; message F" + number + " {}");
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_NE(store_.current()->FindMessage("F99"), nullptr);
}

}  // namespace
}  // namespace pygrpc::schema
