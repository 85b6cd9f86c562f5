"""stockade doctor: what this host can do."""

from __future__ import annotations

import click
import msgspec
from rich.console import Console
from rich.text import Text

from stockade.errors import ExitCode
from stockade.kernel.probe import Answer, Finding, probe_host, probe_more
from stockade.workloads import state_roots

_MARKS = {
    Answer.YES: ("yes", "green"),
    Answer.NO: ("no", "red"),
    Answer.UNCLEAR: ("unclear", "yellow"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(*, as_json: bool) -> int:
    """Find out what this host can do, by trying.

    Exits with 0 when the agent can run, with 3 when something it needs is missing.
    """
    required = list(probe_host())
    able = all(finding.answer is Answer.YES for finding in required)
    findings = [*required, *(probe_more() if able else ()), _runtimes()]
    if as_json:
        click.echo(msgspec.json.encode({"able": able, "findings": findings}).decode())
    else:
        _print(findings, able=able)
    return ExitCode.OK if able else ExitCode.UNSUPPORTED


def _runtimes() -> Finding:
    roots = ", ".join(map(str, state_roots()))
    if roots:
        return Finding("runtimes", Answer.YES, f"container state found in {roots}")
    detail = "no container runtime has left state yet; containers are found when they start"
    return Finding("runtimes", Answer.UNCLEAR, detail)


def _print(findings: list[Finding], *, able: bool) -> None:
    console = Console(highlight=False)
    for finding in findings:
        word, style = _MARKS[finding.answer]
        line = Text.assemble((f"{word:<8}", style), f"{finding.name:<13}", finding.detail)
        console.print(line, soft_wrap=True)
        if finding.remedy:
            console.print(Text(f"{'':21}{finding.remedy}", style="dim"), soft_wrap=True)
    verdict = "this host can be watched, tier tracepoint" if able else "the agent cannot run here"
    console.print(Text(verdict, style="bold"), soft_wrap=True)
