// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Loading from disk: names, paths, directories, the proto path, and what is wrong with them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(SchemaTest, EmptySchemaSaysWhatToDo) {
  EXPECT_TRUE(store_.current()->empty());
  Error error = ErrorOf([&] { store_.current()->Method("SayHello"); });
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("no schema is loaded yet: load a .proto file"));
}

TEST_F(SchemaTest, LoadsAnAbsolutePath) {
  Load(dir_.Write("helloworld.proto", kGreeterProto));
  auto schema = store_.current();
  EXPECT_FALSE(schema->empty());
  EXPECT_EQ(schema->Method("SayHello")->full_name(), "helloworld.Greeter.SayHello");
  EXPECT_EQ(schema->Method("SayHello")->file()->name(), "helloworld.proto");
}

TEST_F(SchemaTest, LoadsModuleNamesFromTheProtoPath) {
  dir_.Write("helloworld.proto", kGreeterProto);
  dir_.Write("deep/er/other.proto", "syntax = 'proto3'; message Other {}");
  for (std::string name : {"helloworld_pb2", "helloworld", "helloworld_pb2_grpc",
                           "helloworld.proto", "./helloworld.proto"}) {
    SchemaStore store;
    store.Load(name, {{dir_.path()}});
    EXPECT_NE(store.current()->Method("SayHello"), nullptr) << name;
  }
  for (std::string name : {"deep.er.other_pb2", "deep/er/other", "deep/er/other.proto"}) {
    SchemaStore store;
    store.Load(name, {{dir_.path()}});
    EXPECT_EQ(store.current()->Message("Other")->file()->name(), "deep/er/other.proto") << name;
  }
}

TEST_F(SchemaTest, TakesTheProtoPathFromTheEnvironment) {
  dir_.Write("helloworld.proto", kGreeterProto);
  setenv("PYGRPC_PROTO_PATH", ("/nowhere:" + dir_.path()).c_str(), 1);
  Load("helloworld_pb2");
  unsetenv("PYGRPC_PROTO_PATH");
  EXPECT_NE(store_.current()->Method("SayHello"), nullptr);
}

TEST_F(SchemaTest, SearchesTheProtoPathInItsOrder) {
  dir_.Write("a/x.proto", "syntax = 'proto3'; message FromA {}");
  dir_.Write("b/x.proto", "syntax = 'proto3'; message FromB {}");
  Load("x", {dir_.path() + "/b", dir_.path() + "/a"});
  EXPECT_NE(store_.current()->FindMessage("FromB"), nullptr);
  EXPECT_EQ(store_.current()->FindMessage("FromA"), nullptr);
}

TEST_F(SchemaTest, LooksInTheCurrentDirectory) {
  dir_.Write("helloworld.proto", kGreeterProto);
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  Load("helloworld_pb2");
  std::filesystem::current_path(before);
  EXPECT_NE(store_.current()->Method("SayHello"), nullptr);
}

TEST_F(SchemaTest, FindsImportsBesideTheFileAndOnTheProtoPath) {
  std::string path = dir_.Write("main/a.proto",
                                "syntax = 'proto3'; import 'b.proto'; import 'far.proto';"
                                "message A { B b = 1; Far far = 2; }");
  dir_.Write("main/b.proto", "syntax = 'proto3'; message B {}");
  dir_.Write("elsewhere/far.proto", "syntax = 'proto3'; message Far {}");
  Load(path, {dir_.path() + "/elsewhere"});
  EXPECT_EQ(store_.current()->Message("A")->file()->name(), "a.proto");
  EXPECT_NE(store_.current()->FindMessage("Far"), nullptr);
}

TEST_F(SchemaTest, FindsTheRootThatTheImportsMean) {
  std::string path = dir_.Write("apis/acme/shop/cart.proto",
                                "syntax = 'proto3'; package acme.shop;"
                                "import 'acme/shop/item.proto'; message Cart { Item item = 1; }");
  dir_.Write("apis/acme/shop/item.proto", "syntax = 'proto3'; package acme.shop; message Item {}");
  Load(path);
  EXPECT_EQ(store_.current()->Message("Cart")->file()->name(), "acme/shop/cart.proto");
}

