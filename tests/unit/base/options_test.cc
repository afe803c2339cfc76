// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pygrpc {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

const std::vector<OptionSpec>& Table() {
  using T = OptionType;
  static const std::vector<OptionSpec> table = {
      {"flag", T::kBool, kCallScope, "false", nullptr, 0, 0, false, "a flag"},
      {"count", T::kInteger, kCallScope, "1", nullptr, 1, 10, false, "a count"},
      {"timeout", T::kDuration, kCallScope, "null", nullptr, 0, 3600000, true, "a time"},
      {"limit", T::kSize, kClientScope | kCallScope, "100", nullptr, 0, 1 << 30, true, "a size"},
      {"mode", T::kText, kCallScope, "\"fast\"", "fast|slow", 0, 0, false, "a choice"},
      {"secret", T::kText, kCallScope, "null", nullptr, 0, 0, false, "a text"},
      {"paths", T::kTextList, kCallScope, "[]", nullptr, 0, 0, false, "texts"},
      {"metadata", T::kMetadata, kCallScope, "{}", nullptr, 0, 0, false, "metadata"},
      {"arguments", T::kArguments, kCallScope, "{}", nullptr, 0, 0, false, "arguments"},
      {"config", T::kJson, kCallScope, "null", nullptr, 0, 0, false, "an object"},
      {"tls", T::kObject, kCallScope, "null", nullptr, 0, 0, false, "a group"},
      {"tls.ca", T::kText, kCallScope, "null", nullptr, 0, 0, false, "in the group"},
      {"client_only", T::kBool, kClientScope, "false", nullptr, 0, 0, false, "elsewhere"},
  };
  return table;
}

OptionValues Parse(const std::string& text) { return ParseOptions(text, Table(), kCallScope); }

std::string Fault(const std::string& text) {
  try {
    Parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kOption);
    EXPECT_THAT(error.message, Not(HasSubstr("\n")));
    return error.message;
  }
  return "no fault";
}

TEST(Options, EveryType) {
  OptionValues values = Parse(
      R"({"flag": true, "count": 7, "mode": "slow", "paths": ["a", "b"], "config": {"x": [1]},
          "tls": {"ca": "PEM"}, "arguments": {"grpc.a": 1, "grpc.b": "two", "grpc.c": true}})");
  EXPECT_TRUE(values.Find("flag")->flag);
  EXPECT_EQ(values.Find("count")->number, 7);
  EXPECT_EQ(values.Find("mode")->text, "slow");
  EXPECT_THAT(values.Find("paths")->texts, ElementsAre("a", "b"));
  EXPECT_EQ(values.Find("config")->text, R"({"x":[1]})");
  EXPECT_EQ(values.Find("tls.ca")->text, "PEM");
  EXPECT_THAT(values.Find("arguments")->integer_arguments,
              ElementsAre(Pair("grpc.a", 1), Pair("grpc.c", 1)));
  EXPECT_THAT(values.Find("arguments")->text_arguments, ElementsAre(Pair("grpc.b", "two")));
  EXPECT_EQ(values.Find("timeout"), nullptr);
  EXPECT_THAT(Parse(R"({"paths": "one"})").Find("paths")->texts, ElementsAre("one"));
  EXPECT_EQ(Parse(R"({"flag": null})").Find("flag"), nullptr);
}

TEST(Options, Durations) {
  auto ms = [](const std::string& value) {
    return Parse("{\"timeout\": " + value + "}").Find("timeout")->number;
  };
  EXPECT_EQ(ms("2.5"), 2500);
  EXPECT_EQ(ms("0"), 0);
  EXPECT_EQ(ms("\"250ms\""), 250);
  EXPECT_EQ(ms("\"1.5s\""), 1500);
  EXPECT_EQ(ms("\"2m\""), 120000);
  EXPECT_EQ(ms("\"1h\""), 3600000);
  EXPECT_EQ(ms("\"none\""), kNone);
  for (const char* bad : {"\"5\"", "\"5 s\"", "\"s\"", "\"\"", "\"1.2.3s\"", "\"-1s\"", "\"1d\"",
                          "true", "[]", "-1", "3601", "1e300"}) {
    EXPECT_THAT(Fault(std::string("{\"timeout\": ") + bad + "}"), HasSubstr("\"timeout\"")) << bad;
  }
}

TEST(Options, Sizes) {
  auto bytes = [](const std::string& value) {
    return Parse("{\"limit\": " + value + "}").Find("limit")->number;
  };
  EXPECT_EQ(bytes("100"), 100);
  EXPECT_EQ(bytes("\"16MiB\""), 16 << 20);
  EXPECT_EQ(bytes("\"2kB\""), 2000);
  EXPECT_EQ(bytes("\"1.5KiB\""), 1536);
  EXPECT_EQ(bytes("\"none\""), kNone);
  EXPECT_THAT(Fault(R"({"limit": "2GiB"})"), HasSubstr("takes 0"));
  EXPECT_THAT(Fault(R"({"limit": "16mb"})"), HasSubstr("\"16mb\""));
}

