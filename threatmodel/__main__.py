"""python -m threatmodel [--check | --record [WORDS]]: the threat model's page.

--check writes nothing, and fails where a claim is not shown or the page is not what the claims say.
--record runs the tests that claims name, those with one of the words in their ids, or all.
"""

from __future__ import annotations

import sys

from threatmodel.claims import ROOT, faults, keep, read, results, tests_there
from threatmodel.page import PAGE, page
from threatmodel.record import merged, run


def main(arguments: list[str]) -> int:
    """Write, check or record; returns the exit code."""
    model = read()
    if arguments[:1] == ["--record"]:
        words = arguments[1:] or [""]
        named = {test for claim in model.claims for test in claim.tests}
        known = {test: result for test, result in results().items() if test in named}
        keep(merged(known, run(test for test in named if any(word in test for word in words))))
    found = list(faults(model, tests_there(), results()))
    for each in found:
        print(f"{PAGE.parent.relative_to(ROOT)}: {each}", file=sys.stderr)
    text = page(model, results())
    if "--check" not in arguments:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print(f"{PAGE} is not what the claims say: make generate", file=sys.stderr)
        return 1
    return 1 if found and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
