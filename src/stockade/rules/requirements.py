"""required_engine_version and required_plugin_versions."""

from __future__ import annotations

import re

from stockade.errors import RuleError
from stockade.rules.report import Report
from stockade.rules.source import Item, Node

# The version of Falco's rule engine whose language this is.
ENGINE_VERSION = (0, 63, 0)
# What is a plugin there and built in here.
_DIGITS_MAX = 9
_BUILT_IN = {"container"}
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:[-+][0-9A-Za-z.+-]*)?")


def check_engine(item: Item) -> None:
    """Raise RuleError where the rules ask for a newer language."""
    node = item.keys["required_engine_version"]
    wanted = _engine_version(node)
    if wanted > ENGINE_VERSION:
        text = ".".join(map(str, wanted))
        own = ".".join(map(str, ENGINE_VERSION))
        message = f"these rules need engine version {text}, and this is {own}"
        raise RuleError(message, node.place, hint="use a newer stockade")


def _engine_version(node: Node) -> tuple[int, ...]:
    """A plain number n is 0.n.0."""
    text = node.text().strip()
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX:
        return (0, int(text), 0)
    return _version(text, node)


def _version(text: str, node: Node) -> tuple[int, ...]:
    match = _VERSION.fullmatch(text)
    if match is None:
        raise RuleError(f"{text!r} is no version", node.place, hint="such as 0.50.0")
    return tuple(map(int, match.groups()))


def check_plugins(item: Item, report: Report) -> None:
    """Warn of plugins that are not there: rules of their sources are left out."""
    for entry in item.keys["required_plugin_versions"].items():
        keys = entry.mapping()
        alternatives = [keys]
        if "alternatives" in keys:
            alternatives += [each.mapping() for each in keys["alternatives"].items()]
        names = [_plugin(each, entry) for each in alternatives]
        if not _BUILT_IN.intersection(names):
            message = f"no plugin {' or '.join(names)}: rules that need its events are left out"
            report.warn(message, entry.place)


def _plugin(keys: dict[str, Node], entry: Node) -> str:
    for key in ("name", "version"):
        if key not in keys:
            raise RuleError(f"a plugin needs a {key}", entry.place)
    _version(keys["version"].text().strip(), keys["version"])
    return keys["name"].text()
