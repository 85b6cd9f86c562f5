"""What follows from policies while the agent runs: the brake, and exceptions that expire."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from stockade.agent.brake import Act, Brake, Trip
from stockade.agent.disarming import Disarmer
from stockade.errors import StockadeError
from stockade.events import Action, Alert, FieldView, Priority, internal_alert
from stockade.events.times import rfc3339
from stockade.policies import Governed, Mode, Override, Overrides
from stockade.policies.status import STATUS, status_of, write_status

log = structlog.get_logger()


class Arming:
    """Watches over the policies in force.

    Args:
        governed: these.
        overrides: where modes are switched, by the brake, too.
        disarmer: stands in for what they say until rules do.
        tell: takes alerts of the agent's own.
        reload: has the agent read its rules, policies and overrides again.
        status: where it is said what is in force.
    """

    def __init__(
        self,
        governed: Governed,
        overrides: Overrides,
        disarmer: Disarmer,
        tell: Callable[[Alert], None],
        reload: Callable[[], None],
        status: Path = STATUS,
    ) -> None:
        self._overrides = overrides
        self._disarmer = disarmer
        self._tell = tell
        self._reload = reload
        self._status = status
        self._governed = governed
        self._brake = Brake(governed.limits)
        self._say_what_is_in_force()

    def take(self, governed: Governed) -> None:
        """Watch over others from now on."""
        before, self._governed = self._governed, governed
        self._brake.take(governed.limits)
        self._disarm()
        self._say_what_is_in_force()
        known = {each.name for each in before.expired}
        for each in governed.expired:
            if each.name not in known:
                self._alert(
                    "Exception expired",
                    Priority.NOTICE,
                    f"exception {each.name!r} has expired, and rules fire again with what it"
                    f" excepted ({each.reason})",
                    {"exception": each.name, "reason": each.reason},
                )

    def ask(self) -> None:
        """Have what files say taken: what is to be disarmed at once, all else when it is ready."""
        self._disarm()
        self._reload()

    def _disarm(self) -> None:
        """Where modes were switched that the rules at work do not know."""
        try:
            switched = self._overrides.load()
        except StockadeError as err:
            log.warning("what was disarmed stays so", reason=str(err))
            return
        self._disarmer.take(each for each in switched if each not in self._governed.overrides)

    def count(self, alert: Alert) -> None:
        """Take in that a rule has fired, and what was done about it."""
        if alert.policy is None or (alert.action is Action.AUDIT and alert.would is None):
            return
        act = Act.of(alert.policy, alert.rule, alert.container.id, alert.action)
        for trip in self._brake.count(act):
            if trip.enforced:
                self._drop(trip)
            else:
                self._would_drop(trip)

    def _drop(self, trip: Trip) -> None:
        override = Override(Mode.AUDIT, trip.target, "brake", rfc3339(time.time_ns()), trip.reason)
        try:
            self._overrides.put(override)
        except StockadeError as err:
            self._alert(
                "Brake: cannot drop to audit",
                Priority.CRITICAL,
                f"{trip.target} acted in {trip.reason}, and goes on: {err}",
                {"target": str(trip.target), "containers": list(trip.containers)},
            )
            return
        self.ask()
        self._alert(
            "Brake: dropped to audit",
            Priority.CRITICAL,
            f"{trip.target} is only audited from now on: it acted in {trip.reason};"
            " stockade mode reset lets it act again",
            {"target": str(trip.target), "containers": list(trip.containers)},
        )

    def _would_drop(self, trip: Trip) -> None:
        self._alert(
            "Brake: would drop to audit",
            Priority.NOTICE,
            f"{trip.target}, if it were enforced, would be dropped to audit: it would have acted"
            f" in {trip.reason}",
            {"target": str(trip.target), "containers": list(trip.containers)},
        )

    def _alert(
        self, rule: str, priority: Priority, output: str, fields: dict[str, FieldView]
    ) -> None:
        self._tell(internal_alert(f"policy-{time.time_ns():x}", rule, priority, output, fields))

    def _say_what_is_in_force(self) -> None:
        try:
            write_status(status_of(self._governed, self._overrides.path), self._status)
        except OSError as err:
            log.warning("stockade mode cannot show what is in force", reason=str(err))
