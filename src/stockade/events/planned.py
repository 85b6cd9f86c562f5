"""Falco's fields that nothing fills yet: rules that name them load, and say so.

For events that cannot have such a field it is absent, for others unknown.
"""

from __future__ import annotations

from stockade.events.field import Field, FieldType, Many, Origin, Subscript

_NETWORK = ("network",)
_IO = ("io",)
_POLL = ("poll",)
_NOWHERE = ("other",)

# (events, type, names): what they mean is Falco's documentation to say.
_TABLE: tuple[tuple[tuple[str, ...], FieldType, str], ...] = (
    (
        _NETWORK,
        FieldType.STRING,
        ("fd.proto fd.cproto fd.sproto fd.lproto fd.rproto"),
    ),
    (_NETWORK, FieldType.BOOL, "fd.connected fd.name_changed"),
    (_IO, FieldType.BYTES, "evt.buffer"),
    (_IO, FieldType.INT, "evt.buflen syslog.facility syslog.severity"),
    (
        _IO,
        FieldType.STRING,
        "evt.io_dir evt.info syslog.facility.str syslog.severity.str syslog.message",
    ),
    (_POLL, FieldType.STRING, "fdlist.nums fdlist.names fdlist.cips fdlist.sips"),
    (_POLL, FieldType.STRING, "fdlist.cports fdlist.sports"),
    (
        ("open",),
        FieldType.STRING,
        "fd.containername fd.containerdirectory",
    ),
    (
        ("all",),
        FieldType.BOOL,
        (
            "evt.is_io evt.is_io_read evt.is_io_write evt.is_wait evt.is_syslog"
            " proc.is_exe_writable"
            " proc.is_sid_leader"
            " proc.is_container_healthcheck proc.is_container_liveness_probe"
            " proc.is_container_readiness_probe"
        ),
    ),
    (
        ("all",),
        FieldType.INT,
        (
            "evt.latency evt.latency.s evt.latency.ns evt.deltatime evt.deltatime.s"
            " evt.deltatime.ns"
            " evt.wait_latency evt.cpu evt.count evt.count.error evt.count.error.file"
            " evt.count.error.net evt.count.error.memory evt.count.error.other evt.count.exit"
            " evt.reltime evt.reltime.s evt.reltime.ns proc.pvpid proc.exe_ino.ctime"
            " proc.exe_ino.mtime proc.exe_ino.ctime_duration_proc_start"
            " proc.exe_ino.ctime_duration_pidns_start proc.pidns_init_start_ts proc.loginshellid"
            " proc.fdopencount proc.fdlimit proc.vmsize proc.vmrss proc.vmswap proc.nthreads"
            " proc.nchilds thread.pfmajor thread.pfminor thread.exectime thread.totexectime"
            " thread.vmsize thread.vmrss"
        ),
    ),
    (
        ("all",),
        FieldType.STRING,
        (
            "evt.latency.human evt.category evt.asynctype evt.pluginname evt.plugininfo"
            " user.homedir user.shell group.name proc.fdusage thread.cpu"
            " thread.cpu.user thread.cpu.system thread.cgroups container.healthcheck"
            " container.liveness_probe container.readiness_probe container.ip container.cni.json"
        ),
    ),
    (
        ("all",),
        FieldType.STRING,
        (
            "k8s.pod.full_sandbox_id"
            " k8s.pod.labels k8s.pod.ip k8s.pod.cni.json k8s.ns.id k8s.ns.labels"
            " k8s.rc.name k8s.rc.id k8s.rc.labels k8s.svc.name k8s.svc.id k8s.svc.labels"
            " k8s.rs.name"
            " k8s.rs.id k8s.rs.labels k8s.deployment.name k8s.deployment.id k8s.deployment.labels"
        ),
    ),
    (("all",), FieldType.STRING, "evt.args"),
    (_NOWHERE, FieldType.PATH, "fs.path.nameraw"),
    (_NOWHERE, FieldType.PATH, "fs.path.sourceraw fs.path.targetraw evt.abspath"),
)

# With something in brackets: (type, subscript, names).
_INDEXED: tuple[tuple[FieldType, Subscript, str], ...] = (
    (
        FieldType.STRING,
        Subscript.NAME,
        "k8s.pod.label k8s.ns.label evt.rawarg",
    ),
)
# evt.arg[flags] is evt.arg.flags; by their numbers arguments cannot be had.
_ENVIRONMENTS = ("proc.env", "proc.aenv")
_NUMBERED = "evt.arg"
_SETS = "fd.types"

# Arguments of system calls, by Falco's names; all are text, as Falco has them.
_ARGUMENTS = """
    addr advice args aux backlog buf cap_effective cap_inheritable cap_permitted cgroups clockid
    cmd comm core count cq_entries cur cwd data desc dev device dir dirfd domain dpid egid
    entries env euid event events exe exe_ino fd fd1 fd2 fd_in fd_out features fdin fdlimit
    fdout fds filename gid group how id in_fd ino initval interval ip key len length level
    linkdirfd linkpath loginuid mask max maxevents mode mountfd msg_flags nametype newcur newdir
    newdirfd newfd newmax newpath nr_args nsems nsops nstype offset offin offout oldcur olddir
    olddirfd oldfd oldmax oldpath op opcode operation opt optlen optname option out_fd path
    pathname peer pgft_maj pgft_min pgid pgoffset pid pos prio proto prot ptid queuelen queuemax
    queuepct quota_fmt quotafilepath request res resolve resource ret rgid ruid sargs scope
    secure seq sgid sig sigmask size source special spid sq_entries sq_thread_cpu
    sq_thread_idle status suid tags target tid timeout to_submit tty tuple type uargs uid val
    value vm_rss vm_size vm_swap vpid vtid whence
    """.split()


def _fields() -> list[Field]:
    doc = "as in Falco"
    found = [
        Field(name, kind, doc, events=events, origin=Origin.METADATA)
        for events, kind, names in _TABLE
        for name in names.split()
    ]
    found += [
        Field(name, kind, doc, subscript=subscript, origin=Origin.METADATA)
        for kind, subscript, names in _INDEXED
        for name in names.split()
    ]
    found += [
        Field(name, FieldType.STRING, doc, many=Many.SET, subscript=Subscript.NUMBER)
        for name in _SETS.split()
    ]
    found += [
        Field(name, FieldType.STRING, doc, many=Many.ANY, subscript=Subscript.NAME)
        for name in _ENVIRONMENTS
    ]
    found.append(Field(_NUMBERED, FieldType.STRING, doc, subscript=Subscript.NUMBER))
    found += [
        Field(f"evt.arg.{name}", FieldType.STRING, doc, events=_NOWHERE, origin=Origin.ARGUMENT)
        for name in _ARGUMENTS
    ]
    return found


FIELDS = tuple(_fields())
