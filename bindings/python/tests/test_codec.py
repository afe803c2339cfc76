# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import json
import math
import pathlib
import types
from typing import Any

import pytest

from pygrpc import Message, OptionError
from pygrpc._codec import BINARY, decode_message, encode_message, encode_options


def encoded(value: Any) -> Any:
    return json.loads(encode_message(value), parse_constant=pytest.fail)


def test_a_message() -> None:
    assert encode_message({"name": "grüß", "ids": [1, 2]}) == '{"name":"grüß","ids":[1,2]}'.encode()


@pytest.mark.parametrize("value", [2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1])
def test_integers_are_exact(value: int) -> None:
    assert encode_message({"n": value}) == b'{"n":%d}' % value
    assert decode_message(b'{"n":%d}' % value).n == value


@pytest.mark.parametrize("value", [b"\x00\xffa", bytearray(b"\x00\xffa"), memoryview(b"\x00\xffa")])
def test_bytes_are_base64(value: Any) -> None:
    assert encoded({"data": value}) == {"data": "AP9h"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, 600), "2026-01-02T03:04:05.000600Z"),
        (datetime.datetime(1, 1, 1), "0001-01-01T00:00:00Z"),
        (
            datetime.datetime(2026, 1, 2, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
            "2026-01-01T23:00:00Z",
        ),
    ],
)
def test_timestamps(value: datetime.datetime, text: str) -> None:
    assert encoded({"at": value}) == {"at": text}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime.timedelta(seconds=90), "90s"),
        (datetime.timedelta(0), "0s"),
        (datetime.timedelta(milliseconds=1), "0.001000s"),
        (datetime.timedelta(milliseconds=-1500), "-1.500000s"),
        (datetime.timedelta(days=10000, microseconds=1), "864000000.000001s"),
    ],
)
def test_durations(value: datetime.timedelta, text: str) -> None:
    assert encoded({"wait": value}) == {"wait": text}


def test_nan_and_infinities() -> None:
    message = {"a": float("nan"), "b": [float("inf"), {"c": float("-inf")}], "d": 1.5, "e": b"a"}
    assert encoded(message) == {
        "a": "NaN",
        "b": ["Infinity", {"c": "-Infinity"}],
        "d": 1.5,
        "e": "YQ==",
    }


def test_negative_zero() -> None:
    assert encode_message([-0.0]) == b"[-0.0]"


def test_other_containers_and_numbers() -> None:
    class Color(enum.IntEnum):
        RED = 1

    message = {
        "mapping": types.MappingProxyType({"a": 1}),
        "ordered": collections.OrderedDict(a=1),
        "message": Message(a=1),
        "tuple": (1, 2),
        "deque": collections.deque([1, 2]),
        "range": range(2),
        "enum": Color.RED,
        "fraction": fractions.Fraction(1, 2),
        "map": {1: "a", False: "b"},
    }
    assert encoded(message) == {
        "mapping": {"a": 1},
        "ordered": {"a": 1},
        "message": {"a": 1},
        "tuple": [1, 2],
        "deque": [1, 2],
        "range": [0, 1],
        "enum": 1,
        "fraction": 0.5,
        "map": {"1": "a", "false": "b"},
    }


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"tags": {"a"}}, r"^\$\.tags: a set cannot be sent"),
        ({"items": [{}, {"name": print}]}, r"^\$\.items\[1\]\.name: a builtin_function_or_method"),
        ({"my key": object()}, r'^\$\["my key"\]: a object cannot be sent'),
        ({"day": datetime.date(2026, 1, 1)}, r"^\$\.day: a date cannot be sent"),
        ({"z": 1j}, r"^\$\.z: a complex"),
        ({"a": {b"b": 1}}, r"^\$\.a: a bytes cannot be a field's name"),
        ({"a": {("b",): 1}}, r"^\$\.a: a tuple cannot be a field's name"),
        (iter([]), r"^\$: a list_iterator"),
        ({"nan": float("nan"), "f": lambda: None}, r"^\$\.f: a function"),
    ],
)
def test_what_cannot_be_sent_is_named(message: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        encode_message(message)


def test_cycles() -> None:
    holder: dict[str, Any] = {"a": {"b": []}}
    holder["a"]["b"].append(holder)
    with pytest.raises(TypeError, match=r"^\$\.a\.b\[0\]: the dict holds itself"):
        encode_message(holder)
    many: list[Any] = []
    many.append(many)
    with pytest.raises(TypeError, match=r"^\$\[0\]: the list holds itself"):
        encode_message(many)


def test_the_same_value_twice_is_no_cycle() -> None:
    point = {"x": float("inf")}
    assert encoded([point, point]) == [{"x": "Infinity"}, {"x": "Infinity"}]


def test_too_deep() -> None:
    message: Any = 1
    for _ in range(100000):
        message = [message]
    with pytest.raises(ValueError, match="nests too deeply"):
        encode_message(message)


def test_half_a_surrogate_pair_is_left_to_the_library() -> None:
    assert encode_message({"name": "a\ud800"}) == rb'{"name":"a\ud800"}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (fractions.Fraction(9007199254740993), "9007199254740993"),
        (fractions.Fraction(-(2**63)), "-9223372036854775808"),
        (fractions.Fraction(1, 3), "0.3333333333333333"),
        (fractions.Fraction(0), "0.0"),
        (decimal.Decimal("9007199254740993"), "9007199254740993"),
        (decimal.Decimal("18446744073709551615.00"), "18446744073709551615"),
        (decimal.Decimal("1E+3"), "1000"),
        (decimal.Decimal("0.1"), "0.1"),
        (decimal.Decimal("1E-1000000000"), "0.0"),
        (decimal.Decimal("-0"), "-0.0"),
        (decimal.Decimal("NaN"), '"NaN"'),
        (decimal.Decimal("-Infinity"), '"-Infinity"'),
    ],
)
def test_numbers_of_other_types(value: Any, text: str) -> None:
    assert encode_message({"a": [value]}) == b'{"a":[%b]}' % text.encode()


