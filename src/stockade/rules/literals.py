"""Values as they stand in YAML, outside conditions."""

from __future__ import annotations

from stockade.errors import Place
from stockade.rules.scanner import unquote
from stockade.rules.syntax import Literal


def literal(text: str, place: Place) -> Literal:
    """A value of a list or an exception. '"(x)"' is quoted in the condition language's sense.

    Raises:
        RuleError: an unknown escape between the quotes.
    """
    quote = text[:1]
    if quote in {'"', "'"} and len(text) > 1 and text.endswith(quote):
        return Literal(unquote(text, place), quoted=True, place=place)
    return Literal(text, quoted=False, place=place)
