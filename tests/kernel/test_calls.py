"""Every system call of the table, as the fields of the catalogue tell of it.

What the test program asks for is in tests/support/calls.c; here is what has to come out.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from stockade.events import (
    ABSENT,
    UNKNOWN,
    CallRecord,
    Event,
    EventType,
    Missing,
    Role,
    Value,
)
from stockade.events.calls import CALLS
from stockade.events.fields import CATALOGUE, field_value
from stockade.kernel import Sensor, Tier, Wanted
from stockade.kernel.core import has_type
from stockade.kernel.sensor import names_requests
from tests.support.runc import Mount, Options, Runc, init_pid
from tests.support.watch import WAIT_S, EventWatch

RING = 64 << 20
NONE: frozenset[EventType] = frozenset()

# A line for a form: how the call ends (one of several where kernels differ), then fields. Names
# without a dot are of arguments, and a form that says nothing of an argument fails; of paths,
# descriptors and the target what is not named has to be absent. ? is unknown, - absent, ~ a space;
# {name} is what the program printed, {init} and {pid} are processes by their host's numbers.
FORMS: dict[tuple[str, ...], str] = {
    (): """
rename SUCCESS oldpath=rename.a newpath=rename.b fs.path.source=/mnt/rename.a
    fs.path.target=/mnt/rename.b
renameat SUCCESS olddirfd=20 oldpath=renameat.a newdirfd=AT_FDCWD newpath=renameat.b
    fs.path.source=/mnt/d/renameat.a fs.path.target=/mnt/renameat.b
renameat2 SUCCESS olddirfd=20 oldpath=renameat2.a newdirfd=20 newpath=../renameat2.b
    flags=RENAME_NOREPLACE fs.path.source=/mnt/d/renameat2.a fs.path.target=/mnt/renameat2.b
link SUCCESS oldpath=link.a newpath=/mnt/link.b fs.path.source=/mnt/link.a
    fs.path.target=/mnt/link.b
linkat SUCCESS olddirfd=AT_FDCWD oldpath=linkat.a newdirfd=20 newpath=linkat.b
    flags=AT_SYMLINK_FOLLOW fs.path.source=/mnt/linkat.a fs.path.target=/mnt/d/linkat.b
symlink SUCCESS target=else/where linkpath=symlink.a fs.path.source=else/where
    fs.path.target=/mnt/symlink.a
symlink@bad EFAULT target=? linkpath=symlink.b fs.path.source=? fs.path.target=/mnt/symlink.b
symlinkat SUCCESS target=../where linkdirfd=20 linkpath=symlinkat.a fs.path.source=../where
    fs.path.target=/mnt/d/symlinkat.a
unlink SUCCESS path=unlink.a fs.path.name=/mnt/unlink.a
unlink@bytes SUCCESS path=unlink.\udcff\udcfe fs.path.name=/mnt/unlink.\udcff\udcfe
unlink@bad EFAULT path=? fs.path.name=?
unlink@null EFAULT path=- fs.path.name=-
unlink@32 SUCCESS path=unlink.32 fs.path.name=/mnt/unlink.32
unlinkat SUCCESS dirfd=20 name=unlinkat.d flags=AT_REMOVEDIR fs.path.name=/mnt/d/unlinkat.d
rmdir SUCCESS path=rmdir.d fs.path.name=/mnt/rmdir.d
mkdir SUCCESS path=mkdir.d mode=S_IRUSR|S_IWUSR|S_IXUSR|S_IRGRP|S_IXGRP
    fs.path.name=/mnt/mkdir.d
mkdirat SUCCESS dirfd=20 path=mkdirat.d mode=0 fs.path.name=/mnt/d/mkdirat.d
mkdirat@closed EBADF dirfd=21 path=mkdirat.e mode=S_ISVTX|S_IRUSR|S_IWUSR|S_IXUSR
    fs.path.name=?
mkdirat@32 SUCCESS dirfd=AT_FDCWD path=mkdirat.32 mode=S_IRUSR|S_IWUSR|S_IXUSR
    fs.path.name=/mnt/mkdirat.32
mknod EPERM path=mknod.c mode=S_IFCHR|S_IRUSR|S_IWUSR dev=8:300 fs.path.name=/mnt/mknod.c
mknodat SUCCESS dirfd=20 path=mknodat.p mode=S_IFIFO|S_IRUSR|S_IWUSR dev=0:0
    fs.path.name=/mnt/d/mknodat.p
chmod SUCCESS filename=chmod.f mode=S_ISUID|S_IRUSR|S_IWUSR|S_IRGRP|S_IROTH
    fs.path.name=/mnt/chmod.f
fchmod SUCCESS fd=20 mode=S_IRUSR|S_IWUSR|S_IXUSR|S_IRGRP|S_IXGRP|S_IROTH|S_IXOTH
    fd.num=20 fd.name=/mnt/fchmod.f fd.directory=/mnt fd.filename=fchmod.f fd.type=file
    fd.typechar=f fd.deleted=False fd.uid=0 fd.nlink=1 fd.mode=33261 fd.ino={ino} fd.dev={dev}
    fd.is_server=- fd.l4proto=- fd.port=() fd.ip=()
fchmodat SUCCESS dirfd=20 filename=fchmodat.f mode=S_IRUSR|S_IWUSR
    fs.path.name=/mnt/d/fchmodat.f
fchmodat2 SUCCESS/ENOSYS dirfd=AT_FDCWD filename=fchmodat2.f mode=S_IRUSR|S_IWUSR
    flags=AT_SYMLINK_NOFOLLOW fs.path.name=/mnt/fchmodat2.f
chown SUCCESS path=chown.f uid=-1 gid=0 fs.path.name=/mnt/chown.f
lchown EPERM path=lchown.l uid=1 gid=2 fs.path.name=/mnt/lchown.l
fchown SUCCESS fd=20 uid=0 gid=-1 fd.num=20 fd.name=/mnt/fchown.f fd.type=file
fchownat SUCCESS dirfd=20 pathname= uid=0 gid=0 flags=AT_EMPTY_PATH fs.path.name=/mnt/d
setxattr SUCCESS/ENOTSUP path=setxattr.f name=user.calls value={value} size=5 flags=1
    fs.path.name=/mnt/setxattr.f
