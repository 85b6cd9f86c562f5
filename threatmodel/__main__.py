"""python -m threatmodel [--check | --record WORDS | --run WORDS | --take]: the threat model's page.

--check writes nothing, and fails where a claim is not shown or the page is not what the claims say.
--record runs the tests that claims name, those with one of the words in their ids, or all.
--run does that where nothing can be kept, and prints what became of them; --take keeps that.
"""

from __future__ import annotations

import sys

from threatmodel.claims import ROOT, Model, faults, keep, read, results, tests_there
from threatmodel.page import PAGE, page
from threatmodel.record import merged, run, taken, told

_ACTIONS = ("--check", "--record", "--run", "--take")


def main(arguments: list[str]) -> int:
    """Write, check or record; returns the exit code."""
    action, words = (arguments[0], arguments[1:] or [""]) if arguments else ("", [])
    if action not in {"", *_ACTIONS}:
        print(__doc__, file=sys.stderr)
        return 2
    model = read()
    named = {test for claim in model.claims for test in claim.tests}
    asked = {test for test in named if any(word in test for word in words)}
    if action == "--run":
        print(told(run(asked)))
        return 0
    if action in {"--record", "--take"}:
        new = taken(sys.stdin) if action == "--take" else run(asked)
        known = {test: result for test, result in results().items() if test in named}
        keep(merged(known, new))
    stale = _page(model, write=action != "--check")
    found = list(faults(model, tests_there(), results())) if action else []
    for each in found:
        print(f"{PAGE.parent.relative_to(ROOT)}: {each}", file=sys.stderr)
    return 1 if found or stale else 0


def _page(model: Model, *, write: bool) -> bool:
    """Write the page; or say whether it is not what the claims say."""
    text = page(model, results())
    if write:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print(f"{PAGE} is not what the claims say: make generate", file=sys.stderr)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
