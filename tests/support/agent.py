"""A real agent in a process of its own, and the stream it writes."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

STOCKADE = str(Path(sys.executable).with_name("stockade"))
Message = dict[str, Any]
Wanted = Callable[[Message], bool]


class Agent:
    """`stockade run --output json`: a context manager that is ready when entered.

    Args:
        rules: rule files, instead of the shipped ones.
        timeout_s: how long anything may take, in a guest on a busy machine, too; a wait that is met
            ends at once.
        options: more of the command line.
        by: a command that starts it, in its own place.
    """

    def __init__(
        self,
        *rules: Path,
        timeout_s: float = 180.0,
        options: tuple[str, ...] = (),
        by: tuple[str, ...] = (),
    ) -> None:
        self._command = [*by, STOCKADE, "run", "--output", "json"]
        for path in rules:
            self._command += ["--rules", str(path)]
        self._command += options
        self._timeout_s = timeout_s
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self.seen: list[Message] = []

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.ready = self.wait(lambda message: message["type"] == "ready")
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kill()

    def wait(self, wanted: Wanted) -> Message:
        """The first message that fits, of those seen and those to come.

        Raises:
            AssertionError: the stream ended, or nothing came in time; shows what was seen.
        """
        found = self._find(wanted, self._timeout_s)
        if found is None:
            raise AssertionError(f"no such message; seen: {json.dumps(self.seen, indent=1)}")
        return found

    def alert(self, rule: str, container: str | None = None) -> Message:
        """The first alert of a rule, in a container if that is given."""
        return self.wait(_alert_of(rule, container))

    def container(self, alert: Message) -> Message:
        """The container of an alert, with the metadata that may have come after it."""
        told: Message = alert["container"]
        if told["metadata"] != "pending":
            return told
        update = self.wait(
            lambda message: (
                message["type"] == "update"
                and message["alert"] == alert["id"]
                and message["container"]["metadata"] != "pending"
            )
        )
        found: Message = update["container"]
        return found

    def alerted(self, rule: str, container: str, within_s: float = 5.0) -> bool:
        """Whether a rule fires in a container before long."""
        return self._find(_alert_of(rule, container), within_s) is not None

    def alerts(self) -> list[Message]:
        """All alerts that were seen."""
        return [message for message in self.seen if message["type"] == "alert"]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, Message]:
        """End it in good order; returns its exit code and its summary."""
        self.process.send_signal(number)
        summary = self.wait(lambda message: message["type"] == "summary")
        return self.process.wait(self._timeout_s), summary

    def stderr(self) -> str:
        """What it said beside the stream, once it has ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def _find(self, wanted: Wanted, within_s: float) -> Message | None:
        for message in self.seen:
            if wanted(message):
                return message
        end = time.monotonic() + within_s
        while (left := end - time.monotonic()) > 0:
            try:
                following = self._messages.get(timeout=left)
            except queue.Empty:
                break
            if following is None:
                break
            self.seen.append(following)
            if wanted(following):
                return following
        return None

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._messages.put(json.loads(line))
        self._messages.put(None)

    def _kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def _alert_of(rule: str, container: str | None) -> Wanted:
    return lambda message: (
        message["type"] == "alert"
        and message["rule"] == rule
        and container in {None, message["container"]["id"]}
    )
