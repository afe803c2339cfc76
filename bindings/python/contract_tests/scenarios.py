# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs bindings/scenarios.json; bindings/README.md says what its keys mean."""

from __future__ import annotations

import base64
import itertools
import json
import math
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable

import pygrpc

FILES = (
    "helloworld.proto",
    "route_guide.proto",
    "pygrpc_test/test.proto",
    "pygrpc_test/proto2.proto",
)
ABSENT: Any = object()


class MismatchError(AssertionError):
    """What came is not what the scenario expects."""


def native(value: Any) -> Any:
    """A value of the file, as Python has it."""
    if isinstance(value, list):
        return [native(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, content),) = value.items()
        if key == "$bytes":
            return base64.b64decode(content)
        if key == "$int":
            return int(content)
        if key == "$float":
            return float(content)
        if key == "$repeat":
            return content[0] * content[1]
    return {key: native(each) for key, each in value.items()}


def same_special(key: str, content: Any, found: Any) -> bool:
    if key == "$any":
        return found is not ABSENT
    if key == "$absent":
        return found is ABSENT
    if key == "$bytes":
        return found in (content, base64.b64decode(content))
    if key == "$int":
        return not isinstance(found, float) and str(found) == content
    if key == "$float":
        number = float(content)
        if isinstance(found, float) and not math.isnan(number):
            return found == number and math.copysign(1, found) == math.copysign(1, number)
        return found == content or (isinstance(found, float) and math.isnan(found))
    return bool(found == content[0] * content[1])


def matches(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict):
        if len(expected) == 1:
            ((key, content),) = expected.items()
            if key.startswith("$"):
                return same_special(key, content, found)
        return isinstance(found, dict) and all(
            matches(each, found.get(key, ABSENT)) for key, each in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(map(matches, expected, found))
        )
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return found is not ABSENT and type(found) is type(expected) and bool(found == expected)
    if isinstance(found, str):
        return found.strip() != "" and float(found) == expected
    return not isinstance(found, bool) and bool(found == expected)


@dataclass
class Outcome:
    """What an action has come to."""

    responses: list[Any] = field(default_factory=list)
    headers: Any = None
    trailers: Any = None
    error: pygrpc.PygrpcError | None = None
    milliseconds: float = 0