lsetxattr EPERM path=lsetxattr.l name=user.calls value={value} size=5 flags=0
    fs.path.name=/mnt/lsetxattr.l
fsetxattr SUCCESS/ENOTSUP fd=20 name=user.calls value={value} size=5 flags=0 fd.num=20
    fd.name=/mnt/fsetxattr.f fd.type=file
truncate SUCCESS path=truncate.f length=8589934592 fs.path.name=/mnt/truncate.f
truncate@negative EINVAL path=truncate.n length=-1 fs.path.name=/mnt/truncate.n
truncate@32 SUCCESS path=truncate.32 length=* fs.path.name=/mnt/truncate.32
ftruncate SUCCESS fd=20 length=7 fd.num=20 fd.name=/mnt/ftruncate.f fd.type=file fd.deleted=False
ftruncate@gone SUCCESS fd=20 length=7 fd.num=20 fd.name=/mnt/ftruncate.g fd.type=file
    fd.deleted=True fd.nlink=0
ftruncate@closed EBADF fd=21 length=7 fd.num=21
memfd_create SUCCESS name=calls flags=MFD_CLOEXEC|MFD_ALLOW_SEALING fd.num={result}
    fd.name=/memfd:calls fd.type=file fd.fs_type=tmpfs
unshare@denied EPERM flags=CLONE_NEWNET
ptrace SUCCESS request=PTRACE_SEIZE pid=1 addr=0x0 data=0x0 target.pid={init}
ptrace@peek ESRCH request=PTRACE_PEEKDATA pid=1 addr={here} data={data} target.pid={init}
ptrace@32 SUCCESS request=PTRACE_SEIZE pid=1 addr=0x0 data=0x0 target.pid={init}
process_vm_readv SUCCESS pid=1 target.pid={init} evt.rawres=8
process_vm_writev SUCCESS pid=1 target.pid={init} evt.rawres=8
pidfd_open SUCCESS pid=1 flags=0 target.pid={init}
pidfd_getfd SUCCESS pid_fd=20 target_fd=1 flags=0 fd.num={result} fd.type=fifo fd.name=*
    target.pid={init}
pidfd_send_signal@proc SUCCESS pid_fd=20 sig=SIGUSR1
    target.pid={init}
pidfd_send_signal SUCCESS pid_fd=20 sig=SIGUSR1
    target.pid={init}
kill SUCCESS pid=1 sig=SIGUSR1 target.pid={init}
kill@leader SUCCESS pid=-{group} sig=0 target.pid={pid}
kill@group SUCCESS pid=0 sig=0
kill@nobody ESRCH pid=99999 sig=SIGKILL
kill@zombie SUCCESS pid={child} sig=0 target.pid=*
kill@32 SUCCESS pid=1 sig=SIGUSR2 target.pid={init}
tkill@thread SUCCESS tid={tid} sig=0 target.pid={pid}
tkill SUCCESS tid=1 sig=SIGWINCH target.pid={init}
tgkill SUCCESS pid=1 tid=1 sig=SIGURG target.pid={init}
rt_sigqueueinfo SUCCESS pid=1 sig=SIGUSR2 target.pid={init}
rt_tgsigqueueinfo SUCCESS tgid=1 tid=1 sig=SIGURG target.pid={init}
prlimit64 SUCCESS pid=1 resource=RLIMIT_CORE new_limit={limit} old_limit=0x0 target.pid={init}
capset SUCCESS header={header} data=? cap_effective=CAP_KILL
    cap_permitted=CAP_KILL~CAP_NET_BIND_SERVICE cap_inheritable=
capset@denied EPERM header={header} data=? cap_effective=CAP_KILL~CAP_BPF
    cap_permitted=CAP_KILL~CAP_NET_BIND_SERVICE cap_inheritable=CAP_PERFMON
capset@v1 SUCCESS header={header} data=? cap_effective=CAP_KILL
    cap_permitted=CAP_KILL~CAP_NET_BIND_SERVICE cap_inheritable=
capset@edge SUCCESS header={header} data=? cap_effective=CAP_KILL
    cap_permitted=CAP_KILL~CAP_NET_BIND_SERVICE cap_inheritable=
capset@bad EFAULT header={header} data=? cap_effective=? cap_permitted=? cap_inheritable=?
capset@32 SUCCESS header={header} data=? cap_effective=CAP_KILL
    cap_permitted=CAP_KILL~CAP_NET_BIND_SERVICE cap_inheritable=
setuid EPERM uid=1000
setuid@32 EPERM uid=1000
setuid@16 EPERM uid=1000
setgid SUCCESS gid=0
setreuid SUCCESS ruid=-1 euid=0
setregid EPERM rgid=5 egid=6
setresuid EPERM ruid=1 euid=2 suid=3
setresgid SUCCESS rgid=0 egid=-1 sgid=0
setfsuid SUCCESS uid=7 evt.rawres=0
setfsgid SUCCESS gid=8 evt.rawres=0
setgroups EPERM size=2 list={list}
prctl SUCCESS option=PR_SET_PDEATHSIG arg2_int=0 arg3=3 arg4=4 arg5=5
seccomp SUCCESS op=SECCOMP_GET_ACTION_AVAIL flags=0
seccomp@listener SUCCESS op=SECCOMP_SET_MODE_FILTER flags=SECCOMP_FILTER_FLAG_NEW_LISTENER
bpf EFAULT/EPERM cmd=BPF_PROG_LOAD attr=0x8 size=16
perf_event_open EFAULT/EACCES attr=0x8 pid=0 cpu=-1 group_fd=-1 flags=8
init_module EPERM/ENOSYS img=0x0 length=0 uargs=arg=1
finit_module EPERM/ENOSYS fd=20 uargs=arg=2 flags=1 fd.num=20 fd.name=/mnt/finit_module.f
    fd.type=file
