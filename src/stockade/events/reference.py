"""Write docs/fields.md from the field catalogue.

    python -m stockade.events.reference [--check]

--check writes nothing and exits with 1 when the committed page differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stockade.events.fields import CATALOGUE

TARGET = Path(__file__).parents[3] / "docs" / "fields.md"

_HEAD = """\
# Fields

What rules can name. Written by `make generate` from the C headers and the catalogue.
A field that an event does not have is absent: a comparison with it is false. One that
could not be learnt, or did not fit, is unknown: a rule that depends on it does not fire.

| field | type | meaning |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = [
        f"| `{field.name}`{' or `' + field.name + '[N]`' if field.index else ''}"
        f" | {field.type} | {field.doc} |\n"
        for field in CATALOGUE.values()
    ]
    return _HEAD + "".join(rows)


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit code."""
    if "--check" not in arguments:
        TARGET.write_text(page())
        return 0
    if TARGET.exists() and TARGET.read_text() == page():
        return 0
    print(f"{TARGET} is not what the catalogue says; run make generate", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
