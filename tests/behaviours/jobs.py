"""What containers do all day long, and attackers' acts look like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.behaviours.act import ADMIN, LINKED, PLAIN, UNMASKED
from tests.support.runc import Mount, Options

# Programs of the host, under the names that they have there.
PROGRAMS = (
    Mount(Path("/usr"), "/usr", ("rbind", "ro")),
    Mount(Path("/etc/alternatives"), "/etc/alternatives", ("rbind", "ro")),
)
UNIFIED = next(
    (path for path in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")) if path.is_dir()),
    Path("/sys/fs/cgroup"),
)


@dataclass(frozen=True, slots=True)
class Job:
    """Honest work.

    Attributes:
        script: for the container's shell; it is to succeed.
        needs: programs of the host that it takes; without them it is left out.
    """

    name: str
    script: str
    options: Options = PLAIN
    needs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def tools(*mounts: Mount, capabilities: tuple[str, ...] = ()) -> Options:
    """A container that has the host's programs."""
    env = (
        "HOME=/tmp",
        "GOCACHE=/tmp/go",
        "GOFLAGS=-mod=mod",
        "PATH=/usr/local/go/bin:/usr/bin:/usr/sbin",
    )
    return Options(mounts=(*PROGRAMS, *mounts), capabilities=capabilities, env=env)


