# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import copy
import json
import pickle

import pytest

from pygrpc import Message
from pygrpc._message import json_name


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("message", "message"),
        ("point_count", "pointCount"),
        ("lower_snake_case_2", "lowerSnakeCase2"),
        ("CamelCase", "CamelCase"),
        ("_leading_underscore", "LeadingUnderscore"),
        ("trailing_underscore_", "trailingUnderscore"),
        ("double__underscore", "doubleUnderscore"),
    ],
)
def test_json_name(field: str, name: str) -> None:
    assert json_name(field) == name


def test_attributes_by_either_name() -> None:
    message = Message(pointCount=3)
    assert message.point_count == message.pointCount == message["pointCount"] == 3


def test_attributes_of_a_message_with_proto_names() -> None:
    message = Message(point_count=3)
    assert message.point_count == message.pointCount == 3


def test_an_exact_name_goes_first() -> None:
    message = Message(aB=1, a_b=2)
    assert (message.aB, message.a_b) == (1, 2)


def test_names_that_are_taken() -> None:
    message = Message({"items": [1], "from": "here"})
    assert message.items_ == [1]
    assert message.from_ == "here"
    assert list(message.items()) == [("items", [1]), ("from", "here")]


def test_a_missing_field_names_near_ones() -> None:
    with pytest.raises(AttributeError, match=r"no field 'messag' .* did you mean 'message'\?"):
        _ = Message(message="x").messag
    with pytest.raises(AttributeError, match="it has 'latitude', 'longitude'"):
        _ = Message(latitude=1, longitude=2).zzz
    with pytest.raises(AttributeError, match="it has no field set"):
        _ = Message().name
    assert not hasattr(Message(), "__wrapped__")


def test_setting() -> None:
    message = Message(pointCount=1)
    message.point_count = 2
    message.new_field = 3
    message.items_ = 4
    assert message == {"pointCount": 2, "newField": 3, "items": 4}
    with pytest.raises(AttributeError, match=r"message\.items_"):
        setattr(message, "items", 5)  # noqa: B010  # mypy knows the method


def test_deleting() -> None:
    message = Message(pointCount=1)
    del message.point_count
    assert message == {}
    with pytest.raises(AttributeError, match="point_count"):
        del message.point_count


def test_it_is_a_dict() -> None:
    message = Message(name="x", location=Message(latitude=1))
    assert isinstance(message, dict)
    assert json.loads(json.dumps(message)) == message
    assert repr(message) == "{'name': 'x', 'location': {'latitude': 1}}"
    assert "location" in dir(message)


def test_copies_are_messages() -> None:
    message = Message(location=Message(latitude=1))
    for other in (
        copy.copy(message),
        copy.deepcopy(message),
        pickle.loads(pickle.dumps(message)),
        message.copy(),
    ):
        assert other == message
        assert other is not message
        assert other.location.latitude == 1
    assert copy.deepcopy(message).location is not message.location