delete_module EPERM/ENOSYS name=stockade_test_none flags=2048
kexec_load EPERM/ENOSYS entry=0x1000 segments=4096 list=0x0 flags=0
kexec_file_load EPERM/ENOSYS fd=20 initrd_fd=-1 length=4 cmdline=x=y flags=0 fd.num=20
    fd.name=/mnt/kexec_file_load.f fd.type=file
iopl EINVAL/ENOSYS level=4
ioperm EINVAL/ENOSYS from=65536 num=2 turn_on=1
syslog EPERM/EINVAL type=SYSLOG_ACTION_READ_ALL buf=0x0 len=7
userfaultfd SUCCESS flags=524289 fd.num={result} fd.name=/[userfaultfd] fd.type=*
add_key SUCCESS type=user description={description} payload={payload} len=6
request_key ENOKEY type=user description={description}
keyctl SUCCESS/ENOKEY cmd=KEYCTL_GET_KEYRING_ID
io_uring_setup SUCCESS entries=4 params={params} fd.num={result} fd.name=/[io_uring] fd.type=*
    fd.deleted=False
io_uring_register EBADF fd=21 opcode=1 arg=0x0 nr_args=0
socket SUCCESS domain=AF_INET type=SOCK_STREAM proto=6 fd.num={result} fd.type=ipv4 fd.typechar=4
    fd.sockfamily=ip fd.l4proto=tcp fd.is_server=False fd.deleted=False
socket@6 SUCCESS domain=AF_INET6 type=SOCK_DGRAM proto=0 fd.num={result} fd.type=ipv6
    fd.typechar=6 fd.sockfamily=ip fd.l4proto=udp
socket@unix SUCCESS domain=AF_UNIX type=SOCK_SEQPACKET proto=0 fd.num={result} fd.type=unix
    fd.typechar=u fd.sockfamily=unix fd.l4proto=-
socket@netlink SUCCESS domain=AF_NETLINK type=SOCK_RAW proto=15 fd.num={result} fd.type=socket
    fd.typechar=o fd.sockfamily=AF_NETLINK fd.netlink=NETLINK_KOBJECT_UEVENT fd.l4proto=-
socket@packet EPERM domain=AF_PACKET type=SOCK_RAW proto=768 fd.sockfamily=-
socket@32 SUCCESS domain=AF_INET type=SOCK_DGRAM proto=0 fd.num={result} fd.type=ipv4
    fd.l4proto=udp
bind SUCCESS fd=20 addr=127.0.0.1:4001 fd.num=20 fd.type=ipv4 fd.name=127.0.0.1:4001
    fd.lip=127.0.0.1
    fd.lport=4001 fd.sip=127.0.0.1 fd.sport=4001 fd.is_server=True fd.l4proto=tcp
bind@foreign EADDRNOTAVAIL fd=20 addr=192.0.2.1:4002 fd.num=20 fd.type=ipv4 fd.name=192.0.2.1:4002
    fd.lip=192.0.2.1 fd.lport=4002 fd.sip=192.0.2.1 fd.sport=4002
bind@any SUCCESS fd=20 addr=0.0.0.0:4003 fd.num=20 fd.type=ipv4 fd.name=0.0.0.0:4003 fd.lip=0.0.0.0
    fd.lport=4003 fd.sip=0.0.0.0 fd.sport=4003 fd.l4proto=udp
bind@6 SUCCESS fd=20 addr=::1:4004 fd.num=20 fd.type=ipv6 fd.name=::1:4004 fd.lip=::1
    fd.lport=4004 fd.sip=::1 fd.sport=4004 fd.l4proto=tcp
bind@mapped SUCCESS fd=20 addr=127.0.0.1:4005 fd.num=20 fd.type=ipv6 fd.name=127.0.0.1:4005
    fd.lip=127.0.0.1 fd.lport=4005 fd.sip=127.0.0.1 fd.sport=4005
bind@unix SUCCESS fd=20 addr=/mnt/bind.s fd.num=20 fd.type=unix fd.name=/mnt/bind.s
    fd.directory=/mnt fd.filename=bind.s
bind@abstract SUCCESS fd=20 addr=@calls.bind fd.num=20 fd.type=unix fd.name=@calls.bind
bind@auto SUCCESS fd=20 addr=* fd.num=20 fd.type=unix fd.name={name}
bind@bad EFAULT fd=20 addr=? fd.num=20 fd.type=ipv4
listen SUCCESS fd=20 backlog=7 fd.num=20 fd.type=ipv4 fd.name=127.0.0.1:4006
    fd.lip=127.0.0.1 fd.lport=4006 fd.sip=127.0.0.1 fd.sport=4006 fd.is_server=True
listen@unix SUCCESS fd=20 backlog=7 fd.num=20 fd.type=unix fd.name=/mnt/listen.s target.pid={pid}
connect SUCCESS fd=20 addr=* fd.num=20 fd.type=ipv4 fd.is_server=False fd.l4proto=tcp
    fd.name=127.0.0.1:{port}->127.0.0.1:4011 fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1
    fd.cport={port} fd.rip=127.0.0.1 fd.rport=4011 fd.sip=127.0.0.1 fd.sport=4011
    fd.port=({port},~4011) fd.ip=('127.0.0.1',~'127.0.0.1') fd.snet=127.0.0.1 fd.net=*
connect@refused ECONNREFUSED fd=20 addr=127.0.0.1:4012 fd.num=20 fd.type=ipv4 fd.rip=127.0.0.1
    fd.rport=4012
    fd.sip=127.0.0.1 fd.sport=4012 fd.name=127.0.0.1:4012
