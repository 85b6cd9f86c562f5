"""The daemon: records become events, events become alerts."""

from stockade.agent.activity import ActivityMeter
from stockade.agent.addresses import HostAddresses
from stockade.agent.agent import Agent, Sink
from stockade.agent.arming import Arming
from stockade.agent.disarming import Disarmer
from stockade.agent.enforcing import Enforcer, shortfalls
from stockade.agent.enrich import Enricher
from stockade.agent.filtering import Filterer
from stockade.agent.fold import WINDOW_S, Folder
from stockade.agent.host_views import HostViews
from stockade.agent.judge import Judge
from stockade.agent.known_parts import KnownParts
from stockade.agent.losses import Losses
from stockade.agent.mounts import HostMounts
from stockade.agent.names import Addresses, NameTable
from stockade.agent.own import own_lists
from stockade.agent.processes import ProcessTable
from stockade.agent.reload import Loaded, Reloader, wanted_of

__all__ = [
    "WINDOW_S",
    "ActivityMeter",
    "Addresses",
    "Agent",
    "Arming",
    "Disarmer",
    "Enforcer",
    "Enricher",
    "Filterer",
    "Folder",
    "HostAddresses",
    "HostMounts",
    "HostViews",
    "Judge",
    "KnownParts",
    "Loaded",
    "Losses",
    "NameTable",
    "ProcessTable",
    "Reloader",
    "Sink",
    "own_lists",
    "shortfalls",
    "wanted_of",
]
