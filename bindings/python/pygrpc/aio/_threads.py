# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""What waits inside the library, for files or for reflection, and has no completion to wait for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any, Callable, TypeVar

_T = TypeVar("_T")


async def in_thread(work: Callable[[], _T]) -> _T:
    """Does the work in a thread of its own, which ends with it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def finish(result: Any, failure: BaseException | None) -> None:
        if future.done():  # cancelled
            return
        if failure is None:
            future.set_result(result)
        else:
            future.set_exception(failure)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as caught:
            failure = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(finish, result, failure)

    threading.Thread(target=run, name="pygrpc-load", daemon=True).start()
    result: _T = await future
    return result