connect@6 SUCCESS fd=20 addr=::1:4013 fd.num=20 fd.type=ipv6 fd.name=::1:{port}->::1:4013
    fd.lip=::1 fd.lport={port} fd.cip=::1 fd.cport={port} fd.rip=::1 fd.rport=4013 fd.sip=::1
    fd.sport=4013
connect@mapped SUCCESS fd=20 addr=* fd.num=20 fd.type=ipv6
    fd.name=127.0.0.1:{port}->127.0.0.1:4014 fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1
    fd.cport={port} fd.rip=127.0.0.1 fd.rport=4014 fd.sip=127.0.0.1 fd.sport=4014
connect@udp SUCCESS fd=20 addr=* fd.num=20 fd.type=ipv4 fd.l4proto=udp
    fd.name=127.0.0.1:{port}->127.0.0.1:4015 fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1
    fd.cport={port} fd.rip=127.0.0.1 fd.rport=4015 fd.sip=127.0.0.1 fd.sport=4015
connect@away ENETUNREACH fd=20 addr=192.0.2.7:4016 fd.num=20 fd.type=ipv4 fd.name=192.0.2.7:4016
    fd.rip=192.0.2.7 fd.rport=4016 fd.sip=192.0.2.7 fd.sport=4016
connect@dissolve SUCCESS fd=20 addr=* fd.num=20 fd.type=ipv4
connect@unix SUCCESS fd=20 addr=/mnt/connect.s fd.num=20 fd.type=unix fd.name=/mnt/connect.s
    fd.directory=/mnt fd.filename=connect.s target.pid={pid}
connect@abstract SUCCESS fd=20 addr=@calls.connect fd.num=20 fd.type=unix fd.name=@calls.connect
    target.pid={pid}
connect@nowhere ENOENT fd=20 addr=/mnt/nowhere.s fd.num=20 fd.type=unix fd.name=/mnt/nowhere.s
connect@bad EFAULT fd=20 addr=? fd.num=20 fd.type=ipv4
connect@huge EINVAL fd=20 addr=* fd.num=20 fd.type=ipv4
connect@32 ECONNREFUSED fd=20 addr=127.0.0.1:4019 fd.num=20 fd.type=ipv4 fd.rip=127.0.0.1
    fd.rport=4019
    fd.sip=127.0.0.1 fd.sport=4019 fd.name=127.0.0.1:4019
connect@socketcall ECONNREFUSED fd=20 addr=* fd.num=20 fd.type=ipv4 fd.rip=127.0.0.1
    fd.rport=4020 fd.sip=127.0.0.1 fd.sport=4020 fd.name=127.0.0.1:4020
connect@edge ECONNREFUSED fd=20 addr=* fd.num=20 fd.type=ipv4 fd.rip=127.0.0.1
    fd.rport=4024 fd.sip=127.0.0.1 fd.sport=4024 fd.name=127.0.0.1:4024
accept SUCCESS fd=21 fd.num={result} fd.type=ipv4 fd.is_server=True
    fd.name=127.0.0.1:{port}->127.0.0.1:4021 fd.lip=127.0.0.1 fd.lport=4021 fd.rip=127.0.0.1
    fd.rport={port} fd.sip=127.0.0.1 fd.sport=4021 fd.cip=127.0.0.1 fd.cport={port}
accept@unix SUCCESS fd=21 fd.num={result} fd.type=unix fd.name=/mnt/accept.s target.pid={pid}
accept@none EAGAIN fd=21
accept4 SUCCESS fd=21 addr={addr} addrlen={addrlen} flags=524288 fd.num={result} fd.type=ipv4
    fd.name=127.0.0.1:{port}->127.0.0.1:4023 fd.lip=127.0.0.1 fd.lport=4023 fd.rip=127.0.0.1
    fd.rport={port} fd.sip=127.0.0.1 fd.sport=4023 fd.cip=127.0.0.1 fd.cport={port}
sendto SUCCESS fd=20 buf={buf} size=5 flags=16384 addr=* fd.num=20 fd.type=ipv4 fd.l4proto=udp
    fd.name=0.0.0.0:{port}->127.0.0.1:4031 fd.rip=127.0.0.1 fd.rport=4031 fd.sip=127.0.0.1
    fd.sport=4031 fd.lip=0.0.0.0 fd.lport={port} fd.cip=0.0.0.0 fd.cport={port} evt.rawres=5
sendto@connected SUCCESS fd=20 buf={buf} size=6 flags=0 addr=* fd.num=20 fd.type=ipv4
    fd.name=127.0.0.1:{port}->127.0.0.1:4032 fd.rip=127.0.0.1 fd.rport=4032 fd.sip=127.0.0.1
    fd.sport=4032 fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1 fd.cport={port}
sendto@unix SUCCESS fd=21 buf={buf} size=3 flags=0 addr=* fd.num=21 fd.type=unix
    fd.name=/mnt/sendto.s fd.directory=/mnt fd.filename=sendto.s
sendmsg SUCCESS fd=20 msg={msg} flags=16384 fd.num=20 fd.type=ipv4 fd.l4proto=udp
    fd.name=* fd.rip=127.0.0.1 fd.rport=4033 fd.sip=127.0.0.1 fd.sport=4033 fd.lip=0.0.0.0
    fd.lport=* fd.cip=0.0.0.0 fd.cport=* evt.rawres=4
sendmsg@32 SUCCESS fd=20 msg={msg} flags=0 fd.num=20 fd.type=ipv4 fd.l4proto=udp
    fd.name=* fd.rip=127.0.0.1 fd.rport=4034 fd.sip=127.0.0.1 fd.sport=4034 fd.lip=0.0.0.0
    fd.lport=* fd.cip=0.0.0.0 fd.cport=* evt.rawres=4
dup SUCCESS fd=20 fd.num={result} fd.type=ipv4 fd.name=127.0.0.1:{port}->127.0.0.1:4051
    fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1 fd.cport={port} fd.rip=127.0.0.1
    fd.rport=4051 fd.sip=127.0.0.1 fd.sport=4051
