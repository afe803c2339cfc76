# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Messages as Python sees them."""

from __future__ import annotations

from typing import Any, Dict, Iterable

_json_names: dict[str, str] = {}


def json_name(field: str) -> str:
    """The name that ProtoJSON gives a field: "point_count" becomes "pointCount"."""
    name = _json_names.get(field)
    if name is None:
        first, *others = field.split("_")
        name = first + "".join(other[:1].upper() + other[1:] for other in others)
        # Field names come from schemas; whatever else is looked up must not pile up.
        if len(_json_names) < 10000:
            _json_names[field] = name
    return name


class Message(Dict[str, Any]):
    """A message: a dict by the field's JSON names, whose fields are attributes as well.

    An attribute is found by its name in the .proto and by its JSON name alike:
    message.point_count and message.pointCount are both message["pointCount"].

    A name that Python or dict has taken gets an underscore behind it: message.items_ is
    message["items"], and message.from_ is message["from"].

    A field that is not there is an AttributeError. So that a field with its default value is there,
    clients ask for all fields without presence; a message, a member of a oneof or an optional field
    that is not set is absent.
    """

    __slots__ = ()

    def _key(self, name: str) -> str | None:
        if name in self:
            return name
        other = json_name(name)
        if other in self:
            return other
        # With the option proto_names the keys are as in the .proto.
        for key in self:
            if json_name(key) == other:
                return key
        return None

    def _missing(self, name: str) -> AttributeError:
        import difflib

        near = difflib.get_close_matches(name, self, n=3, cutoff=0.6)
        if near:
            hint = "did you mean " + " or ".join(map(repr, near)) + "?"
        elif self:
            hint = "it has " + ", ".join(map(repr, self))
        else:
            hint = "it has no field set"
        return AttributeError(f"no field {name!r} is set in this message; {hint}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        key = self._key(name)
        if key is None:
            raise self._missing(name)
        return self[key]

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(dict, name):
            raise AttributeError(
                f"{name!r} is an attribute of every dict; "
                f"set message[{name!r}] or message.{name}_ instead"
            )
        key = self._key(name)
        self[json_name(name) if key is None else key] = value

    def __delattr__(self, name: str) -> None:
        key = None if hasattr(dict, name) else self._key(name)
        if key is None:
            raise self._missing(name)
        del self[key]

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *(key for key in self if key.isidentifier())]

    def copy(self) -> Message:
        """A shallow copy."""
        return Message(self)
