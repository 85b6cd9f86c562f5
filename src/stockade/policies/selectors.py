"""What policies and exceptions name: containers, and what happens in them, by typed keys.

Every key stands for a condition of the rule language. Several values of a key are alternatives;
several keys must all hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stockade.errors import Place, RuleError
from stockade.events import HOST
from stockade.rules.keys import boolean
from stockade.rules.snippet import Snippet
from stockade.rules.source import Node, suggest
from stockade.rules.syntax import And, Compare, Condition, FieldRef, Literal, Or
from stockade.rules.vocabulary import ConditionReader

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selector:
    """One key.

    Attributes:
        read: the condition that its value stands for; raises RuleError.
        doc: what its values are, for the reference.
    """

    read: Callable[[Node], Condition]
    doc: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What some keys select.

    Attributes:
        condition: checked.
        text: for people.
    """

    condition: Condition
    text: str


def compare(field: str, operator: str, values: Iterable[str], place: Place) -> Compare:
    """A comparison as rule files have it, of a field or of one with something in brackets."""
    name, _, argument = field.partition("[")
    reference = FieldRef(name, argument.removesuffix("]") or None, place)
    literals = tuple(Literal(value, quoted=True, place=place) for value in values)
    return Compare(reference, operator, literals, None, place)


def joined(kind: type[And | Or], terms: list[Condition]) -> Condition:
    """Several conditions as one; at least one is given."""
    return terms[0] if len(terms) == 1 else kind(tuple(terms))


def any_container(place: Place) -> Condition:
    """Whatever is not the host's."""
    return compare("container.id", "!=", [HOST], place)


def _values(node: Node) -> list[Snippet]:
    found = [each.snippet() for each in (node.items() if node.is_list else [node])]
    if not found:
        raise RuleError("needs at least one value", node.place)
    for each in found:
        if not each.value.strip():
            raise RuleError("must not be empty", node.place)
    return found


def _like(field: str, snippet: Snippet) -> Condition:
    operator = "glob" if _GLOB & set(snippet.value) else "="
    return compare(field, operator, [snippet.value], snippet.place(0))


def _by(*fields: str) -> Callable[[Node], Condition]:
    """Values of any of some fields, or patterns for them."""

    def read(node: Node) -> Condition:
        return joined(Or, [_like(field, value) for value in _values(node) for field in fields])

    return read


def _image(node: Node) -> Condition:
    return joined(Or, [_like(_image_field(each.value), each) for each in _values(node)])


def _image_field(image: str) -> str:
    """What is compared with an image: a colon after the last slash begins a tag."""
    tagged = ":" in image.rpartition("/")[2] or "@" in image
    return "container.image" if tagged else "container.image.repository"


def _labels(node: Node) -> Condition:
    terms: list[Condition] = []
    for key, value in node.entries():
        field = f"container.label[{key.value}]"
        if value.is_null:
            terms.append(compare(field, "exists", [], key.place(0)))
        else:
            terms.append(joined(Or, [_like(field, each) for each in _values(value)]))
    if not terms:
        raise RuleError("needs at least one label", node.place)
    return joined(And, terms)


def _privileged(node: Node) -> Condition:
    word = str(boolean(node)).lower()
    return compare("container.privileged", "=", [word], node.place)


def _in(field: str) -> Callable[[Node], Condition]:
    def read(node: Node) -> Condition:
        return compare(field, "in", [each.value for each in _values(node)], node.place)

    return read


# Known once a container's metadata has come.
OF_CONTAINERS: dict[str, Selector] = {
    "container": Selector(_by("container.name", "container.id"), "names or ids of containers"),
    "image": Selector(_image, "images; without a tag or digest, whichever it has"),
    "label": Selector(_labels, "labels by their keys, each with values; without any, it is there"),
    "namespace": Selector(_by("k8s.ns.name"), "Kubernetes namespaces"),
    "privileged": Selector(_privileged, "true or false"),
}
SELECTORS: dict[str, Selector] = OF_CONTAINERS | {
    "process": Selector(
        _by("proc.exepath"), "paths of the acting program, as the container has them"
    ),
    "parent": Selector(_by("proc.pexepath"), "paths of its parent's program"),
    "user": Selector(_in("user.uid"), "numbers of its user"),
    "file": Selector(_by("fd.name"), "paths of the file, as the container has them"),
    "host_file": Selector(_by("fd.host_path"), "paths that the host has for the file"),
    "address": Selector(_in("fd.snet"), "addresses of the server, or networks"),
}


def read_scope(node: Node, reader: ConditionReader) -> Selection:
    """Whose acts a policy is about: keys and values, or a list of such. Raises RuleError."""
    mappings = node.items() if node.is_list else [node]
    if not mappings:
        raise RuleError("a scope names at least one kind of containers", node.place)
    found = [_scope(each) for each in mappings]
    condition = joined(Or, [each.condition for each in found])
    return Selection(reader.checked(condition), "; ".join(each.text for each in found))


def _scope(node: Node) -> Selection:
    keys = node.mapping()
    if "host" in keys:
        if len(keys) > 1:
            raise RuleError(
                "host stands alone", node.place, hint="make the scope a list, host one of it"
            )
        if not boolean(keys["host"]):
            raise RuleError("the host is in no scope that does not say so", keys["host"].place)
        return Selection(compare("container.id", "=", [HOST], node.place), HOST)
    terms = [any_container(node.place), *_terms(keys, (*OF_CONTAINERS, "host"), "a scope")]
    return Selection(joined(And, terms), _text(keys))


def names_host(node: Node) -> bool:
    """Whether a scope that was read has the host in it."""
    return any(HOST in each.mapping() for each in (node.items() if node.is_list else [node]))


def read_exception(keys: Mapping[str, Node], place: Place, reader: ConditionReader) -> Condition:
    """When an exception holds, by its typed keys and a condition. Raises RuleError."""
    written = keys.get("condition")
    typed = {name: node for name, node in keys.items() if name != "condition"}
    terms = [reader.checked(each) for each in _terms(typed, SELECTORS, "an exception")]
    if written is not None:
        condition = reader.read(written.snippet())
        if condition is None:
            raise RuleError("names a macro that cannot be used", written.place)
        terms.append(condition)
    if not terms:
        raise RuleError("an exception without a selection excepts everything", place)
    return joined(And, terms)


def _terms(keys: Mapping[str, Node], known: Iterable[str], where: str) -> list[Condition]:
    terms = []
    for name, node in keys.items():
        if name not in known:
            hint = suggest(name, known) or f"one of {', '.join(known)}"
            raise RuleError(f"unknown key {name} in {where}", node.place, hint=hint)
        terms.append(SELECTORS[name].read(node))
    return terms


def _text(keys: Mapping[str, Node]) -> str:
    return " and ".join(f"{name} {_shown(node)}" for name, node in keys.items()) or "any container"


def _shown(node: Node) -> str:
    if node.is_scalar:
        return node.text()
    if node.is_list:
        return " or ".join(each.text() for each in node.items())
    return " and ".join(
        key.value if value.is_null else f"{key.value}={_shown(value)}"
        for key, value in node.entries()
    )
