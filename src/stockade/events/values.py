"""The three values a field can have: a value, absent, or unknown."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias


class Missing(Enum):
    """Why a field has no value.

    ABSENT: the event has no such thing, so a comparison with it is false.
    UNKNOWN: there is one, and it was not learnt or did not fit; nothing follows from it.
    """

    ABSENT = "absent"
    UNKNOWN = "unknown"


ABSENT = Missing.ABSENT
UNKNOWN = Missing.UNKNOWN

Scalar: TypeAlias = str | int | bool | bytes
# One of a field's several values, which may be missing on its own.
Element: TypeAlias = Scalar | Missing
Value: TypeAlias = Element | tuple[Element, ...]
