// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What the names of methods and messages mean.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class NamesTest : public SchemaTest {
 protected:
  void SetUp() override {
    store_.LoadProto("helloworld.proto", kGreeterProto);
    store_.LoadProto("v2.proto", R"(syntax = "proto3";
package acme.v2;
message Outer {
  message Inner { message HelloRequest {} }
  enum Kind { NONE = 0; }
}
message Reply {}
service Greeter { rpc SayBye(Outer) returns (Reply); rpc SayHello(Outer) returns (Reply); }
service Shop { rpc Buy(Outer) returns (Reply); }
)");
    store_.LoadProto("bare.proto", R"(syntax = "proto3";
message Bare {}
service NoPackage { rpc Ping(Bare) returns (Bare); }
)");
  }

  std::string MethodName(const std::string& name) {
    return store_.current()->Method(name)->full_name();
  }
};

TEST_F(NamesTest, AllSpellings) {
  for (std::string name : {"helloworld.Greeter/SayHello", "/helloworld.Greeter/SayHello",
                           "helloworld.Greeter.SayHello", ".helloworld.Greeter/SayHello"}) {
    EXPECT_EQ(MethodName(name), "helloworld.Greeter.SayHello") << name;
  }
  for (std::string name :
       {"SayBye", "Greeter/SayBye", "Greeter.SayBye", "v2.Greeter/SayBye", "v2.Greeter.SayBye"}) {
    EXPECT_EQ(MethodName(name), "acme.v2.Greeter.SayBye") << name;
  }
  for (std::string name : {"Ping", "NoPackage/Ping", "NoPackage.Ping", "/NoPackage/Ping"}) {
    EXPECT_EQ(MethodName(name), "NoPackage.Ping") << name;
  }
}

TEST_F(NamesTest, TheSameNameGivesTheSameMethod) {
  auto schema = store_.current();
  EXPECT_EQ(schema->Method("Buy"), schema->Method("Buy"));
  EXPECT_EQ(schema->Method("Buy"), schema->Method("acme.v2.Shop/Buy"));
}

TEST_F(NamesTest, AmbiguousNamesListWhatTheyMayMean) {
  for (std::string name : {"SayHello", "Greeter/SayHello", "Greeter.SayHello"}) {
    Error error = ErrorOf([&] { store_.current()->Method(name); });
    EXPECT_EQ(error.code, Code::kAmbiguous);
    EXPECT_THAT(error.candidates,
                ElementsAre("acme.v2.Greeter/SayHello", "helloworld.Greeter/SayHello"));
    EXPECT_THAT(error.message, HasSubstr("\"" + name + "\" is ambiguous; it may mean "));
  }
}

TEST_F(NamesTest, UnknownMethodsGetNearNames) {
  Error error = ErrorOf([&] { store_.current()->Method("SayBy"); });
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("no method \"SayBy\" in the loaded schema; did you mean "
                                       "\"acme.v2.Greeter/SayBye\"?"));
  EXPECT_THAT(error.near_names, ElementsAre("acme.v2.Greeter/SayBye"));
  EXPECT_THAT(ErrorOf([&] { store_.current()->Method("helloworld.Greeter/SayHelo"); }).near_names,
              ElementsAre("helloworld.Greeter/SayHello"));
  EXPECT_THAT(ErrorOf([&] { store_.current()->Method("acme.v2.Shopp/Buy"); }).near_names,
              ElementsAre("acme.v2.Shop/Buy"));
  EXPECT_THAT(ErrorOf([&] { store_.current()->Method("/Shop/Buy"); }).near_names,
              ElementsAre("acme.v2.Shop/Buy"));
}

TEST_F(NamesTest, OddNamesAreNotFound) {
  for (std::string name : {"", "/", "//", ".", "a/b/c", "helloworld.Greeter/", "helloworld.Greeter",
                           "/SayBye/", "helloworld/SayHello", "Say\nBye"}) {
    EXPECT_EQ(ErrorOf([&] { store_.current()->Method(name); }).code, Code::kNotFound) << name;
    EXPECT_EQ(ErrorOf([&] { store_.current()->Message(name); }).code, Code::kNotFound) << name;
  }
}

TEST_F(NamesTest, Messages) {
  auto schema = store_.current();
  EXPECT_EQ(schema->Message("Bare")->full_name(), "Bare");
  EXPECT_EQ(schema->Message("Outer")->full_name(), "acme.v2.Outer");
  EXPECT_EQ(schema->Message("Inner")->full_name(), "acme.v2.Outer.Inner");
  EXPECT_EQ(schema->Message("Outer.Inner")->full_name(), "acme.v2.Outer.Inner");
  EXPECT_EQ(schema->Message(".acme.v2.Outer.Inner")->full_name(), "acme.v2.Outer.Inner");
  EXPECT_EQ(schema->Message("google.protobuf.Any")->full_name(), "google.protobuf.Any");
  EXPECT_EQ(schema->FindMessage("Outer"), nullptr);
  EXPECT_EQ(schema->FindMessage("acme.v2.Outer.Kind"), nullptr);
}

TEST_F(NamesTest, MessageErrors) {
  Error ambiguous = ErrorOf([&] { store_.current()->Message("HelloRequest"); });
  EXPECT_EQ(ambiguous.code, Code::kAmbiguous);
  EXPECT_THAT(ambiguous.candidates,
              UnorderedElementsAre("helloworld.HelloRequest", "acme.v2.Outer.Inner.HelloRequest"));
  Error unknown = ErrorOf([&] { store_.current()->Message("helloworld.HeloReply"); });
  EXPECT_THAT(unknown.message, HasSubstr("no message \"helloworld.HeloReply\" in the loaded "
                                         "schema; did you mean \"helloworld.HelloReply\"?"));
  EXPECT_THAT(ErrorOf([&] { store_.current()->Message("acme.v2.Shop"); }).message,
              HasSubstr("is no message but a name of kind service"));
}

}  // namespace
}  // namespace pygrpc::schema
