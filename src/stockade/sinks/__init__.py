"""Where alerts go, one file each."""

from stockade.sinks.jsonl import JsonLines
from stockade.sinks.stream import Stream
from stockade.sinks.terminal import Terminal, visible

__all__ = ["JsonLines", "Stream", "Terminal", "visible"]
