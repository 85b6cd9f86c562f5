"""What files ask for, what packs must have, and what is told of what is odd."""

from __future__ import annotations

import pytest

from tests.unit.rules.helpers import errors, made, rule, warnings

GOOD = rule("evt.type = open")
PLUGIN = "- required_plugin_versions:\n  - name: json\n    version: 1.0.0\n"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("- required_engine_version: 0.63.0\n", ""),
        ("- required_engine_version: 26\n", ""),
        ("- required_engine_version: 0.50.0-rc1\n", ""),
        ("- pack: p\n", ""),
        ("- required_plugin_versions: []\n", ""),
        ("- required_plugin_versions: [{name: container, version: 0.4.0}]\n", ""),
        (
            "- required_plugin_versions: [{name: json, version: 0.7.0}]\n",
            "1:30: warning: no plugin json: rules that need its events are left out",
        ),
        (
            PLUGIN + "    alternatives: [{name: container, version: 1.0.0}]\n",
            "",
        ),
        ("- widget: x\n", "1:3: warning: unknown kind of entry widget"),
        ("- lst: x\n  items: []\n", "1:3: warning: unknown kind of entry lst"),
        (GOOD + "  colour: red\n", "6:11: warning: unknown key colour in a rule"),
        (
            rule("jevt.value = x", source="k8s_audit"),
            "1:3: warning: rule 'r' is left out: no events of source k8s_audit",
        ),
        (
            rule("evt.type = open and proc.nme = x", skip__if__unknown__filter="true"),
            "1:3: warning: rule 'r' is left out: unknown field proc.nme",
        ),
        (
            rule("evt.type = open", skip__if__unknown__filter="true", output="'%x.y'"),
            "1:3: warning: rule 'r' is left out: in the output: unknown field x.y",
        ),
        (rule("proc.pid = 1"), "1:3: warning: rule 'r' does not say which events it is about"),
        (rule("not evt.type = open"), "1:3: warning: rule 'r' does not say which events"),
        (rule("proc.pid = 1", warn_evttypes="false"), ""),
        (rule("proc.pid = 1", enabled="false"), ""),
        (rule("evt.type = read"), "3:25: warning: no read events are collected yet"),
        (rule("evt.type = ptrace"), ""),
        (
            rule("evt.type = open and fd.connected = true"),
            "1:3: warning: rule 'r' needs what nothing fills yet: fd.connected",
        ),
        (rule("evt.type = open", action="kill"), ""),
        (GOOD + GOOD, "6:3: warning: rule 'r' replaces another one, at a.yaml:1:3"),
    ],
)
def test_warnings(text: str, warning: str) -> None:
    wanted = [f"a.yaml:{warning}"] if warning else []
    assert [each[: len(wanted[0]) if wanted else None] for each in warnings(text)] == wanted


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- required_engine_version: 0.64.0\n", "1:28"),
        ("- required_engine_version: 64\n", "1:28"),
        ("- required_engine_version: 1.0.0\n", "1:28"),
        ("- required_engine_version: new\n", "1:28"),
        ("- required_engine_version: 99999999999999999999\n", "1:28"),
        ("- required_engine_version: [1]\n", "1:28"),
        ("- required_plugin_versions: x\n", "1:29"),
        ("- required_plugin_versions: [{name: json}]\n", "1:30"),
        ("- required_plugin_versions: [{name: json, version: x}]\n", "1:52"),
        ("- pack:\n", "1:3"),
    ],
)
def test_requirements_that_are_not_met(text: str, place: str) -> None:
    (found,) = errors(text + GOOD)
    assert found.startswith(f"a.yaml:{place}: error:")


def test_only_unknown_fields_are_skipped() -> None:
    text = rule("proc.nme = x and proc.pid = one", skip__if__unknown__filter="true")
    assert len(errors(text)) == 2


PACK = {
    "maturity": "stable",
    "technique": "[T1611]",
    "false_positives": "none",
    "tuning": "none",
    "tests": "[{fires: a, event: {evt.type: open}}]",
}


def test_a_rule_of_a_pack() -> None:
    found = made("- pack: p\n" + rule("evt.type = open", **PACK), rule("evt.type = open", "s"))
    assert [(each.name, each.pack) for each in found.rules] == [("r", "p"), ("s", None)]


@pytest.mark.parametrize("key", PACK)
@pytest.mark.parametrize("empty", ["", "''", "[]"])
def test_a_rule_of_a_pack_has_everything(key: str, empty: str) -> None:
    keys = {name: value for name, value in PACK.items() if name != key}
    if empty and (empty == "[]") == (key in {"technique", "tests"}) and key != "maturity":
        keys[key] = empty
    (found,) = errors("- pack: p\n" + rule("evt.type = open", **keys))
    assert found == f"a.yaml:2:3: error: rule 'r' belongs to a pack and has no {key}"
