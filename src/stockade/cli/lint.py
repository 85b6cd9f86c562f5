"""stockade rules lint: rules that load, and do not do what somebody meant."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console

from stockade.cli.diagnostics import as_object, counted, show_diagnostic
from stockade.cli.packs import PACKS
from stockade.errors import Diagnostic, ExitCode, RuleErrors, Severity
from stockade.rules import RuleSet, load_rules
from stockade.rules.lint import Finding
from stockade.rules.lint import lint as find


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lint(*, paths: tuple[Path, ...], as_json: bool) -> int:
    """Find rules that never fire or always do, add nothing to others, or cost without bound.

    Of PATHS, or of the shipped rules; those that are switched off are left out. never, always: the
    rule or a part of it comes to the same whatever the event. redundant: another rule fires exactly
    when it does. shadowed: another one, at least as urgent, fires whenever it does. unbounded: it
    has all events of some type sent up. undecidable: it denies or kills, and the kernel cannot tell
    when. What is told is so; what cannot be decided is not told. Exits with 1 when there is
    something.
    """
    if as_json:
        return _as_json(paths or (PACKS,))
    rules = load_rules(paths or (PACKS,))
    findings = find(rules.enabled)
    stdout = Console(highlight=False)
    for each in findings:
        message = f"{each.kind.value}: {each.message}"
        show_diagnostic(stdout, Diagnostic(Severity.WARNING, message, each.place, each.hint))
    click.echo(
        f"stockade: {counted(len(rules.enabled), 'rule')}, {counted(len(findings), 'finding')}"
    )
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _as_json(paths: tuple[Path, ...]) -> int:
    errors: list[dict[str, str | int | None]] = []
    found = RuleSet(())
    try:
        found = load_rules(paths)
    except RuleErrors as err:
        errors = [as_object(each) for each in err.diagnostics if each.severity is Severity.ERROR]
    findings = find(found.enabled)
    rows = [_row(each) for each in findings]
    answer = {"ok": not errors and not rows, "findings": rows, "errors": errors}
    click.echo(msgspec.json.encode(answer).decode())
    return ExitCode.OK if answer["ok"] else ExitCode.FINDINGS


def _row(finding: Finding) -> dict[str, str | int | None]:
    return {
        "kind": finding.kind.value,
        "rule": finding.rule,
        "message": finding.message,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "hint": finding.hint,
    }
