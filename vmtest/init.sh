#!/bin/sh
# The guest's init. The host's root comes read-only over 9p with a tmpfs above it, so
# the guest sees the host's programs and this project and can harm neither.
# The share ctl holds cmd, and receives stdout, stderr and rc. The share project is this project,
# at the path it has on the host.
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in $(cat /modules.order); do
	insmod "/modules/$module"
done

share() { # tag directory options
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"
}
share root /lower cache=loose,ro
mount -t tmpfs -o size=75% over /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/lower,upperdir=/over/upper,workdir=/over/work over /new

mkdir -p /new/vm/ctl /new/vm/modules
share ctl /new/vm/ctl cache=none
share modules /new/vm/modules cache=loose,ro
mkdir -p /new/lib/modules
ln -sfn "/vm/modules/lib/modules/$(uname -r)" "/new/lib/modules/$(uname -r)"

for mount in dev proc sys; do
	mount --move /$mount /new/$mount
done
cd /new || exit 1
mkdir -p dev/pts dev/shm run tmp var/lib/containers
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts dev/pts
for mount in dev/shm run tmp var/lib/containers; do
	mount -t tmpfs tmpfs $mount
done
chmod 1777 tmp
# The project may lie under what has just been covered.
project=$(sed -n 's/.*stockade\.project=\([^ ]*\).*/\1/p' proc/cmdline)
mkdir -p ".$project"
share project ".$project" cache=loose,ro
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t bpf bpf sys/fs/bpf
mount -t tracefs tracefs sys/kernel/tracing
mount -t securityfs securityfs sys/kernel/security
mkdir sys/fs/cgroup/init
echo $$ >sys/fs/cgroup/init/cgroup.procs
for controller in $(cat sys/fs/cgroup/cgroup.controllers); do
	echo "+$controller" >sys/fs/cgroup/cgroup.subtree_control
done
ip link set lo up
hostname vm

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
# chroot, not switch_root: the command must be in the mount namespace that init set up,
# at its root, as on any host; so the overlay is moved onto / first.
mount --move /new /
exec chroot . /bin/sh -c '
	cd /root
	# The kernel itself looks for modprobe where none is: in the initramfs.
	modprobe loop max_loop=8 2>/dev/null
	modprobe ext4 2>/dev/null
	/bin/sh /vm/ctl/cmd >/vm/ctl/stdout 2>/vm/ctl/stderr </dev/null
	echo $? >/vm/ctl/rc.new
	mv /vm/ctl/rc.new /vm/ctl/rc
	echo o >/proc/sysrq-trigger
	sleep 60'
