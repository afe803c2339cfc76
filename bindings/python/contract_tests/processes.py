from __future__ import annotations
from typing import Callable
TESTS = []