dup2 SUCCESS oldfd=20 newfd=30 fd.num=30 fd.type=ipv4 fd.name=127.0.0.1:{port}->127.0.0.1:4051
    fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1 fd.cport={port} fd.rip=127.0.0.1
    fd.rport=4051 fd.sip=127.0.0.1 fd.sport=4051
dup2@closed EBADF oldfd=31 newfd=30
dup3 SUCCESS oldfd=20 newfd=30 flags=524288 fd.num=30 fd.type=ipv4
    fd.name=127.0.0.1:{port}->127.0.0.1:4051 fd.lip=127.0.0.1 fd.lport={port} fd.cip=127.0.0.1
    fd.cport={port} fd.rip=127.0.0.1 fd.rport=4051 fd.sip=127.0.0.1 fd.sport=4051
receive_fd SUCCESS socket=21 num={num} fd.num={num} fd.name=/mnt/receive_fd.b fd.type=file
    target.pid={pid}
receive_fd@credentials SUCCESS socket=21 num={num} fd.num={num} fd.name=/mnt/receive_fd.b
    fd.type=file target.pid={pid}
receive_fd@mmsg SUCCESS socket=21 num={num} fd.num={num} fd.name=/mnt/receive_fd.a fd.type=file
    target.pid={pid}
receive_fd@32 SUCCESS socket=21 num={num} fd.num={num} fd.name=/mnt/receive_fd.b fd.type=file
    target.pid={pid}
""",
    ("CAP_SYS_ADMIN",): """
mount SUCCESS dev=/mnt/d dir=mount.p type=none flags=MS_RDONLY|MS_BIND data={data}
    fs.path.source=/mnt/d fs.path.target=/mnt/mount.p
mount@32 SUCCESS dev=none dir=mount.32 type=tmpfs flags=MS_NOSUID|MS_NODEV data=0x0
    fs.path.source=/mnt/none fs.path.target=/mnt/mount.32
mount@null SUCCESS dev=- dir=mount.n type=tmpfs flags=0 data=0x0
    fs.path.target=/mnt/mount.n
umount2@old SUCCESS name=umount.p flags=* fs.path.name=/mnt/umount.p
umount2 SUCCESS name=umount2.p flags=MNT_DETACH fs.path.name=/mnt/umount2.p
pivot_root EINVAL new_root=pivot.a put_old=pivot.b fs.path.source=/mnt/pivot.a
    fs.path.target=/mnt/pivot.b
chdir SUCCESS path=/mnt/d fs.path.name=/mnt/d
chdir@relative SUCCESS path=d fs.path.name=/mnt/d
fchdir SUCCESS fd=20 fd.num=20 fd.name=/mnt/d fd.type=directory
fsopen SUCCESS fstype=tmpfs flags=1 fd.num={result} fd.name=/[fscontext] fd.type=*
fsconfig SUCCESS fd=20 cmd=FSCONFIG_SET_STRING key=size value={value} aux=0
fsmount SUCCESS fd=20 flags=1 attr_flags=2 fd.num={result} fd.type=directory fd.fs_type=tmpfs
    fd.name=/
fspick SUCCESS dirfd=20 path=fspick.p flags=1 fs.path.name=/mnt/fspick.p fd.num={result}
    fd.name=/[fscontext] fd.type=*
open_tree SUCCESS dirfd=20 path=open_tree.f flags=OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC
    fs.path.name=/mnt/d/open_tree.f fd.num={result} fd.type=file fd.name=*
move_mount SUCCESS from_dirfd=21 from_path= to_dirfd=20 to_path=move_mount.p flags=4
    fs.path.source=* fs.path.target=/mnt/move_mount.p
mount_setattr SUCCESS dirfd=20 path=setattr.p flags=256 fs.path.name=/mnt/setattr.p
setns SUCCESS fd=20 nstype=CLONE_NEWUTS fd.num=20 fd.fs_type=nsfs fd.ino={ino} fd.type=file
    fd.name=* fd.deleted=False
setns@any SUCCESS fd=20 nstype=0 fd.num=20 fd.fs_type=nsfs fd.ino={ino} fd.type=file fd.name=*
unshare SUCCESS flags=CLONE_NEWNS|CLONE_NEWUTS
unshare@time SUCCESS flags=CLONE_NEWTIME
""",
    ("CAP_SYS_CHROOT",): """
chroot SUCCESS path=chroot.d fs.path.name=/mnt/chroot.d
unlink@jail SUCCESS path=/unlink.jail fs.path.name=/unlink.jail
""",
    ("CAP_NET_RAW",): """
