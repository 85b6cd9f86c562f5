"""Conditions made into programs: what the kernel can tell of a record is decided there.

A filter says of a record whether any rule may fire, and never says no where one would: what it
cannot know, it takes for possible. User space then evaluates whole rules, so that both together
come to what the rules alone come to.
"""

from stockade.rules.lowering.assemble import Refusal
from stockade.rules.lowering.policies import Built, build, find_policy, keep_policy, policy_key

__all__ = ["Built", "Refusal", "build", "find_policy", "keep_policy", "policy_key"]