class Runner:
    """Runs scenarios against a server."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.default = pygrpc.Client(target)
        for each in FILES:
            self.default.load(each)

    def run(self, scenario: dict[str, Any]) -> None:
        """Runs one. Raises MismatchError if it does not come to what is expected."""
        outcome = Outcome()
        options = native(scenario.get("options", {}))
        tag = uuid.uuid4().hex
        if scenario["expect"].get("cancelled"):
            options["metadata"] = {**options.get("metadata", {}), "x-call-tag": tag}
        began = time.monotonic()
        try:
            self.act(scenario, options, outcome)
        except pygrpc.PygrpcError as error:
            outcome.error = error
        outcome.milliseconds = (time.monotonic() - began) * 1000
        self.compare(scenario["expect"], outcome)
        if scenario["expect"].get("cancelled"):
            request = {"tag": tag, "waitForCancelled": 1, "waitAtMost": "60s"}
            counts = self.default.unary_unary("GetCallCounts", request, timeout=120)
            expect("cancelled", 1, counts.cancelled)

    # ---- Acting

    def act(self, scenario: dict[str, Any], options: dict[str, Any], outcome: Outcome) -> None:
        if not {"client", "target", "load"} & scenario.keys():
            self.act_on(self.default, scenario, options, outcome)
            return
        target = scenario.get("target", self.target)
        with pygrpc.Client(target, **native(scenario.get("client", {}))) as client:
            action = scenario["action"]
            if action == "new_client":
                return
            if action == "load":
                close_twice_if(scenario, client)
                for source in scenario["load"]:
                    load(client, source, options)
                return
            if "load" in scenario:
                for source in scenario["load"]:
                    load(client, source, {})
            else:
                client.load(self.default)
            close_twice_if(scenario, client)
            self.act_on(client, scenario, options, outcome)

    def act_on(
        self,
        client: pygrpc.Client,
        scenario: dict[str, Any],
        options: dict[str, Any],
        outcome: Outcome,
    ) -> None:
        action, method = scenario["action"], scenario["method"]
        request = native(scenario.get("request", ABSENT))
        if "requests" in scenario:
            request = requests(scenario)
        if action in {"json_to_binary", "binary_to_json"}:
            outcome.responses.append(getattr(client, action)(method, request, **options))
        elif action == "cardinality":
            outcome.responses.append(client.cardinality(method).name)
        elif action == "conversation":
            converse(client.stream_stream(method, **options), request, outcome)
        elif action == "call":
            with client.call(method, request, **options) as call:
                if scenario.get("cancel_after") != 0:
                    outcome.headers = call.headers()
                read(call, scenario, outcome)
                outcome.trailers = call.trailers()
        else:
            result = getattr(client, action)(method, request, **options)
            if isinstance(result, pygrpc.Call):
                read(result, scenario, outcome)
            else:
                outcome.responses.append(result)

    # ---- Comparing

    def compare(self, wanted: dict[str, Any], outcome: Outcome) -> None:
        error = outcome.error
        if "error" not in wanted and error is not None:
            raise error
        for key, value in wanted.items():
            if key == "cancelled":
                continue
            if key == "message":
                for part in value:
                    if part not in str(error):
                        raise MismatchError(f"{part!r} is not in the message {str(error)!r}")
            elif key == "at_least_ms":
                if outcome.milliseconds < value:
                    raise MismatchError(f"it took {outcome.milliseconds:.0f} ms, less than {value}")
            elif key == "at_most_ms":
                if outcome.milliseconds > value:
                    raise MismatchError(f"it took {outcome.milliseconds:.0f} ms, more than {value}")
            else:
                expect(key, value, FOUND[key](outcome))


def error_code(outcome: Outcome) -> str | None:
    if isinstance(outcome.error, pygrpc.RpcError):
        return "E_STATUS"
    return outcome.error.name if outcome.error else None


FOUND: dict[str, Callable[[Outcome], Any]] = {
    "response": lambda outcome: outcome.responses[0] if len(outcome.responses) == 1 else ABSENT,
    "responses": lambda outcome: outcome.responses,
    "count": lambda outcome: len(outcome.responses),
    "headers": lambda outcome: outcome.headers,
    "trailers": lambda outcome: outcome.trailers,
    "error": error_code,
    "status": lambda outcome: outcome.error.name if outcome.error else None,
    "status_message": lambda outcome: getattr(outcome.error, "status_message", None),
    "details": lambda outcome: getattr(outcome.error, "details", None),
    "error_trailers": lambda outcome: getattr(outcome.error, "trailers", None),
    "info": lambda outcome: outcome.error.info if outcome.error else None,
}


def expect(what: str, expected: Any, found: Any) -> None:
    if not matches(expected, found):
        raise MismatchError(f"{what}: expected {json.dumps(expected)}, found {found!r}")


def close_twice_if(scenario: dict[str, Any], client: pygrpc.Client) -> None:
    if scenario.get("close_first"):
        client.close()
        client.close()


def load(client: pygrpc.Client, source: Any, options: dict[str, Any]) -> None:
    if isinstance(source, str):
        client.load(source, **options)
    elif "proto" in source:
        client.load_proto(source["proto"], source["text"])
    else:
        client.load(native(source["descriptor_set"]))


def requests(scenario: dict[str, Any]) -> Iterable[Any]:
    listed = [native(each) for each in scenario["requests"]]
    if scenario.get("repeat_last"):
        return itertools.chain(listed, itertools.repeat(listed[-1]))
    return listed


def read(call: pygrpc.Call, scenario: dict[str, Any], outcome: Outcome) -> None:
    if scenario.get("cancel_after") == 0:
        call.cancel()
    for response in call:
        outcome.responses.append(response)
        if len(outcome.responses) == scenario.get("leave_after"):
            break
        if len(outcome.responses) == scenario.get("cancel_after"):
            call.cancel()


def converse(call: pygrpc.Call, messages: Iterable[Any], outcome: Outcome) -> None:
    with call:
        for message in messages:
            call.write(message)
            outcome.responses.append(next(call))
        call.half_close()
        outcome.responses.extend(call)


def scenarios() -> list[dict[str, Any]]:
    """What the file holds."""
    with open(os.environ["PYGRPC_SCENARIOS"], encoding="utf-8") as file:
        listed: list[dict[str, Any]] = json.load(file)
    return listed
