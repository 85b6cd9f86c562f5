"""stockade doctor: what this host can do."""

from __future__ import annotations

import click
import msgspec
from rich.console import Console
from rich.text import Text

from stockade.errors import ExitCode
from stockade.kernel.facts import Facts, find_facts
from stockade.kernel.probe import Answer, Finding
from stockade.workloads import state_roots

_MARKS = {
    Answer.YES: ("yes", "green"),
    Answer.NO: ("no", "red"),
    Answer.UNCLEAR: ("unclear", "yellow"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the facts as one JSON object.")
def doctor(*, as_json: bool) -> int:
    """Find out what this host can do, by trying.

    Exits with 0 when the agent can run, with 3 when something it needs is missing.
    """
    facts = find_facts()
    facts.findings["runtimes"] = _runtimes()
    if as_json:
        click.echo(msgspec.json.encode(facts).decode())
    else:
        _print(facts)
    return ExitCode.OK if facts.able else ExitCode.UNSUPPORTED


def _runtimes() -> Finding:
    roots = ", ".join(map(str, state_roots()))
    if roots:
        return Finding("runtimes", Answer.YES, f"container state found in {roots}")
    detail = "no container runtime has left state yet; containers are found when they start"
    return Finding("runtimes", Answer.UNCLEAR, detail)


def _print(facts: Facts) -> None:
    console = Console(highlight=False)
    for about in _about(facts):
        console.print(Text(about), soft_wrap=True)
    for finding in facts.findings.values():
        word, style = _MARKS[finding.answer]
        line = Text.assemble((f"{word:<8}", style), f"{finding.name:<16}", finding.detail)
        console.print(line, soft_wrap=True)
        if finding.remedy:
            console.print(Text(f"{'':24}{finding.remedy}", style="dim"), soft_wrap=True)
    verdict = (
        f"this host can be watched, tier {facts.tiers[0]}"
        if facts.able and facts.tiers
        else "the agent cannot run here"
    )
    console.print(Text(verdict, style="bold"), soft_wrap=True)


def _about(facts: Facts) -> list[str]:
    modules = "unknown" if facts.lsm is None else ", ".join(facts.lsm)
    cgroups = "not mounted" if facts.cgroup_version is None else f"version {facts.cgroup_version}"
    lines = [
        f"Linux {facts.release} on {facts.architecture}, libbpf {facts.libbpf or 'missing'}",
        f"security modules: {modules}; cgroups: {cgroups}",
        f"tiers that work here: {', '.join(facts.tiers) or 'none'}",
    ]
    if facts.by_tracepoint and facts.tiers[0] != "tracepoint":
        lines.append(f"calls that come by the tracepoint, too: {', '.join(facts.by_tracepoint)}")
    return lines