socket@raw SUCCESS domain=AF_INET type=SOCK_RAW proto=1 fd.num={result} fd.type=ipv4 fd.l4proto=raw
""",
}
# What hooks tell of paths is more than the arguments do.
OBJECTS = {"unlink@jail": {"fs.path.name": "/mnt/unlink.jail"}}
# Forms that go through the 32-bit ABI.
COMPAT = ("@32", "@16", "@old", "@socketcall", "connect@edge")
# Absent unless a form says otherwise.
USUALLY_ABSENT = (
    "fs.path.name fs.path.source fs.path.target fd.num fd.name fd.type fd.lip fd.lport fd.rip"
    " fd.rport fd.cip fd.cport fd.sip fd.sport fd.netlink target.pid"
).split()
# The same by io_uring, where there is no number for the descriptor that a request is about.
REQUESTS: dict[str, dict[str, str]] = {
    "renameat2@uring": {
        "fs.path.source": "/mnt/rename.uring",
        "fs.path.target": "/mnt/d/renamed",
        "evt.arg.flags": "RENAME_NOREPLACE",
    },
    "unlinkat@uring": {"fs.path.name": "/mnt/unlink.uring", "evt.arg.flags": "AT_REMOVEDIR"},
    "mkdirat@uring": {
        "fs.path.name": "/mnt/mkdir.uring",
        "evt.arg.mode": "S_IRUSR|S_IWUSR|S_IXUSR",
    },
    "symlinkat@uring": {
        "fs.path.source": "else/where",
        "fs.path.target": "/mnt/symlink.uring",
        "evt.arg.target": "else/where",
    },
    "linkat@uring": {
        "fs.path.source": "/mnt/link.uring",
        "fs.path.target": "/mnt/linked.uring",
    },
    "connect@uring": {
        "fd.num": "-",
        "fd.rip": "127.0.0.1",
        "fd.rport": "4041",
        "fd.type": "ipv4",
    },
    "accept4@uring": {
        "fd.num": "{result}",
        "fd.name": "127.0.0.1:{port}->127.0.0.1:4042",
        "fd.is_server": "True",
    },
    "socket@uring": {
        "fd.num": "{result}",
        "fd.type": "ipv4",
        "evt.arg.domain": "AF_INET",
        "evt.arg.type": "SOCK_STREAM",
    },
    "io_uring@read": {
        "evt.arg.op": "IORING_OP_READ",
        "fd.name": "/mnt/read.uring",
        "fd.num": "-",
    },
    "io_uring@nop": {"evt.arg.op": "IORING_OP_NOP", "fd.name": "-"},
    "receive_fd@uring": {"fd.num": "{num}", "fd.name": "/mnt/receive_fd.b", "target.pid": "-"},
}
# What can be done to another container's process.
CROSSING = """
    kill@32 tkill tgkill rt_sigqueueinfo kill ptrace ptrace@32 process_vm_readv process_vm_writev
    pidfd_open pidfd_send_signal pidfd_getfd connect@shared
""".split()


@dataclass(frozen=True, slots=True)
class Form:
    """What a form has to come to."""

    name: str
    capabilities: tuple[str, ...]
    results: tuple[str, ...]
    fields: dict[str, str]

    @property
    def type(self) -> EventType:
        """The call's."""
        return EventType[self.name.partition("@")[0].upper()]


def _forms() -> Iterator[Form]:
    for capabilities, text in FORMS.items():
        for line in text.replace("\n    ", " ").strip("\n").split("\n"):
            name, results, *words = line.split(" ")
            pairs = (word.partition("=") for word in words if word)
            yield Form(
                name,
                capabilities,
                tuple(results.split("/")),
                {
                    key if "." in key else f"evt.arg.{key}": value.replace("~", " ")
                    for key, _, value in pairs
                },
            )


CASES = {form.name: form for form in _forms()}


# Of each form: the process, the result, and what it has noted.
Said = dict[str, list[str]]


@dataclass(slots=True)
class Done:
    """What the test program said of a form, and the event."""

    event: Event
    result: int
    notes: dict[str, str]


class Watch(EventWatch):
    """Containers in which the test program makes calls, too."""

    def __init__(self, sensor: Sensor, runc: Runc) -> None:
        super().__init__(sensor)
        self._runc = runc
        self.groups: dict[tuple[str, ...], tuple[str, Said]] = {}

    def run(self, forms: list[str], options: Options) -> tuple[str, Said]:
        """Let a container make calls; returns its name, and what was said of each form."""
        name, done = self._runc.run(["calls", *forms], options)
        self.drain()
        lines = [line.split(" ") for line in done.stdout.splitlines()]
        said = {form: rest for form, *rest in lines}
        assert list(said) == forms, done.stderr
        return name, said

    def call(self, container: str, kind: EventType, vpid: int) -> Event:
        """The last such event of a process."""
        return self.find(
            container,
            lambda event: event.type is kind and event.record.header.task.ns_tgid == vpid,
        )

    def told(self, container: str, form: str, said: list[str]) -> Done:
        """What has come of a form."""
        pid, result, *notes = said
        kind = EventType[form.partition("@")[0].upper()]
        pairs = (note.partition("=") for note in notes)
        event = self.call(container, kind, int(pid))
        return Done(event, int(result), {key: value for key, _, value in pairs})


@contextmanager
def _watching(runc: Runc, wanted: Wanted) -> Iterator[Watch]:
    with Sensor(wanted, ring_bytes=RING) as sensor:
        watch = Watch(sensor, runc)
        try:
            yield watch
        finally:
            watch.close()


@pytest.fixture(scope="module")
def watch(runc: Runc) -> Iterator[Watch]:
    with _watching(runc, Wanted(frozenset(CALLS))) as watch:
        yield watch


def _options(directory: Path, *capabilities: str) -> Options:
    return Options((Mount(directory, "/mnt"),), capabilities)


def _value(event: Event, name: str) -> Value:
    return field_value(CATALOGUE[name], None, event)


def _text(value: Value) -> str:
    return {ABSENT: "-", UNKNOWN: "?"}[value] if isinstance(value, Missing) else str(value)


def _found(event: Event, names: list[str]) -> dict[str, str]:
    return {name: _text(_value(event, name)) for name in names}


def test_every_call_has_a_form() -> None:
    # These have tests of their own.
    elsewhere = {
        EventType.BOUNDARY_SWEEP,
        EventType.CGROUP_MKDIR,
        EventType.CGROUP_ATTACH_TASK,
    }
    others = {EventType[form.partition("@")[0].upper()] for form in REQUESTS}
    assert {form.type for form in CASES.values()} | others | elsewhere == set(CALLS)


# What a kernel that has it names in its BTF, and why an older one cannot be asked.
TOO_NEW = {
    "mount_setattr": ("mount_kattr", "mount_setattr came with v5.12"),
    "userfaultfd": ("BPF_FUNC_get_current_task_btf", "UFFD_USER_MODE_ONLY came with v5.11"),
}


