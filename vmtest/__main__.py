"""python -m vmtest KERNEL COMMAND...: run a command in a guest with that kernel."""

from __future__ import annotations

import shlex
import sys

from vmtest import guest, kernels


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Boot, run, print; returns the command's exit code, 125 when the guest died."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    name, *command = arguments
    line = command[0] if len(command) == 1 else shlex.join(command)
    kernel = kernels.prepare(kernels.find(name))
    result = guest.run(kernel, line, show=_show)
    sys.stderr.write(result.stderr)
    print(f"{result.cpu_s:.0f} CPU s, {result.wall_s:.0f} s", file=sys.stderr)
    if result.code is None:
        sys.stderr.write(result.console[-4000:])
        return 125
    return result.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
