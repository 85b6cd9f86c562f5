"""Which rules act, where, and on what they do not. Needs neither root nor a kernel."""

from stockade.policies.files import load_policies
from stockade.policies.govern import Governed, govern
from stockade.policies.overrides import STATE, Override, Overrides, Target
from stockade.policies.policy import Exemption, Limits, Mode, Policy, PolicySet

__all__ = [
    "STATE",
    "Exemption",
    "Governed",
    "Limits",
    "Mode",
    "Override",
    "Overrides",
    "Policy",
    "PolicySet",
    "Target",
    "govern",
    "load_policies",
]
