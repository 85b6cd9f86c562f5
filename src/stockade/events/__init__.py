"""Records from the kernel, and what is made of them: events, fields, alerts."""

from stockade.events._records import (
    LAYOUT,
    Config,
    EventType,
    ExecRecord,
    ExitRecord,
    FileObject,
    ForkRecord,
    LossReason,
    OpenRecord,
    PathFlags,
    ProcessId,
    Record,
    RecordHeader,
    Task,
    decode,
    pack_config,
)
from stockade.events.alert import (
    Action,
    Alert,
    ContainerView,
    Priority,
    ProcessView,
    Ready,
    Summary,
    container_view,
    printable,
    process_view,
)
from stockade.events.btf import Btf
from stockade.events.entities import HOST, Container, Process
from stockade.events.event import Event
from stockade.events.layout import digest as layout_digest
from stockade.events.text import Text
from stockade.events.values import ABSENT, UNKNOWN, Missing, Scalar, Value

__all__ = [
    "ABSENT",
    "HOST",
    "LAYOUT",
    "UNKNOWN",
    "Action",
    "Alert",
    "Btf",
    "Config",
    "Container",
    "ContainerView",
    "Event",
    "EventType",
    "ExecRecord",
    "ExitRecord",
    "FileObject",
    "ForkRecord",
    "LossReason",
    "Missing",
    "OpenRecord",
    "PathFlags",
    "Priority",
    "Process",
    "ProcessId",
    "ProcessView",
    "Ready",
    "Record",
    "RecordHeader",
    "Scalar",
    "Summary",
    "Task",
    "Text",
    "Value",
    "container_view",
    "decode",
    "layout_digest",
    "pack_config",
    "printable",
    "process_view",
]