@pytest.mark.parametrize(
    "value",
    [
        fractions.Fraction(10**400 + 1, 3),
        decimal.Decimal("1E+1000000000"),
        decimal.Decimal("-1E+999"),
        decimal.Decimal("sNaN"),
    ],
)
def test_numbers_beyond_any_double(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^\$\.a\[0\]: a \w+ beyond any double cannot be sent$"):
        encode_message({"a": [value]})


def test_nul_in_text() -> None:
    assert encode_message({"name": "a\0b"}) == rb'{"name":"a\u0000b"}'


def test_decoded_objects_are_messages() -> None:
    message = decode_message(b'{"feature":[{"location":{"latitude":1}}]}')
    assert message.feature[0].location.latitude == 1
    assert decode_message(b'"text"') == "text"
    assert decode_message(b"null") is None


def test_binary() -> None:
    assert BINARY.encode(bytearray(b"\0a")) == b"\0a"
    assert BINARY.encode(memoryview(b"\0a")) == b"\0a"
    assert BINARY.decode(b"\0a") == b"\0a"
    with pytest.raises(TypeError, match="codec 'binary' a message is bytes, not a dict"):
        BINARY.encode({})


ITSELF: list[Any] = []
ITSELF.append(ITSELF)


def options(**values: Any) -> Any:
    return json.loads(encode_options(values))


def test_options() -> None:
    assert options(
        timeout=datetime.timedelta(milliseconds=1500),
        proto_path=(pathlib.Path("/a"), "b"),
        tls={"ca": b"-----BEGIN", "key": pathlib.Path("k")},
        unset=None,
    ) == {"timeout": 1.5, "proto_path": ["/a", "b"], "tls": {"ca": "-----BEGIN", "key": "k"}}
    assert options(timeout=fractions.Fraction(1, 2), channel_args=types.MappingProxyType({})) == {
        "timeout": 0.5,
        "channel_args": {},
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (print, "option b: a builtin_function_or_method is no option's value: give a text, number"),
        ({"key": [object()]}, "option b: a object is no option's value: give"),
        (b"\xff", "option b: bytes that are not UTF-8"),
        ([b"\xff"], "option b: bytes that are not UTF-8"),
        (math.nan, "option b: nan is no value"),
        (math.inf, 'option b: inf is no value; "none" is without limit'),
        ([math.nan], "option b: Out of range float values"),
        ("\ud800", "option b: text that is not UTF-8"),
        (ITSELF, "option b: Circular reference"),
    ],
)
def test_options_of_wrong_types(value: Any, text: str) -> None:
    with pytest.raises((TypeError, OptionError), match=f"^{text}"):
        options(a=1, b=value)


@pytest.mark.parametrize(
    "metadata",
    [
        {"x-a": "1", "x-b": ["2", "3"], "x-c-bin": b"\xff"},
        [("x-a", "1"), ("x-b", "2"), ("x-b", "3"), ("x-c-bin", b"\xff")],
    ],
)
def test_metadata(metadata: Any) -> None:
    assert options(metadata=metadata) == {
        "metadata": {"x-a": ["1"], "x-b": ["2", "3"], "x-c-bin": ["/w=="]}
    }


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({"x-c-bin": "text"}, "'x-c-bin' are bytes, not str"),
        ({"x-a": b"1"}, "'x-a' are str, not bytes"),
        ({"x-a": 1}, "'x-a' are str, not int"),
        (5, "option metadata: a mapping of keys to values, or pairs of them, is wanted, not a int"),
        ("abc", "option metadata: a mapping of keys to values, or pairs of them, .* not a str"),
        (["ab"], "option metadata: pairs of a key and its value are wanted, not a str"),
        (
            [("a", "b", "c")],
            "option metadata: pairs of a key and its value are wanted, not 3 values",
        ),
        ({1: "x"}, "option metadata: a key is a str, not a int"),
        ([(b"a", "x")], "option metadata: a key is a str, not a bytes"),
    ],
)
def test_metadata_of_wrong_types(metadata: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        encode_options({"metadata": metadata})