TEST(Options, Metadata) {
  OptionValues values =
      Parse(R"({"metadata": {"X-Key": ["1", "2"], "plain": "text", "data-bin": "AAH/"}})");
  EXPECT_THAT(values.Find("metadata")->metadata,
              ElementsAre(Pair("x-key", "1"), Pair("x-key", "2"), Pair("plain", "text"),
                          Pair("data-bin", std::string("\0\1\xFF", 3))));
  EXPECT_THAT(Fault(R"({"metadata": {"a b": "x"}})"), HasSubstr("metadata.a b"));
  EXPECT_THAT(Fault(R"({"metadata": {"": "x"}})"), HasSubstr("empty"));
  EXPECT_THAT(Fault(R"({"metadata": {"grpc-timeout": "1S"}})"), HasSubstr("reserved"));
  EXPECT_THAT(Fault(R"({"metadata": {"-BIN": "AA"}})"), HasSubstr("nothing is before"));
  EXPECT_THAT(Fault(R"({"metadata": {"User-Agent": "x"}})"),
              AllOf(HasSubstr("metadata.User-Agent"), HasSubstr("\"user_agent\"")));
  for (const char* key : {"connection", "Keep-Alive", "proxy-connection", "transfer-encoding",
                          "upgrade", "te", "content-type", "Content-Length"}) {
    EXPECT_THAT(Fault(std::string(R"({"metadata": {")") + key + R"(": "x"}})"),
                AnyOf(HasSubstr("reserved"), HasSubstr("is no metadata")))
        << key;
  }
  EXPECT_EQ(Fault(R"({"metadata": {"te-x": "x", "host": "x", "accept-encoding": "x"}})"),
            "no fault");
  EXPECT_THAT(Fault(R"({"metadata": {"k": "\u0001"}})"), HasSubstr("-bin"));
  EXPECT_THAT(Fault(R"({"metadata": {"k-bin": "%"}})"), HasSubstr("base64"));
  EXPECT_THAT(Fault(R"({"metadata": {"k": 1}})"), HasSubstr("metadata.k"));
  EXPECT_THAT(Fault(R"({"metadata": {"k": ["a", 1]}})"), HasSubstr("metadata.k"));
}

TEST(Options, UnknownOnesNameTheNearest) {
  EXPECT_THAT(Fault(R"({"timeot": 1})"), HasSubstr("did you mean \"timeout\"?"));
  EXPECT_THAT(Fault(R"({"tls": {"cs": ""}})"), HasSubstr("did you mean \"tls.ca\"?"));
  EXPECT_THAT(Fault(R"({"tls.ca": ""})"),
              HasSubstr(R"("tls.ca" stands inside an object: {"tls": {"ca": ...}})"));
  EXPECT_THAT(Fault(R"({"client_only": true})"), HasSubstr("belongs to a client"));
  EXPECT_THAT(Fault(R"({"nothing like it": 1})"), HasSubstr("is unknown"));
}

TEST(Options, BadValuesSayWhatIsTaken) {
  EXPECT_THAT(Fault(R"({"flag": 1})"), HasSubstr("takes true or false, not 1"));
  EXPECT_THAT(Fault(R"({"count": 1.5})"), HasSubstr("takes an integer, not 1.5"));
  EXPECT_THAT(Fault(R"({"count": 11})"), HasSubstr("takes 1"));
  EXPECT_THAT(Fault(R"({"mode": "fats"})"), HasSubstr("takes \"fast\" or \"slow\", not \"fats\""));
  EXPECT_THAT(Fault(R"({"paths": [1]})"), HasSubstr("\"paths\""));
  EXPECT_THAT(Fault(R"({"config": "no object"})"), HasSubstr("\"config\""));
  EXPECT_THAT(Fault(R"({"tls": 1})"), HasSubstr("\"tls\""));
  EXPECT_THAT(Fault(R"({"secret": "a\u0000b"})"), HasSubstr("NUL"));
}

TEST(Options, AreAnObject) {
  EXPECT_THAT(Fault("{"), HasSubstr("not JSON"));
  EXPECT_THAT(Fault(""), HasSubstr("not JSON"));
  EXPECT_THAT(Fault(R"({"count": 1e999})"), HasSubstr("larger than any double"));
  EXPECT_THAT(Fault("[]"), HasSubstr("an array"));
  EXPECT_THAT(Fault("12"), HasSubstr("12"));
}

TEST(Options, TextsThatMayBeSecretStayOutOfMessages) {
  EXPECT_THAT(Fault(R"({"secret": ["hunter2"]})"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(Fault(R"({"flag": "hunter2"})"), Not(HasSubstr("hunter2")));
}

TEST(Options, ListsItself) {
  auto lists = nlohmann::json::parse(OptionsJson(Table()));
  EXPECT_EQ(lists["client"].size(), 2u);
  EXPECT_EQ(lists["call"].size(), Table().size() - 1);
  for (const auto& row : lists["call"]) {
    EXPECT_TRUE(row.contains("name") && row.contains("type") && row.contains("default") &&
                row.contains("help"))
        << row;
    if (row["name"] == "timeout") EXPECT_EQ(row["range"], nlohmann::json::parse("[0.0, 3600.0]"));
    if (row["name"] == "mode") {
      EXPECT_EQ(row["choices"], nlohmann::json::parse(R"(["fast", "slow"])"));
    }
  }
}

}  // namespace
}  // namespace pygrpc
