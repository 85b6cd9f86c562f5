"""The front door: commands, exit codes, and errors in words."""

from __future__ import annotations

import click
from rich.console import Console
from rich.text import Text

from stockade.cli.diagnostics import show_diagnostic
from stockade.cli.doctor import doctor
from stockade.cli.fields import fields
from stockade.cli.mode import disarm, mode
from stockade.cli.plan import plan
from stockade.cli.policy import policy
from stockade.cli.ps import ps
from stockade.cli.reload import reload
from stockade.cli.rules import rules
from stockade.cli.run import run
from stockade.cli.uninstall import uninstall
from stockade.errors import ExitCode, LoadError, RuleErrors, StockadeError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stockade")
def cli() -> None:
    """Watch every container of this host from inside the kernel."""


cli.add_command(run)
cli.add_command(reload)
cli.add_command(uninstall)
cli.add_command(mode)
cli.add_command(disarm)
cli.add_command(policy)
cli.add_command(doctor)
cli.add_command(plan)
cli.add_command(ps)
cli.add_command(rules)
cli.add_command(fields)


def call(arguments: list[str]) -> int:
    """Run a command line; returns its exit code."""
    stderr = Console(stderr=True, highlight=False)
    try:
        result = cli.main(arguments, prog_name="stockade", standalone_mode=False)
    except click.ClickException as err:
        err.show()
        return ExitCode.USAGE
    except click.Abort:
        return ExitCode.FINDINGS
    except RuleErrors as err:
        for each in err.diagnostics:
            show_diagnostic(stderr, each)
        _show(stderr, f"stockade: {err}")
        return err.exit_code
    except StockadeError as err:
        _show_error(stderr, err)
        return err.exit_code
    except OSError as err:
        _show(
            stderr, f"stockade: {err.strerror or err}{f': {err.filename}' if err.filename else ''}"
        )
        return ExitCode.FINDINGS
    return result if isinstance(result, int) else ExitCode.OK


def _show(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)


def _show_error(console: Console, err: StockadeError) -> None:
    _show(console, f"stockade: {err}")
    if err.hint:
        _show(console, f"  {err.hint}")
    if isinstance(err, LoadError) and err.log:
        _show(console, err.log)