@pytest.mark.parametrize("form", CASES.values(), ids=CASES)
def test_a_call_is_told_of(watch: Watch, tmp_path: Path, form: Form) -> None:
    if form.name.endswith(COMPAT) and os.uname().machine != "x86_64":
        pytest.skip("int $0x80 is of x86")
    marker, reason = TOO_NEW.get(form.name, ("", ""))
    if marker and not has_type(marker):
        pytest.skip(reason)
    if form.capabilities not in watch.groups:
        # A container for all forms that need the same.
        forms = [each.name for each in CASES.values() if each.capabilities == form.capabilities]
        watch.groups[form.capabilities] = watch.run(forms, _options(tmp_path, *form.capabilities))
    name, said = watch.groups[form.capabilities]
    if int(said[form.name][1]) == -errno.ENOSYS and watch.sensor.tier is not Tier.TRACEPOINT:
        pytest.skip("this kernel has no such call, and no function to hook")
    done = watch.told(name, form.name, said[form.name])
    event, task = done.event, done.event.record.header.task
    assert event.record.header.result == done.result
    assert _value(event, "evt.type") == form.name.partition("@")[0]
    assert _value(event, "evt.res") in form.results
    assert (task.comm, task.role) == ("calls", Role.MEMBER)
    container = event.container
    assert container is not None
    assert container.entry is not None
    assert (container.id, container.entry.key) == (name, task.container)
    known = done.notes | {"result": str(done.result), "init": str(container.entry.init.tgid)}
    known["pid"] = str(task.process.tgid)
    expected = dict.fromkeys(USUALLY_ABSENT, "-")
    expected |= {key: value.format(**known) for key, value in form.fields.items()}
    if watch.sensor.tier is not Tier.TRACEPOINT:
        expected |= OBJECTS.get(form.name, {})
    if form.fields.get("target.pid") in {"{init}", "{pid}"}:
        expected |= {
            "target.name": "calls",
            "target.exepath": "/bin/calls",
            "target.container.id": name,
            "boundary.crosses_container": "False",
        }
    found = _found(event, list(expected))
    assert found == {key: found[key] if each == "*" else each for key, each in expected.items()}
    named = {f"evt.arg.{argument}" for argument, _ in CALLS[form.type].arguments}
    assert named <= set(form.fields)


@pytest.mark.skipif(
    not names_requests(), reason="before v6.0 io_uring's tracepoints name no request"
)
@pytest.mark.parametrize("form", REQUESTS)
def test_a_request_is_told_of(watch: Watch, tmp_path: Path, form: str) -> None:
    name, said = watch.run([form], _options(tmp_path))
    if int(said[form][1]) == -errno.ENOSYS:
        pytest.skip("this kernel has no io_uring")
    if int(said[form][1]) == -errno.EINVAL:
        pytest.skip("this kernel's io_uring has no such request")
    done = watch.told(name, form, said[form])
    assert done.event.record.header.result == done.result >= 0
    known = done.notes | {"result": str(done.result)}
    expected = {key: value.format(**known) for key, value in REQUESTS[form].items()}
    assert _found(done.event, list(expected)) == expected


def test_each_descriptor_that_comes_is_told_of(watch: Watch, tmp_path: Path) -> None:
    name, said = watch.run(["receive_fd@mmsg"], _options(tmp_path))
    done = watch.told(name, "receive_fd@mmsg", said["receive_fd@mmsg"])
    ours = [
        each
        for each in watch.events
        if each.type is EventType.RECEIVE_FD and each.container == done.event.container
    ]
    files = ["/mnt/receive_fd.a", "/mnt/receive_fd.b", "/mnt/receive_fd.a"]
    assert [_value(each, "fd.name") for each in ours] == files
    assert len({_value(each, "fd.num") for each in ours}) == len(files)


