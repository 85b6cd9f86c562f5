"""Where alerts go, one file each."""

from stockade.sinks.jsonl import JsonLines
from stockade.sinks.terminal import Terminal, visible

__all__ = ["JsonLines", "Terminal", "visible"]