TEST_F(SchemaTest, BelowTheCurrentDirectoryNamesStartThere) {
  dir_.Write("sub/a.proto", "syntax = 'proto3'; message A {}");
  std::string path = dir_.Write("sub/b.proto", "syntax = 'proto3'; import 'a.proto'; message B {}");
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  Load("sub/a.proto");
  Load("sub/b.proto");
  std::filesystem::current_path(before);
  auto schema = store_.current();
  EXPECT_EQ(schema->Message("A")->file()->name(), "sub/a.proto");
  EXPECT_EQ(schema->Message("B")->file()->dependency(0), schema->Message("A")->file());
}

TEST_F(SchemaTest, OneFileUnderTwoNamesIsOneFile) {
  std::string b = dir_.Write("protos/b.proto", "syntax = 'proto3'; message B {}");
  std::string a =
      dir_.Write("protos/a.proto", "syntax = 'proto3'; import 'b.proto'; message A { B b = 1; }");
  Load("protos/b.proto", {dir_.path()});
  Load("a.proto", {dir_.path() + "/protos"});
  auto schema = store_.current();
  EXPECT_EQ(schema->Message("A")->field(0)->message_type(), schema->Message("B"));
  EXPECT_EQ(schema->Message("B")->file()->name(), "protos/b.proto");
}

TEST_F(SchemaTest, LoadsADirectory) {
  dir_.Write("one.proto", "syntax = 'proto3'; import 'sub/two.proto'; message One { Two t = 1; }");
  dir_.Write("sub/two.proto", "syntax = 'proto3'; message Two {}");
  dir_.Write("sub/ignored.txt", "not a proto");
  dir_.Write(".hidden/three.proto", "broken");
  Load(dir_.path());
  EXPECT_EQ(store_.current()->Message("Two")->file()->name(), "sub/two.proto");
  EXPECT_NE(store_.current()->FindMessage("One"), nullptr);
}

TEST_F(SchemaTest, ADirectoryBelowItsRoot) {
  dir_.Write("apis/acme/a.proto",
             "syntax = 'proto3'; package acme; import 'acme/b.proto'; message A { B b = 1; }");
  dir_.Write("apis/acme/b.proto", "syntax = 'proto3'; package acme; message B {}");
  Load(dir_.path() + "/apis/acme");
  EXPECT_EQ(store_.current()->Message("A")->file()->name(), "acme/a.proto");
  // One import that is missing does not spoil all others.
  dir_.Write("apis/acme/c.proto", "syntax = 'proto3'; import 'gone.proto';");
  Error error = ErrorOf([&] { SchemaStore().Load(dir_.path() + "/apis/acme", {}); });
  ASSERT_EQ(error.locations.size(), 1u);
  EXPECT_THAT(error.message, HasSubstr("cannot find import \"gone.proto\""));
}

TEST_F(SchemaTest, ACopyOfAFileInADirectoryIsTheSameFile) {
  constexpr char kCopied[] =
      "syntax = \"proto3\"; package a; import \"google/protobuf/empty.proto\";\n"
      "message X { google.protobuf.Empty empty = 1; }";
  dir_.Write("a/x.proto", kCopied);
  dir_.Write("vendor/a/x.proto", std::string("// A copy.\n") + kCopied);
  dir_.Write("one.proto", "syntax = \"proto3\"; import \"a/x.proto\"; message One { a.X x = 1; }");
  dir_.Write("two.proto",
             "syntax = \"proto3\"; import \"vendor/a/x.proto\"; message Two { a.X x = 1; }");
  Load(dir_.path());
  auto schema = store_.current();
  EXPECT_EQ(schema->Message("One")->field(0)->message_type(), schema->Message("a.X"));
  EXPECT_EQ(schema->Message("Two")->field(0)->message_type(), schema->Message("a.X"));
  // Both names can be imported from now on.
  store_.LoadProto(
      "three.proto",
      "syntax = \"proto3\"; import \"vendor/a/x.proto\"; message Three { a.X x = 1; }");
  EXPECT_EQ(store_.current()->Message("Three")->field(0)->message_type(),
            store_.current()->Message("a.X"));
}