def test_a_descriptor_from_the_host(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    with (
        socket.socket(socket.AF_UNIX) as listener,
        ThreadPoolExecutor(1) as pool,
        open("/etc/hostname", encoding="utf-8") as passed,
    ):
        listener.settimeout(WAIT_S)
        listener.bind(str(tmp_path / "share/s"))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as end:
                socket.send_fds(end, [b"x"], [passed.fileno()])

        served = pool.submit(serve)
        mounts = (Mount(tmp_path, "/mnt"), Mount(tmp_path / "share", "/share"))
        name, said = watch.run(["receive_fd@shared"], Options(mounts))
        served.result()
    done = watch.told(name, "receive_fd@shared", said["receive_fd@shared"])
    expected = {
        "fd.num": done.notes["num"],
        "fd.filename": "hostname",
        "target.pid": str(os.getpid()),
        "target.container.id": "host",
        "boundary.crosses_container": "True",
    }
    assert _found(done.event, list(expected)) == expected


def test_arguments_of_other_calls_are_absent(watch: Watch, tmp_path: Path) -> None:
    name, said = watch.run(["kill"], _options(tmp_path))
    event = watch.told(name, "kill", said["kill"]).event
    own = {"evt.arg.pid", "evt.arg.sig"}
    others = [each for each in CATALOGUE if each.startswith("evt.arg.") and each not in own]
    assert set(_found(event, others).values()) == {"-"}


@pytest.mark.parametrize("form", CROSSING)
def test_another_containers_process(watch: Watch, runc: Runc, tmp_path: Path, form: str) -> None:
    (tmp_path / "mnt").mkdir()
    (tmp_path / "share").mkdir()
    share = Mount(tmp_path / "share", "/share")
    with runc.running(["calls", "serve", "/share/s"], Options((share,))) as other:
        pid = init_pid(other)
        while not (tmp_path / "share/s").exists():
            time.sleep(0.01)
        options = Options(
            (Mount(tmp_path / "mnt", "/mnt"), share),
            namespaces={"pid": f"/proc/{pid}/ns/pid"},
        )
        name, said = watch.run([form], options)
        event = watch.told(name, form, said[form]).event
        assert int(said[form][1]) >= 0
        assert event.record.header.task.role == Role.MEMBER
        expected = {
            "target.pid": str(pid),
            "target.name": "calls",
            "target.exepath": "/bin/calls",
            "target.container.id": other,
            "boundary.crosses_container": "True",
            "container.id": name,
        }
        assert _found(event, list(expected)) == expected
        if form == "connect@shared":
            accept = watch.call(other, EventType.ACCEPT, 1)
            expected = {
                "target.pid": str(event.record.header.task.process.tgid),
                "target.container.id": name,
                "boundary.crosses_container": "True",
                "fd.name": "/share/s",
            }
            assert _found(accept, list(expected)) == expected


def test_a_process_of_the_host(watch: Watch, tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as sleeper:
        try:
            env = (f"OTHER={sleeper.pid}",)
            options = Options((Mount(tmp_path, "/mnt"),), namespaces={"pid": None}, env=env)
            name, said = watch.run(["pidfd_open"], options)
        finally:
            sleeper.kill()
    event = watch.told(name, "pidfd_open", said["pidfd_open"]).event
    assert int(said["pidfd_open"][0]) == event.record.header.task.process.tgid
    expected = {
        "target.pid": str(sleeper.pid),
        "target.name": "sleep",
        "target.container.id": "host",
        "target.is_agent": "False",
        "boundary.crosses_container": "True",
    }
    assert _found(event, list(expected)) == expected


def test_the_agent_itself(watch: Watch, tmp_path: Path) -> None:
    env = (f"OTHER={os.getpid()}",)
    options = Options((Mount(tmp_path, "/mnt"),), namespaces={"pid": None}, env=env)
    name, said = watch.run(["pidfd_open"], options)
    event = watch.told(name, "pidfd_open", said["pidfd_open"]).event
    expected = {"target.pid": str(os.getpid()), "target.is_agent": "True"}
    assert _found(event, list(expected)) == expected


@pytest.mark.parametrize(("form", "length"), [("unlink@nearly", 4094), ("unlink@long", 4095)])
def test_a_path_of_the_longest_kind(watch: Watch, tmp_path: Path, form: str, length: int) -> None:
    name, said = watch.run([form], _options(tmp_path))
    done = watch.told(name, form, said[form])
    assert done.result == 0
    path = _value(done.event, "evt.arg.path")
    assert isinstance(path, str)
    assert len(path) == length
    file = form.replace("@", ".")
    assert path.startswith("/mnt/")
    assert path.endswith(f"/./{file}")
    assert _value(done.event, "fs.path.name") == f"/mnt/{file}"


def test_two_long_paths_in_a_deep_directory(watch: Watch, tmp_path: Path) -> None:
    try:
        name, said = watch.run(["rename@long"], _options(tmp_path))
        done = watch.told(name, "rename@long", said["rename@long"])
        assert done.result == 0
        deep = "/mnt" + f"/{'d' * 200}" * 20
        assert _value(done.event, "fs.path.source") == f"{deep}/a"
        assert _value(done.event, "fs.path.target") == f"{deep}/b"
    finally:
        shutil.rmtree(tmp_path)


def test_processes_are_found_by_any_number(watch: Watch, tmp_path: Path) -> None:
    name, said = watch.run(["kill@each"], _options(tmp_path))
    killer = int(said["kill@each"][0])
    watch.call(name, EventType.KILL, killer)
    ours = watch.of(name)
    numbers = {
        task.ns_tgid: task.process.tgid
        for task in (each.record.header.task for each in ours if each.type is EventType.SETFSUID)
    }
    found = {
        int(_text(_value(each, "evt.arg.pid"))): _value(each, "target.pid")
        for each in ours
        if each.type is EventType.KILL
    }
    assert found == numbers
    assert len(found) == 150
    assert max(found) > 2 * 64


def test_what_cannot_be_read_is_no_loss(watch: Watch, tmp_path: Path) -> None:
    """The caller chooses it, as often as it likes."""
    bad = [form for form in CASES if form.endswith(("@bad", "@closed", "@huge"))]
    before = watch.sensor.losses()
    watch.run(bad, _options(tmp_path))
    assert watch.sensor.losses() == before


def test_a_namespaces_descriptor_is_no_loss(watch: Watch, tmp_path: Path) -> None:
    before = watch.sensor.losses()
    watch.run(["setns", "pidfd_send_signal"], _options(tmp_path, "CAP_SYS_ADMIN"))
    assert watch.sensor.losses() == before


def test_what_is_not_wanted_stays_in_the_kernel(runc: Runc, tmp_path: Path) -> None:
    with _watching(runc, Wanted(frozenset({EventType.UNLINK}))) as watch:
        forms = ["unlink", "unlinkat", "rename", "unlink@32", "kill@32", "unshare@denied"]
        name, said = watch.run(forms, _options(tmp_path))
        watch.call(name, EventType.UNLINK, int(said["unlink@32"][0]))
        calls = [each for each in watch.events if isinstance(each.record, CallRecord)]
        assert {each.type for each in calls} == {EventType.UNLINK}
        assert {each.container and each.container.id for each in calls} == {name}
        ours = [each for each in calls if each.record.header.task.comm == "calls"]
        assert len(ours) == 2


@pytest.mark.parametrize("wanted", [False, True])
def test_the_hosts_calls_where_they_are_wanted(runc: Runc, tmp_path: Path, *, wanted: bool) -> None:
    rmdirs = frozenset({EventType.RMDIR})
    with _watching(runc, Wanted(rmdirs, rmdirs if wanted else NONE)) as watch:
        (tmp_path / "d").mkdir()
        (tmp_path / "e").mkdir()
        done = subprocess.Popen(["busybox", "rmdir", "e"], cwd=tmp_path)
        assert done.wait() == 0
        (tmp_path / "d").rmdir()  # the agent's own
        watch.drain()
        found = [each for each in watch.events if each.type is EventType.RMDIR]
        ours = [_text(_value(each, "fs.path.name")) for each in found]
        assert (f"{tmp_path}/e" in ours) is wanted
        assert f"{tmp_path}/d" not in ours
        assert os.getpid() not in {each.record.header.task.process.tgid for each in found}
        if wanted:
            (event,) = (e for e in found if e.record.header.task.process.tgid == done.pid)
            assert event.container is None
            assert event.record.header.task.role == Role.HOST
