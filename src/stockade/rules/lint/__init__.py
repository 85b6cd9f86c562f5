"""What is wrong with rules that load: those that never fire, always do, or add nothing.

Found by reasoning about conditions as they are compiled, over all events that there can be. What
cannot be decided is not told; what is told is so.
"""

from stockade.rules.lint.findings import Finding, Kind, lint

__all__ = ["Finding", "Kind", "lint"]