TEST_F(SchemaTest, ACopyThatDiffersIsAConflictOfBothFiles) {
  dir_.Write("a/x.proto", "syntax = \"proto3\"; package a; message X { int32 i = 1; }");
  dir_.Write("vendor/a/x.proto", "syntax = \"proto3\"; package a; message X { string s = 1; }");
  Error error = ErrorOf([&] { Load(dir_.path()); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("vendor/a/x.proto"));
  EXPECT_THAT(error.message, HasSubstr("\"a.X\" is already defined in file \"a/x.proto\""));
}

TEST_F(SchemaTest, ADirectoryWithoutProtosIsAnError) {
  Error error = ErrorOf([&] { Load(dir_.path()); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("no .proto file below"));
}

TEST_F(SchemaTest, LoadingTwiceIsFine) {
  std::string path = dir_.Write("helloworld.proto", kGreeterProto);
  Load(path);
  const auto* method = store_.current()->Method("SayHello");
  Load(path);
  Load("helloworld_pb2", {dir_.path()});
  Load(dir_.path());
  EXPECT_EQ(store_.current()->Method("SayHello"), method);
}

TEST_F(SchemaTest, ChangedFileIsAConflictThatLeavesTheSchemaAlone) {
  Load(dir_.Write("helloworld.proto", kGreeterProto));
  auto before = store_.current();
  std::string path = dir_.Write("helloworld.proto", "syntax = 'proto3'; message Changed {}");
  Error error = ErrorOf([&] { Load(path); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("was loaded before with another content"));
  EXPECT_EQ(store_.current(), before);
  EXPECT_NE(before->Method("SayHello"), nullptr);
}

TEST_F(SchemaTest, TheSameSymbolInTwoFilesNamesBoth) {
  std::string first = dir_.Write("first.proto", "syntax = 'proto3'; message Same { int32 a = 1; }");
  std::string second =
      dir_.Write("second.proto", "syntax = 'proto3'; message Same { string b = 1; }");
  Load(first);
  Error error = ErrorOf([&] { Load(second); });
  EXPECT_THAT(error.message, HasSubstr("\"Same\" is declared in both \"first.proto\" (" + first));
  EXPECT_THAT(error.message, HasSubstr("and \"second.proto\" (" + second));
}

TEST_F(SchemaTest, APackageAndAMessageOfOneNameConflict) {
  Load(dir_.Write("first.proto", "syntax = 'proto3'; package a.b; message M {}"));
  std::string second = dir_.Write("second.proto", "syntax = 'proto3'; package a; message b {}");
  Error error = ErrorOf([&] { Load(second); });
  EXPECT_THAT(error.message, HasSubstr("\"a.b\" is a package, but also a name of kind message"));
}

TEST_F(SchemaTest, OldSnapshotsStay) {
  Load(dir_.Write("helloworld.proto", kGreeterProto));
  auto before = store_.current();
  const auto* method = before->Method("SayHello");
  Load(dir_.Write("other.proto", "syntax = 'proto3'; message Other {}"));
  EXPECT_EQ(before->FindMessage("Other"), nullptr);
  EXPECT_NE(store_.current()->FindMessage("Other"), nullptr);
  EXPECT_EQ(store_.current()->Method("SayHello"), method);
  EXPECT_EQ(before->Method("SayHello"), method);
}

TEST_F(SchemaTest, SyntaxErrorsHaveLineAndColumnAllOfThem) {
  std::string path = dir_.Write("broken.proto",
                                "syntax = \"proto3\";\n"
                                "message A {\n"
                                "  string name 1;\n"
                                "  int32 = 2;\n"
                                "}\n");
  Error error = ErrorOf([&] { Load(path); });
  EXPECT_EQ(error.code, Code::kSchema);
  ASSERT_EQ(error.locations.size(), 2u);
  EXPECT_EQ(error.locations[0].file, path);
  EXPECT_EQ(error.locations[0].line, 3);
  EXPECT_EQ(error.locations[0].column, 15);
  EXPECT_EQ(error.locations[1].line, 4);
  EXPECT_EQ(error.locations[1].column, 9);
  EXPECT_THAT(error.message, HasSubstr(path + ":3:15: Missing field number"));
  EXPECT_THAT(error.message, HasSubstr("(and 1 more)"));
  EXPECT_TRUE(store_.current()->empty());
}

TEST_F(SchemaTest, LinkErrorsHaveLineAndColumnAllOfThem) {
  std::string path = dir_.Write("broken.proto",
                                "syntax = \"proto3\";\n"
                                "message A {\n"
                                "  Unknown one = 1;\n"
                                "  string two = 1;\n"
                                "}\n"
                                "service S { rpc M(A) returns (Gone); }\n");
  Error error = ErrorOf([&] { Load(path); });
  EXPECT_EQ(error.code, Code::kSchema);
  std::vector<std::pair<int, int>> places;
  for (const auto& location : error.locations) places.emplace_back(location.line, location.column);
  EXPECT_THAT(places,
              ::testing::UnorderedElementsAre(std::pair(3, 3), std::pair(4, 16), std::pair(6, 31)));
}

TEST_F(SchemaTest, MissingImportNamesDirectoriesAndNearFiles) {
  std::string path = dir_.Write("main.proto", "syntax = 'proto3';\nimport 'commn.proto';\n");
  dir_.Write("common.proto", "syntax = 'proto3';");
  Error error = ErrorOf([&] { Load(path, {"/nowhere/at/all"}); });
  ASSERT_EQ(error.locations.size(), 1u);
  EXPECT_EQ(error.locations[0].line, 2);
  EXPECT_EQ(error.locations[0].column, 1);
  EXPECT_THAT(error.message, HasSubstr(path + ":2:1: cannot find import \"commn.proto\""));
  EXPECT_THAT(error.message, HasSubstr("/nowhere/at/all (no such directory)"));
  EXPECT_THAT(error.message, HasSubstr("did you mean \"common.proto\"?"));
  EXPECT_THAT(error.searched, Contains("/nowhere/at/all"));
  EXPECT_THAT(error.searched, Contains(dir_.path()));
  EXPECT_THAT(error.near_names, ElementsAre("common.proto"));
}

TEST_F(SchemaTest, MissingImportThatLiesElsewhereSaysWhere) {
  dir_.Write("named/main.proto", "syntax = 'proto3'; import 'shared/x.proto';");
  dir_.Write("shared/x.proto", "syntax = 'proto3';");
  Error error = ErrorOf([&] { Load("main.proto", {dir_.path() + "/named"}); });
  EXPECT_THAT(error.message, HasSubstr("add \"" + dir_.path() + "\" to proto_path"));
}

TEST_F(SchemaTest, AnImportThatIsNoPlainPathSaysWhatToWrite) {
  dir_.Write("root/ok.proto", "syntax = 'proto3';");
  dir_.Write("outside.proto", "syntax = 'proto3';");
  const std::string root = dir_.path() + "/root";
  auto message_for = [&](const std::string& import) {
    dir_.Write("root/main.proto", "syntax = 'proto3'; import '" + import + "';");
    return ErrorOf([&] { Load("main.proto", {root}); }).message;
  };
  for (const std::string& import :
       {std::string("./ok.proto"), std::string("../root/ok.proto"), root + "/ok.proto"}) {
    std::string message = message_for(import);
    EXPECT_THAT(message, HasSubstr("an import is a plain path below the proto path, without"));
    EXPECT_THAT(message, HasSubstr(": write \"ok.proto\""));
    EXPECT_THAT(message, Not(HasSubstr("to proto_path")));
  }
  EXPECT_THAT(message_for("../outside.proto"),
              HasSubstr("write \"outside.proto\" and add \"" + dir_.path() + "\" to proto_path"));
  EXPECT_THAT(message_for("gone\\\\x.proto"), HasSubstr(": write \"gone/x.proto\""));
}

TEST_F(SchemaTest, ALinkThatLeadsNowhereIsNamed) {
  std::filesystem::create_symlink("/nowhere/at/all", dir_.path() + "/dead.proto");
  const std::string hint = "\"" + dir_.path() + "/dead.proto\" is a link that leads nowhere";
  Error error = ErrorOf([&] { Load("dead.proto", {dir_.path()}); });
  EXPECT_THAT(error.message, HasSubstr(hint));
  EXPECT_TRUE(error.near_names.empty());
  dir_.Write("main.proto", "syntax = 'proto3'; import 'dead.proto';");
  EXPECT_THAT(ErrorOf([&] { Load("main.proto", {dir_.path()}); }).message, HasSubstr(hint));
}

TEST_F(SchemaTest, AMissingImportDoesNotHideOtherErrors) {
  std::string path = dir_.Write("a.proto",
                                "syntax = 'proto3';\nimport 'none.proto';\nimport 'b.proto';\n"
                                "message A {\n  Unknown u = 1;\n  int32 b = 1;\n}\nmessage A {}\n");
  dir_.Write("b.proto", "syntax = 'proto3';\nmessage B {\n  Undefined u = 1;\n}\n");
  Error error = ErrorOf([&] { Load(path); });
  EXPECT_THAT(error.message, HasSubstr("a.proto:2:1: cannot find import \"none.proto\""));
  std::vector<std::pair<int, std::string>> places;
  for (const auto& location : error.locations) {
    places.emplace_back(location.line, std::filesystem::path(location.file).filename().string());
  }
  // What none.proto may declare is not told; that of b.proto, which lacks nothing, is.
  EXPECT_THAT(places,
              ::testing::UnorderedElementsAre(std::pair(2, "a.proto"), std::pair(6, "a.proto"),
                                              std::pair(8, "a.proto"), std::pair(3, "b.proto")));
}

TEST_F(SchemaTest, ImportsBeforeASyntaxErrorAreLookedFor) {
  std::string path =
      dir_.Write("a.proto",
                 "syntax = 'proto3';\nimport 'none.proto';\nmessage A { int32 a = ; }\n"
                 "import 'gone.proto';\n");
  Error error = ErrorOf([&] { Load(path); });
  ASSERT_EQ(error.locations.size(), 2u);
  EXPECT_THAT(error.message, HasSubstr("a.proto:3:23: "));
  EXPECT_EQ(error.locations[1].text, "cannot find import \"none.proto\"");
}

TEST_F(SchemaTest, SuggestionsBelongToTheirErrors) {
  std::string path =
      dir_.Write("a.proto", "syntax = 'proto3';\nmessage A { int32 a = 1; int32 b = 0; }\n");
  Error error = ErrorOf([&] { Load(path); });
  ASSERT_EQ(error.locations.size(), 1u);
  EXPECT_THAT(error.message,
              HasSubstr("must be positive integers; suggested field numbers for A: 2"));
}

TEST_F(SchemaTest, ErrorsInImportsNameTheChain) {
  std::string a = dir_.Write("a.proto", "syntax = 'proto3'; import 'b.proto';");
  dir_.Write("b.proto", "syntax = 'proto3'; import 'c.proto';");
  std::string c = dir_.Write("c.proto", "syntax = 'proto3';\nmessage {}\n");
  Error error = ErrorOf([&] { Load(a); });
  EXPECT_THAT(error.message, HasSubstr(c + ":2:9: Expected message name"));
  EXPECT_THAT(error.message, HasSubstr("(imported by " + dir_.path() + "/b.proto, imported by " +
                                       dir_.path() + "/a.proto)"));
}

TEST_F(SchemaTest, ImportCyclesAreNamed) {
  std::string a = dir_.Write("a.proto", "syntax = 'proto3';\nimport 'b.proto';");
  dir_.Write("b.proto", "syntax = 'proto3';\n\nimport 'a.proto';");
  Error error = ErrorOf([&] { Load(a); });
  EXPECT_THAT(error.message, HasSubstr("b.proto:3:1: import cycle: a.proto -> b.proto -> a.proto"));
  std::string self = dir_.Write("self.proto", "syntax = 'proto3'; import 'self.proto';");
  EXPECT_THAT(ErrorOf([&] { Load(self); }).message,
              HasSubstr("import cycle: self.proto -> self.proto"));
}

TEST_F(SchemaTest, UnknownSourcesSayWhatWasTried) {
  dir_.Write("helloworld.proto", kGreeterProto);
  Error error = ErrorOf([&] { Load("helloworl_pb2", {dir_.path()}); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("cannot find \"helloworl_pb2\""));
  EXPECT_THAT(error.message,
              HasSubstr("\"helloworl.proto\" on the proto path; searched " + dir_.path()));
  EXPECT_THAT(error.message, HasSubstr("did you mean \"helloworld.proto\"?"));
  EXPECT_THAT(error.searched, Contains(dir_.path()));
  EXPECT_THAT(ErrorOf([&] { Load("/no/such.proto"); }).message,
              HasSubstr("no such file or directory"));
  EXPECT_EQ(ErrorOf([&] { Load(""); }).code, Code::kSchema);
  EXPECT_EQ(ErrorOf([&] { Load(std::string("a\0b", 3)); }).code, Code::kSchema);
  EXPECT_THAT(ErrorOf([&] { Load("/dev/null"); }).message, HasSubstr("no regular file"));
}

TEST_F(SchemaTest, OtherFilesAreNeitherSetNorProto) {
  Error error = ErrorOf([&] { Load(dir_.Write("notes.txt", "just some notes\n")); });
  EXPECT_THAT(error.message, HasSubstr("is neither a descriptor set nor a .proto file"));
}

TEST_F(SchemaTest, DeepNestingIsAnErrorNotACrash) {
  std::string text = "syntax = 'proto3';\n";
  for (int i = 0; i < 100'000; ++i) text += "message A {";
  Error error = ErrorOf([&] { Load(dir_.Write("deep.proto", text)); });
  EXPECT_THAT(error.message, HasSubstr("deep.proto:2:1111: nested more than 100 deep"));
}

TEST_F(SchemaTest, TextMustBeUtf8) {
  Error error = ErrorOf([&] { Load(dir_.Write("latin.proto", "syntax = 'proto3';\n// \xE4\n")); });
  EXPECT_THAT(error.message, HasSubstr("latin.proto:2:4: the file is not UTF-8 text"));
}

TEST_F(SchemaTest, LoadsAllThatProtobufShips) {
  Load("/usr/include/google/protobuf");
  auto schema = store_.current();
  EXPECT_NE(schema->FindMessage("google.protobuf.compiler.CodeGeneratorRequest"), nullptr);
  EXPECT_NE(schema->FindMessage("google.protobuf.Timestamp"), nullptr);
  SchemaStore one_by_one;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator("/usr/include/google/protobuf")) {
    if (entry.path().extension() == ".proto") one_by_one.Load(entry.path().string(), {});
  }
  EXPECT_NE(one_by_one.current()->FindMessage("google.protobuf.compiler.Version"), nullptr);
}

TEST_F(SchemaTest, EmbeddedFilesAreThereToImport) {
  std::string path = dir_.Write("api.proto", R"(syntax = "proto3";
import "google/api/annotations.proto";
import "google/api/client.proto";
import "google/api/field_behavior.proto";
import "google/api/resource.proto";
import "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto";
import "google/rpc/code.proto";
import "google/rpc/context/attribute_context.proto";
import "google/rpc/error_details.proto";
import "google/rpc/http.proto";
import "google/rpc/status.proto";
import "grpc/health/v1/health.proto";
message M {
  option (google.api.resource) = { type: "x.y/Z" pattern: "zs/{z}" };
  google.protobuf.Any any = 1 [(google.api.field_behavior) = REQUIRED];
  google.protobuf.Timestamp time = 2;
  google.rpc.Status status = 3;
  google.rpc.QuotaFailure quota = 4;
  google.rpc.Code code = 5;
  grpc.health.v1.HealthCheckRequest health = 6;
}
service S {
  option (google.api.default_host) = "x.y";
  rpc Get(M) returns (M) {
    option (google.api.http) = { get: "/v1/{name}" additional_bindings { post: "/v1" body: "*" } };
  }
}
)");
  Load(path);
  auto schema = store_.current();
  EXPECT_EQ(schema->Message("M")->field(0)->message_type(),
            schema->FindMessage("google.protobuf.Any"));
  const auto& options = schema->Method("Get")->options();
  EXPECT_EQ(options.GetReflection()->GetUnknownFields(options).field_count(), 1);
}

TEST_F(SchemaTest, EmbeddedServicesAreThereByFullNameOnly) {
  auto schema = store_.current();
  for (std::string name : {"grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                           "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                           "grpc.health.v1.Health/Check"}) {
    EXPECT_NE(schema->Method(name), nullptr) << name;
  }
  EXPECT_NE(schema->FindMessage("google.rpc.BadRequest.FieldViolation"), nullptr);
  EXPECT_NE(schema->FindMessage("google.protobuf.Duration"), nullptr);
  EXPECT_TRUE(schema->empty());
  EXPECT_EQ(ErrorOf([&] { schema->Method("Check"); }).code, Code::kNotFound);
}

TEST_F(SchemaTest, EmbeddedFilesCanBeLoadedByName) {
  Load("grpc/health/v1/health.proto");
  EXPECT_FALSE(store_.current()->empty());
  EXPECT_EQ(store_.current()->Method("Check")->full_name(), "grpc.health.v1.Health.Check");
}

TEST_F(SchemaTest, AnOwnFileReplacesAnEmbeddedOne) {
  auto before = store_.current();
  EXPECT_EQ(before->FindMessage("google.rpc.Status")->field_count(), 3);
  dir_.Write("google/rpc/status.proto",
             "syntax = 'proto3'; package google.rpc; message Status { int32 mine = 1; }");
  Load("google/rpc/status.proto", {dir_.path()});
  EXPECT_EQ(store_.current()->FindMessage("google.rpc.Status")->field_count(), 1);
  EXPECT_EQ(before->FindMessage("google.rpc.Status")->field_count(), 3);
}

TEST_F(SchemaTest, AnOwnFileOfAnotherNameHidesAnEmbeddedOne) {
  EXPECT_NE(store_.current()->FindMessage("google.rpc.Status"), nullptr);
  dir_.Write("mine.proto",
             "syntax = 'proto3'; package google.rpc; message Status { int32 mine = 1; }");
  Load("mine.proto", {dir_.path()});
  EXPECT_EQ(store_.current()->FindMessage("google.rpc.Status")->field_count(), 1);
  std::string clash = dir_.Write(
      "clash.proto", "syntax = 'proto3'; import 'google/rpc/status.proto'; message Clash {}");
  EXPECT_THAT(ErrorOf([&] { Load(clash); }).message, HasSubstr("is declared in both"));
}

TEST_F(SchemaTest, CommentsAreKept) {
  Load(dir_.Write("helloworld.proto", kGreeterProto));
  google::protobuf::SourceLocation location;
  ASSERT_TRUE(store_.current()->Method("SayHello")->service()->GetSourceLocation(&location));
  EXPECT_EQ(location.leading_comments, " Greets.\n");
}

}  // namespace
}  // namespace pygrpc::schema
