"""The rule reference: what each rule is, for people and for JSON; docs/rules.md is made of it.

    python -m stockade.rules.reference [--check]

--check writes nothing and exits with 1 when the committed page differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from stockade.rules.keys import LIST_KEYS, MACRO_KEYS, PACK_REQUIRED, REQUIRED, RULE_KEYS
from stockade.rules.rule import Rule
from stockade.rules.ruleset import load_rules
from stockade.rules.show import condition_text

_ROOT = Path(__file__).parents[3]
TARGETS = {"rules": _ROOT / "docs" / "rules.md", "keys": _ROOT / "docs" / "rule-keys.md"}
_PACKS = Path(__file__).parents[1] / "packs"


class RuleView(msgspec.Struct, frozen=True):
    """A rule as it is shown.

    Attributes:
        condition: as written.
        resolved: with lists and macros in their places.
    """

    name: str
    desc: str
    priority: str
    maturity: str | None
    technique: tuple[str, ...]
    tags: tuple[str, ...]
    action: str
    unknown: str
    scope: str
    enabled: bool
    pack: str | None
    condition: str
    resolved: str
    output: str
    false_positives: str
    tuning: str
    tests: tuple[str, ...]
    place: str


def describe(rule: Rule) -> RuleView:
    """A rule as it is shown."""
    return RuleView(
        name=rule.name,
        desc=rule.desc,
        priority=rule.priority.value,
        maturity=rule.maturity.value if rule.maturity else None,
        technique=rule.technique,
        tags=rule.tags,
        action=rule.action.value,
        unknown=rule.unknown.value,
        scope=rule.scope.value,
        enabled=rule.enabled,
        pack=rule.pack,
        condition=rule.text,
        resolved=condition_text(rule.condition),
        output=rule.output.render(lambda operand: f"%{operand}"),
        false_positives=rule.false_positives,
        tuning=rule.tuning,
        tests=tuple(f"{'fires' if trial.fires else 'quiet'}: {trial.name}" for trial in rule.tests),
        place=str(rule.place),
    )


def rule_page() -> str:
    """The reference of the shipped rules."""
    out = [
        (
            "# Rules\n\nThe shipped rules, by pack. Written by `make generate` from the packs; "
            "their tests are run by `stockade rules test`.\n"
        )
    ]
    pack = ""
    for rule in load_rules([_PACKS]).rules:
        row = describe(rule)
        if row.pack != pack:
            pack = row.pack or ""
            out.append(f"\n## {pack}\n")
        asks = () if row.action == "audit" else (f"asks to {row.action}",)
        off = () if row.enabled else ("off until a policy names it",)
        words = (row.priority, row.maturity or "", *row.technique, *asks, *off)
        out.append(
            f"\n### {row.name}\n\n{_flow(row.desc)}\n\n"
            f"*{', '.join(words)}*\n\n"
            f"**False positives.** {row.false_positives}\n\n**Tuning.** {row.tuning}\n\n"
            f"```\n{_flow(row.condition)}\n```\n"
        )
    return "".join(out)


def key_page() -> str:
    """The reference of the keys that rules, macros and lists have."""
    out = [
        (
            "# Keys of rules\n\nThe language is Falco's; keys that Falco does not have are marked "
            "\\*, and are required in packs where it says so. Written by `make generate`.\n"
        )
    ]
    for kind, keys in (("rule", RULE_KEYS), ("macro", MACRO_KEYS), ("list", LIST_KEYS)):
        out.append(f"\n## {kind}\n\n| key | meaning | required | override |\n|---|---|---|---|\n")
        for name, key in keys.items():
            always = kind != "rule" or name in REQUIRED
            required = "yes" if always else "in packs" if name in PACK_REQUIRED else ""
            mark = "" if key.falco else "\\*"
            out.append(
                f"| `{name}`{mark} | {key.doc} | {required} | {', '.join(key.operations)} |\n"
            )
    return "".join(out)


def _flow(text: str) -> str:
    return " ".join(text.split())


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit code."""
    stale = 0
    for name, page in (("rules", rule_page()), ("keys", key_page())):
        target = TARGETS[name]
        if "--check" not in arguments:
            target.write_text(page)
        elif not target.exists() or target.read_text() != page:
            print(f"{target} is not what the packs say; run make generate", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