_SMALL = (
    Job(
        "unpacking a package",
        """
        mkdir -p /tmp/p/usr/lib/tool /tmp/p/bin; cp /bin/busybox /tmp/p/bin/tool.dpkg-new
        chmod 4755 /tmp/p/bin/tool.dpkg-new; chmod 2755 /tmp/p/usr/lib/tool; cd /tmp
        tar -C p -cf p.tar .; tar -C / -xf p.tar; mv /bin/tool.dpkg-new /bin/tool
        ln -sf /bin/tool /usr/lib/tool/run; /bin/tool true; rm /bin/tool
        rm -r /usr/lib/tool p p.tar
        """,
    ),
    Job(
        "a web server that forks",
        """
        ip link set lo up; mkdir -p /tmp/www; echo hello >/tmp/www/index.html
        httpd -p 127.0.0.1:8080 -h /tmp/www; sleep 0.2
        for i in 1 2 3; do wget -q -O - http://127.0.0.1:8080/ || exit 1; done
        """,
        LINKED,
    ),
    Job(
        "a sandbox by a user namespace",
        """
        unshare -Urmpf sh -c 'mount -t proc proc /proc && mount -t tmpfs t /mnt && mkdir /mnt/r &&
        mount -o bind /bin /mnt/r && ps && chroot / true'
        """,
        # Behind masks the kernel refuses a procfs.
        Options(capabilities=("CAP_SETFCAP",), masked=False),
    ),
    Job(
        "a build that is root",
        """
        unshare -mpf sh -c 'mount -t proc proc /proc && mkdir -p /tmp/root/dev &&
        mount -t tmpfs t /tmp/root && mkdir /tmp/root/dev && mknod /tmp/root/dev/null c 1 3 &&
        mknod /tmp/root/dev/zero c 1 5 && ln -s pts/ptmx /tmp/root/dev/ptmx &&
        chroot / true && umount /tmp/root'
        """,
        Options(capabilities=ADMIN),
    ),
    Job(
        "changing owners and modes",
        "mkdir -p /tmp/o/a/b; touch /tmp/o/a/b/c; chown -R 7:7 /tmp/o;"
        " chmod -R g+rws /tmp/o; rm -r /tmp/o",
    ),
    Job(
        "reading one's own /proc",
        """
        for f in status cgroup mountinfo maps limits stat environ cmdline; do
        cat /proc/self/$f >/dev/null || exit 1; done
        cat /proc/cpuinfo /proc/meminfo /proc/stat /proc/version >/dev/null
        cat /proc/sys/kernel/pid_max /proc/sys/net/core/somaxconn >/dev/null
        """,
    ),
    Job(
        "another user",
        "su -c true; su -s /bin/sh root -c id",
        Options(capabilities=("CAP_SETUID", "CAP_SETGID")),
    ),
    Job(
        "services in cgroups of their own",
        """
        own=/mnt$(sed -n 's/^0:://p' /proc/self/cgroup); mkdir $own/init.scope $own/web.service
        echo $$ >$own/init.scope/cgroup.procs; (echo 0 >$own/web.service/cgroup.procs; true)
        cat $own/init.scope/cgroup.procs; echo $$ >$own/cgroup.procs
        rmdir $own/init.scope $own/web.service
        """,
        # With the host's view of the hierarchy, in which its own cgroup has a place.
        Options(mounts=(Mount(UNIFIED, "/mnt", ("bind", "rw")),), namespaces={"cgroup": None}),
    ),
    Job(
        "a backup",
        "tar -cf - /bin /etc /root /tmp /dev 2>/dev/null | gzip >/dev/null;"
        " ls -lR /bin /etc /root >/dev/null; true",
    ),
    Job(
        "looking at processes",
        "sleep 9 & ps; ps -o pid,args; top -b -n 1; pgrep sleep; pidof sleep; kill $!",
    ),
    Job(
        "log rotation",
        """
        mkdir -p /var/log/app; cd /var/log/app; echo 1 >app.log; mv app.log app.log.1; : >app.log
        gzip app.log.1; ln -sf app.log current; rm app.log.1.gz; rm -r /var/log/app
        """,
    ),
    Job(
        "ping",
        "ip link set lo up; ping -c 1 127.0.0.1",
        Options(capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW")),
    ),
    Job(
        "names that are looked up", "ip link set lo up; nslookup localhost 127.0.0.1; true", LINKED
    ),
    Job(
        "cron",
        """
        mkdir -p /tmp/tabs; echo '@reboot touch /tmp/ran' >/tmp/tabs/root
        timeout 3 crond -f -d 8 -c /tmp/tabs; rm -r /tmp/tabs; true
        """,
        Options(capabilities=("CAP_SETUID", "CAP_SETGID")),
    ),
    Job(
        "settings of one's own network",
        "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter",
        UNMASKED,
    ),
    Job(
        "a configuration that is swapped",
        """
        mkdir -p /tmp/c; cd /tmp/c; for i in 1 2 3; do mkdir ..v$i; echo $i >..v$i/key
        ln -s ..v$i ..data_tmp; mv -T ..data_tmp ..data; done; ln -s ..data/key key
        cat key; rm -r /tmp/c
        """,
    ),
    Job("a supervisor", "for i in 1 2 3; do sleep 60 & kill -TERM $!; wait $!; done; true"),
    Job("a crash", "ulimit -c unlimited; sh -c 'kill -SEGV $$'; sh -c 'kill -ABRT $$'; true"),
    Job("a reaper of orphans", "(sleep 0.1 & exec true); trap : CHLD TERM; sleep 0.3; wait"),
    Job(
        "reopening what it was given",
        "echo 1 >/dev/stdout; echo 2 >/proc/self/fd/2; cat </dev/stdin",
    ),
    Job(
        "a database",
        """
        cd /tmp; dd if=/dev/zero of=db bs=4k count=64 conv=fsync; fallocate -l 65536 db.wal
        sync; mv db.wal db; truncate -s 0 db; rm db
        """,
    ),
    Job("busybox that starts itself", "/proc/self/exe ls /; busybox sh -c 'busybox true; ls /bin'"),
    Job(
        "monitoring of the node, read-only",
        """
        cat /host/proc/[0-9]*/stat /host/proc/loadavg /host/proc/meminfo /host/proc/net/dev
        cat /host/proc/mounts /host/proc/1/mountinfo; ls /host/sys/class/net; df /host/root
        cat /host/sys/class/net/lo/statistics/rx_bytes; cat /host/root/etc/os-release; ps
        """,
        Options(
            mounts=(
                Mount(Path("/proc"), "/host/proc", ("bind", "ro")),
                Mount(Path("/sys"), "/host/sys", ("bind", "ro")),
                Mount(Path("/"), "/host/root", ("bind", "ro")),
            ),
            namespaces={"pid": None},
        ),
    ),
    Job(
        "monitoring of every process",
        # The agent is among them.
        """
        ps -o pid,args; kill -0 $(ls /proc | grep '^[0-9]'); cd /proc
        for pid in [0-9]*; do cat $pid/stat $pid/status $pid/cmdline $pid/cgroup $pid/oom_score;
        done >/dev/null 2>&1; top -b -n 1 >/dev/null; true
        """,
        Options(capabilities=("CAP_SYS_PTRACE",), namespaces={"pid": None}),
    ),
    Job(
        "processes that end each other",
        "sleep 9 & kill -STOP $!; kill -CONT $!; kill -TERM $!; (sleep 9 & kill -KILL $!);"
        " setsid sh -c 'sleep 9 & kill -TERM 0'; true",
    ),
    Job(
        "limits of one's own",
        "ulimit -n 64; ulimit -c 0; echo 100 >/proc/self/oom_score_adj; head -c 1 /proc/self/maps;"
        " ls /proc/self/fd; exec 3</proc/self/mem",
    ),
    Job(
        "a network plug-in's place in the BPF filesystem",
        "mkdir /mnt/stockade-test; mv /mnt/stockade-test /mnt/stockade-test-own;"
        " ls /mnt/stockade-test-own; rmdir /mnt/stockade-test-own",
        Options(mounts=(Mount(Path("/sys/fs/bpf"), "/mnt"),)),
    ),
    Job(
        "collecting the host's logs, read-only",
        "find /mnt -type f -exec tail -n 1 {} + >/dev/null; ls -lR /mnt",
        Options(mounts=(Mount(Path("/var/log"), "/mnt", ("bind", "ro")),)),
    ),
    Job(
        "volumes that are mounted",
        "mkdir -p /mnt/a /mnt/b; mount -t tmpfs t /mnt/a; mount -o bind /mnt/a /mnt/b;"
        " umount /mnt/b /mnt/a",
        Options(capabilities=ADMIN),
    ),
    Job("filters and no new privileges", "calls seccomp prctl; grep -i seccomp /proc/self/status"),
    Job(
        "giving a program a capability",
        "calls setxattr@capability",
        Options(capabilities=("CAP_SETFCAP",)),
    ),
    Job("a queue", "cd /tmp; mkfifo q; (echo x >q &); cat q; rm q"),
)
_C = "int main(void) { return 0; }"
_TOOLS = (
    Job(
        "compiling and running",
        f"cd /tmp; echo '{_C}' >a.c; gcc -o a a.c && ./a && rm a a.c",
        tools(),
        ("gcc",),
    ),
    Job(
        "tracing one's own child",
        "strace -f -o /tmp/trace true && grep -q exec /tmp/trace",
        tools(capabilities=("CAP_SYS_PTRACE",)),
        ("strace",),
    ),
    Job(
        "debugging one's own child",
        "gdb -batch -ex 'break main' -ex run -ex 'info registers rip' -ex kill /usr/bin/true; true",
        tools(capabilities=("CAP_SYS_PTRACE",)),
        ("gdb",),
    ),
    Job(
        "python with many processes",
        "/usr/bin/python3 -c 'import multiprocessing as m;"
        " print(sum(m.Pool(3).map(abs, range(9))))'",
        tools(),
        ("python3",),
    ),
    Job(
        "a program of Go",
        "cd /tmp; printf 'package main\\nfunc main() { println(1) }\\n' >a.go;"
        " CGO_ENABLED=0 go run a.go",
        tools(),
        ("go",),
    ),
    Job(
        "a program of Java",
        "cd /tmp; echo 'class A { public static void main(String[] a) { System.gc();"
        " } }' >A.java; java A.java",
        tools(Mount(Path("/etc/java-17-openjdk"), "/etc/java-17-openjdk", ("bind", "ro"))),
        ("java",),
    ),
    Job(
        "git with hooks",
        """
        cd /tmp; rm -rf repo copy; git init -q repo; cd repo; echo x >x
        git config user.email a@example.org; git config user.name a
        printf '#!/bin/sh\\ntrue\\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
        git add x; git commit -qm x; git clone -q /tmp/repo /tmp/copy
        """,
        tools(),
        ("git",),
    ),
    Job(
        "building as if root",
        "fakeroot sh -c 'cd /tmp; touch f; chown 5:5 f; mknod d b 8 0; chmod 4755 f; ls -l f d'",
        tools(),
        ("fakeroot",),
    ),
    Job(
        "a sidecar's packet filter",
        "iptables -A INPUT -p tcp --dport 9 -j DROP; iptables -L; iptables -F",
        tools(capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW")),
        ("iptables",),
    ),
    Job(
        "installing a package",
        """
        mkdir -p /tmp/deb/DEBIAN /tmp/deb/opt/x /tmp/i
        printf 'Package: x\\nVersion: 1\\nArchitecture: all
        Maintainer: a <a@example.org>\\nDescription: x\\n' | sed 's/^ *//' >/tmp/deb/DEBIAN/control
        cp /usr/bin/true /tmp/deb/opt/x/su; chmod 4755 /tmp/deb/opt/x/su
        dpkg-deb -b /tmp/deb /tmp/x.deb && dpkg-deb -x /tmp/x.deb /tmp/i && /tmp/i/opt/x/su
        """,
        tools(),
        ("dpkg-deb",),
    ),
    Job(
        "a database in a file",
        "sqlite3 /tmp/a.db 'create table t (a); insert into t values (1); select * from t;'",
        tools(),
        ("sqlite3",),
    ),
    Job(
        "setcap",
        "cp /usr/bin/true /tmp/t; setcap cap_net_bind_service+ep /tmp/t; getcap /tmp/t;"
        " /tmp/t; rm /tmp/t",
        tools(capabilities=("CAP_SETFCAP",)),
        ("setcap",),
    ),
    Job(
        "dropping capabilities",
        "capsh --drop=cap_kill -- -c true; setpriv --reuid=7 --clear-groups true;"
        " su -s /bin/sh -c id root; true",
        tools(capabilities=("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")),
        ("capsh",),
    ),
    Job(
        "what systemd tries",
        "systemd-detect-virt; systemctl --version >/dev/null; systemd-tmpfiles --version; true",
        tools(),
        ("systemd-detect-virt",),
    ),
)
JOBS = (*_SMALL, *_TOOLS)
