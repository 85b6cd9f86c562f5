/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every record that crosses the ring buffer. The agent's decoder, the field
 * catalogue and the reference pages are generated from this file's BTF
 * (python -m stockade.events.generate): there is no second copy to keep in step.
 *
 * FIELD(name, type, doc) makes a member a field that rules can name; the type is
 * one of stockade.events.fields, and may be followed by "argument" for what comes
 * from the caller's memory and by "unit=...". DOC(doc) describes a member that only the
 * agent reads. On an embedded struct, PREFIX(name) goes before the names of its
 * fields, and DOC keeps them from rules.
 */
#ifndef STOCKADE_EVENTS_H
#define STOCKADE_EVENTS_H

#define FIELD(name, type, doc) __attribute__((btf_decl_tag("field:" name ":" type ":" doc)))
#define DOC(doc) __attribute__((btf_decl_tag("doc:" doc)))
#define PREFIX(name) __attribute__((btf_decl_tag("prefix:" name)))

enum {
	COMM_LEN = 16,
	ANCESTORS_MAX = 8,
	FS_TYPE_LEN = 16,
	CGROUPS_MAX = 4,
	DISKS_MAX = 8,
	STREAMS = 3,
	CGROUP_NAME_LEN = 128,
	FIRED_WORDS = 2,
};

/* What happened, by the system call's own name where there is one. */
enum event_type {
	EVENT_NONE,
	EVENT_OPEN,
	EVENT_OPENAT,
	EVENT_OPENAT2,
	EVENT_CREAT,
	EVENT_OPEN_BY_HANDLE_AT,
	EVENT_EXECVE,
	EVENT_EXECVEAT,
	EVENT_CLONE,
	EVENT_PROCEXIT,
	EVENT_CONTAINER, /* it starts: its first program runs inside */
	EVENT_CONTAINER_CREATE,
	EVENT_CONTAINER_EXEC,
	EVENT_CONTAINER_VISIT,
	EVENT_CONTAINER_STOP,
	EVENT_CONTAINER_DISCARD, /* it never ran, or was taken for another at first */
	/* The rest are calls: struct call_record, shaped by the agent's table. */
	EVENT_SETNS,
	EVENT_UNSHARE,
	EVENT_RENAME,
	EVENT_RENAMEAT,
	EVENT_RENAMEAT2,
	EVENT_LINK,
	EVENT_LINKAT,
	EVENT_SYMLINK,
	EVENT_SYMLINKAT,
	EVENT_UNLINK,
	EVENT_UNLINKAT,
	EVENT_RMDIR,
	EVENT_MKDIR,
	EVENT_MKDIRAT,
	EVENT_MKNOD,
	EVENT_MKNODAT,
	EVENT_CHMOD,
	EVENT_FCHMOD,
	EVENT_FCHMODAT,
	EVENT_FCHMODAT2,
	EVENT_CHOWN,
	EVENT_LCHOWN,
	EVENT_FCHOWN,
	EVENT_FCHOWNAT,
	EVENT_SETXATTR,
	EVENT_LSETXATTR,
	EVENT_FSETXATTR,
	EVENT_TRUNCATE,
	EVENT_FTRUNCATE,
	EVENT_MEMFD_CREATE,
	EVENT_MOUNT,
	EVENT_UMOUNT2,
	EVENT_PIVOT_ROOT,
	EVENT_CHROOT,
	EVENT_CHDIR,
	EVENT_FCHDIR,
	EVENT_FSOPEN,
	EVENT_FSCONFIG,
	EVENT_FSMOUNT,
	EVENT_FSPICK,
	EVENT_OPEN_TREE,
	EVENT_MOVE_MOUNT,
	EVENT_MOUNT_SETATTR,
	EVENT_PTRACE,
	EVENT_PROCESS_VM_READV,
	EVENT_PROCESS_VM_WRITEV,
	EVENT_PIDFD_OPEN,
	EVENT_PIDFD_GETFD,
	EVENT_PIDFD_SEND_SIGNAL,
	EVENT_KILL,
	EVENT_TKILL,
	EVENT_TGKILL,
	EVENT_RT_SIGQUEUEINFO,
	EVENT_CAPSET,
	EVENT_SETUID,
	EVENT_SETGID,
	EVENT_SETREUID,
	EVENT_SETREGID,
	EVENT_SETRESUID,
	EVENT_SETRESGID,
	EVENT_SETFSUID,
	EVENT_SETFSGID,
	EVENT_SETGROUPS,
	EVENT_PRCTL,
	EVENT_SECCOMP,
	EVENT_BPF,
	EVENT_PERF_EVENT_OPEN,
	EVENT_INIT_MODULE,
	EVENT_FINIT_MODULE,
	EVENT_DELETE_MODULE,
	EVENT_KEXEC_LOAD,
	EVENT_KEXEC_FILE_LOAD,
	EVENT_IOPL,
	EVENT_IOPERM,
	EVENT_SYSLOG,
	EVENT_USERFAULTFD,
	EVENT_ADD_KEY,
	EVENT_REQUEST_KEY,
	EVENT_KEYCTL,
	EVENT_IO_URING_SETUP,
	EVENT_IO_URING_REGISTER,
	EVENT_SOCKET,
	EVENT_BIND,
	EVENT_CONNECT,
	EVENT_LISTEN,
	EVENT_ACCEPT,
	EVENT_ACCEPT4,
	EVENT_SENDTO,
	EVENT_SENDMSG,
	EVENT_SOCKETCALL, /* told of as the call that it stands for */
	EVENT_RECVMSG,	  /* told of as what it received */
	EVENT_RECVMMSG,
	EVENT_RECEIVE_FD,
	EVENT_IO_URING, /* a request that stands for no call above */
	EVENT_CGROUP_MKDIR,
	EVENT_CGROUP_ATTACH_TASK,
	EVENT_BOUNDARY_SWEEP,	  /* a look at a member that need have done nothing */
	EVENT_CONTAINER_ACTIVITY, /* the agent's own: what a container did in a while */
	EVENT_RT_TGSIGQUEUEINFO,
	EVENT_PRLIMIT64,
	EVENT_DUP,
	EVENT_DUP2,
	EVENT_DUP3,
	EVENT_TYPE_MAX,
};

/* Which of the structs below a record is. */
enum record_kind {
	RECORD_NONE,
	RECORD_OPEN,
	RECORD_EXEC,
	RECORD_FORK,
	RECORD_EXIT,
	RECORD_CALL,
	RECORD_CONTAINER,
	RECORD_KIND_MAX,
};

enum string_state {
	STRING_ABSENT, /* the event has no such thing */
	STRING_VALUE,
	STRING_UNKNOWN, /* there is one, and it could not be read */
};

enum string_flags {
	STRING_TRUNCATED = 1, /* longer than what is here */
	STRING_ARGUMENT = 2,  /* from the caller's memory, which other threads may rewrite */
};

enum fd_flags {
	FD_SHARED = 1,	 /* other threads can change the descriptor table */
	FD_REPLACED = 2, /* one did: the descriptor is not what the call opened */
};

enum path_flags {
	PATH_DELETED = 1,      /* the name no longer exists */
	PATH_DISCONNECTED = 2, /* the walk ended outside the mount it began in */
	PATH_OUTSIDE = 4,      /* and that mount is of a part of its filesystem only */
	PATH_FOREIGN = 8,      /* its mount is not of the member's mount namespace */
	PATH_NEW_DISK = 16,    /* of a disk that no mount of the container had at its start */
	PATH_UPPER = 32, /* a program of an overlay's upper layer: written, not of the image */
};

enum target_flags {
	TARGET_AGENT = 1,  /* it is the agent */
	TARGET_PUBLIC = 2, /* what is opened of it in procfs is for everybody to read */
	TARGET_SELF = 4,   /* it is the process that acts, or has the same memory */
};

/* What a task is to the container that struct task names. */
enum role {
	ROLE_HOST,
	ROLE_SETUP,   /* the runtime's, on its way in: from create or exec to the first program */
	ROLE_MEMBER,  /* from the first program inside, by birth or through the runtime */
	ROLE_VISITOR, /* the host's, come in by hand */
};

enum container_state {
	CONTAINER_CREATED, /* a runtime is at work, nothing has run inside */
	CONTAINER_RUNNING,
};

enum namespace_flags {
	NAMESPACE_MNT = 1,
	NAMESPACE_PID = 2,
	NAMESPACE_NET = 4,
	NAMESPACE_USER = 8,
	NAMESPACE_IPC = 16,
	NAMESPACE_UTS = 32,
	NAMESPACE_CGROUP = 64,
	NAMESPACE_TIME = 128,
};

/* How a member came to be one. */
/* A byte each: it is set by a plain store, whatever happens to the others meanwhile. */
enum member_flags {
	MEMBER_ENTERED = 1,	/* has run a program inside */
	MEMBER_JOINED = 1 << 8, /* came into a container that was there */
	MEMBER_LEFT = 1 << 16,	/* has exited */
};

/* What a member has broken with. */
enum boundary_flags {
	BOUNDARY_LEFT_CGROUP = 1,   /* it is outside its container's cgroups */
	BOUNDARY_HOST_NS = 2,	    /* in a namespace of the host that was not given to it */
	BOUNDARY_HOST_ROOT = 4,	    /* its root or working directory is on the host's root mount */
	BOUNDARY_FOREIGN_MOUNT = 8, /* or on another mount that is not of its namespace */
	BOUNDARY_CAPS_GAINED = 16,  /* it has capabilities that it could not get */
	BOUNDARY_SECCOMP_DROPPED = 32, /* its system calls are filtered less than they were */
	BOUNDARY_NNP_CLEARED = 64,     /* no_new_privs is off again */
	BOUNDARY_CRED_TAMPERED = 128,  /* its credentials changed by none of the kernel's ways */
	BOUNDARY_NS_TAMPERED = 256,    /* and so did its namespaces */
};

/* The hierarchies in which a container can have a cgroup; the last three of cgroup v1. */
enum hierarchy {
	HIERARCHY_UNIFIED,
	HIERARCHY_PIDS,
	HIERARCHY_MEMORY,
	HIERARCHY_DEVICES,
};

/* What was done about an act that was about to happen; ALLOW of all else, too. */
enum outcome {
	OUTCOME_ALLOW,
	OUTCOME_AUDIT, /* told of, and let happen */
	OUTCOME_DENY,
	OUTCOME_KILL,
	OUTCOME_MAX,
};

/* Why a record, or a part of one, did not arrive. */
enum loss_reason {
	LOSS_RING_FULL,
	LOSS_SCRATCH_BUSY,
	LOSS_TRUNCATED, /* a string or a list that did not fit */
	LOSS_UNRESOLVED,
	LOSS_REPLACED,
	LOSS_MEMBERS_FULL,    /* a member that is not known to be one */
	LOSS_CONTAINERS_FULL, /* a container whose tasks are taken for the host's */
	LOSS_UNDECIDED,	      /* a decision for which there was nobody, or no room */
	LOSS_REASON_MAX,
};

/* A byte string in the record's tail; offset counts from the record's start. */
struct string_ref {
	__u16 offset;
	__u16 length;
	__u8 state;
	__u8 flags;
	__u16 error;
};

/* A process is named by its tgid and its start: numbers are reused, pairs are not. */
struct process_id {
	__u64 start_ns;
	__u32 tgid;
	__u32 reserved;
};

/* Of an ancestor, and of its program. */
struct ancestor_id {
	__u64 start_ns;
	__u32 tgid;
	__u32 exec_id DOC("changes at exec");
};

/* Inode numbers, as /proc/PID/ns shows them. */
struct namespaces {
	__u32 mnt FIELD("proc.mnt_ns", "uint", "inode number of the mount namespace");
	__u32 pid FIELD("proc.pid_ns", "uint", "inode number of the active pid namespace");
	__u32 pid_for_children FIELD("proc.pid_ns_for_children", "uint",
				     "inode number of the pid namespace that children will be in");
	__u32 net FIELD("proc.net_ns", "uint", "inode number of the network namespace");
	__u32 user FIELD("proc.user_ns", "uint", "inode number of the user namespace");
	__u32 ipc FIELD("proc.ipc_ns", "uint", "inode number of the IPC namespace");
	__u32 uts FIELD("proc.uts_ns", "uint", "inode number of the UTS namespace");
	__u32 cgroup FIELD("proc.cgroup_ns", "uint", "inode number of the cgroup namespace");
	__u32 time FIELD("proc.time_ns", "uint",
			 "inode number of the time namespace, 0 on kernels without them");
	__u32 reserved;
};

struct task {
	__u64 container DOC("key of the container it belongs to, 0 for the host");
	struct process_id process DOC("the task's process");
	__u64 cap_effective FIELD("thread.cap_effective", "caps", "effective capabilities");
	__u64 cap_permitted FIELD("thread.cap_permitted", "caps", "permitted capabilities");
	__u64 cap_inheritable FIELD("thread.cap_inheritable", "caps", "inheritable capabilities");
	__u64 cap_bounding FIELD("thread.cap_bounding", "caps", "capability bounding set");
	__u64 cap_ambient FIELD("thread.cap_ambient", "caps", "ambient capabilities");
	__u32 pid FIELD("thread.tid", "uint", "thread id in the initial pid namespace");
	__u32 uid FIELD("user.uid", "uint", "real user id");
	__u32 euid FIELD("user.euid", "uint", "effective user id");
	__u32 gid FIELD("group.gid", "uint", "real group id");
	__u32 egid FIELD("group.egid", "uint", "effective group id");
	__u32 role DOC("enum role");
	__u32 boundary DOC("enum boundary_flags");
	__u32 loginuid FIELD("user.loginuid", "uint", "login user id, 4294967295 when never set");
	char comm[COMM_LEN] FIELD("proc.name", "string", "command name of the task");
	/* The rest is there in records that are sent; before that only if a filter needs it. */
	struct ancestor_id ancestors[ANCESTORS_MAX] DOC("parent first, zero after the last");
	struct namespaces ns;
	__u64 cgroup_id FIELD("thread.cgroup_id", "uint", "kernfs id of the task's cgroup");
	__u32 ns_tgid FIELD("proc.vpid", "uint", "process id in the task's own pid namespace");
	__u32 ns_pid FIELD("thread.vtid", "uint", "thread id in the task's own pid namespace");
	__u32 sid FIELD("proc.sid", "uint", "session id in the initial pid namespace");
	__u32 pgid FIELD("proc.pgid", "uint", "process group id in the initial pid namespace");
	__u32 ns_pgid FIELD("proc.vpgid", "uint",
			    "process group id in the task's own pid namespace, 0 when outside");
	__u32 tty FIELD("proc.tty", "uint",
			"device number of the controlling terminal, 0 for none");
	__u32 exec_id DOC("changes at exec");
	struct string_ref cgroup FIELD("thread.cgroup", "string", "name of the task's cgroup");
};

struct record_header {
	__u64 time_ns DOC("time of the hook, ns since boot");
	__u32 size DOC("bytes of the record with its tail");
	__u16 kind DOC("enum record_kind");
	__u16 type DOC("enum event_type");
	__s64 result FIELD("evt.rawres", "int",
			   "return value: a descriptor, 0, or a negative errno");
	__u64 rules DOC("the set of rules that fired is about, 0 where none decided");
	__u64 fired[FIRED_WORDS] DOC("those of them that did, a bit each");
	__u32 outcome DOC("enum outcome");
	__u32 reserved;
	struct task task;
};

/* The object behind an open descriptor or a running program. */
struct file_object {
	__u64 inode FIELD("ino", "uint", "inode number");
	__u32 dev FIELD("dev", "dev",
			"device number of the filesystem, as /proc/PID/mountinfo gives it");
	__u32 rdev FIELD("rdev", "dev", "device number of a device node");
	__u32 mode FIELD("mode", "uint", "inode type and permission bits");
	__u32 uid FIELD("uid", "uint", "owner of the inode");
	__u32 links FIELD("nlink", "uint", "hard links");
	__u16 path_flags DOC("enum path_flags");
	__u16 mount_point_len DOC("bytes of the path that name the mount point");
	__u64 fs_magic FIELD("fs_magic", "uint", "magic number of the filesystem");
	char fs_type[FS_TYPE_LEN] FIELD("fs_type", "string", "name of the filesystem type");
	struct string_ref path DOC("path from the root of the mount namespace");
	struct string_ref fs_path DOC("path within the filesystem, where path does not tell");
};

/* What a call is about, beside the one that makes it: a process, or what a socket leads to. */
struct target {
	__u64 container DOC("key of its container, 0 for the host's");
	struct process_id process DOC("zero where there is none");
	__u32 pid DOC("thread id in the initial pid namespace");
	__u32 role DOC("enum role");
	__u32 boundary DOC("enum boundary_flags");
	__u32 flags DOC("enum target_flags");
	char comm[COMM_LEN] DOC("command name");
};

struct open_record {
	struct record_header header;
	struct file_object file PREFIX("fd.");
	struct target target DOC("the process that a file of procfs is about");
	__u32 flags FIELD("evt.arg.flags", "open_flags", "how it was opened: O_*");
	__u32 mode FIELD("evt.arg.mode", "mode argument", "mode asked for a file to be created");
	__u32 f_mode DOC("FMODE_* of the open file");
	__u32 fd_flags DOC("enum fd_flags");
	struct string_ref argument DOC("the path as the caller gave it");
	struct string_ref directory DOC("what a relative argument is relative to");
};

struct exec_record {
	struct record_header header;
	struct file_object exe DOC("the program");
	struct string_ref filename FIELD("evt.arg.filename", "path argument",
					 "the program's path as the caller gave it");
	struct string_ref args DOC("argv, NUL after each");
	struct string_ref cwd DOC("working directory");
};

struct fork_record {
	struct record_header header;
	struct process_id child DOC("the new task's process");
	__u64 flags FIELD("evt.arg.flags", "clone_flags", "what parent and child share: CLONE_*");
	__u32 child_pid DOC("the new thread's id in the initial pid namespace");
	__u32 child_ns_pid DOC("the new thread's id in its own pid namespace");
};

struct exit_record {
	struct record_header header;
	__u32 code FIELD("evt.arg.status", "int", "exit status, as wait(2) gives it");
	__u32 reserved;
};

/* The kernel's socket behind a descriptor; addresses are in network byte order. */
struct socket_object {
	__u32 family DOC("AF_*, 0 where there is no socket");
	__u32 type DOC("SOCK_*");
	__u32 protocol DOC("IPPROTO_*, NETLINK_*, or an Ethernet protocol");
	__u16 local_port DOC("in host byte order");
	__u16 remote_port DOC("in host byte order");
	__u64 local_high DOC("first half of the local IPv6 address");
	__u64 local_low DOC("its second half; an IPv4 address is its first four bytes");
	__u64 remote_high DOC("as local_high");
	__u64 remote_low DOC("as local_low");
	struct string_ref path DOC("unix: the name it, or what it is connected to, is bound to");
};

enum {
	CALL_ARGS_MAX = 6,
	CALL_PATHS_MAX = 2,
};

struct call_path {
	struct string_ref text DOC("as the caller gave it");
	struct string_ref directory DOC("what a relative one is relative to");
	struct string_ref object DOC("what the kernel found by it, where a hook tells");
};

/* A system call: its arguments, and the kernel's objects that they name. */
struct call_record {
	struct record_header header;
	struct file_object file PREFIX("fd.");
	struct socket_object socket DOC("the socket that it is about");
	struct target target DOC("the process that it is about");
	struct call_path old DOC("the first path");
	struct call_path new DOC("the second path");
	struct string_ref text DOC("an argument that is a string and no path");
	struct string_ref address DOC("a socket address, as the caller gave it");
	struct string_ref words DOC("numbers that an argument points to");
	__u64 args[CALL_ARGS_MAX] DOC("as they were in the registers");
};

/*
 * A container as it was when its first program ran in it. The containers map
 * holds these. The key names it for as long as the machine is up: the kernfs
 * id of the first cgroup that is its own, with the hierarchy in the top four
 * bits, or where it has none the id of its mount namespace, under 15.
 */
struct container_entry {
	__u64 key DOC("what struct task.container says");
	__u64 tasks DOC("how many live tasks belong to it");
	__u64 start_ns DOC("when its first program ran, ns since boot");
	__u64 mnt_ns_id DOC("the number of its mount namespace, never reused");
	__u64 root DOC("address of its root directory's dentry");
	__u64 user_ns DOC("address of its user namespace");
	__u64 cgroups[CGROUPS_MAX] DOC("kernfs ids by enum hierarchy, 0 where it has none");
	__u64 cap_bounding DOC("capability bounding set");
	__u64 cap_effective DOC("effective capabilities");
	struct process_id init DOC("its first process");
	struct namespaces ns DOC("its namespaces");
	__u32 levels[CGROUPS_MAX] DOC("depth of its cgroups");
	__u32 state DOC("enum container_state");
	__u32 host_ns DOC("enum namespace_flags: those that it shares with the host");
	__u32 uid DOC("real user id");
	__u32 seccomp DOC("0 off, 1 strict, 2 filter");
	__u32 no_new_privs DOC("whether exec gives no privileges");
	__u32 disk_count
		DOC("how many of disks[] are set, more than there is room for if not all are");
	__u32 disks[DISKS_MAX] DOC(
		"the kernel's device numbers of the disks that it has mounts of");
	char cgroup[CGROUP_NAME_LEN] DOC("name of its cgroup");
	char cgroup_parent[CGROUP_NAME_LEN] DOC("name of the cgroup above that");
};

/* A task's namespaces by their addresses, which say who is where as long as he is there. */
struct namespace_addresses {
	__u64 mnt DOC("of the mount namespace");
	__u64 pid_for_children DOC("of the pid namespace that children will be in");
	__u64 net DOC("of the network namespace");
	__u64 user DOC("of the user namespace");
	__u64 ipc DOC("of the IPC namespace");
	__u64 uts DOC("of the UTS namespace");
	__u64 cgroup DOC("of the cgroup namespace");
};

/* The host, as the programs compare with it: its namespaces are there as long as it is. */
struct host_entry {
	struct namespace_addresses at;
	__u64 time_ns DOC("address of the time namespace, 0 on kernels without them");
	__u64 root DOC("address of the root directory's dentry");
	__u64 root_mountpoint DOC("address of the dentry that its mount hides");
	__u64 root_filesystem DOC("address of its superblock");
	struct namespaces ns DOC("its namespaces");
};

/* A task's entry in the members map, under its address. */
struct member_entry {
	__u64 container DOC("key of its container");
	__u64 start_ns DOC("the task's start, ns since boot");
	__u64 cgroups
		DOC("address of the cgroups in which it was last seen inside its container's");
	__u32 pid DOC("thread id in the initial pid namespace");
	__u32 tgid DOC("process id in the initial pid namespace");
	__u32 role DOC("enum role");
	__u32 flags DOC("enum member_flags");
	/* The rest begins at its entry into the container, and its children have it from it. */
	__u64 caps DOC("the capabilities that it can have at most");
	__u64 user_ns DOC("address of the user namespace in which that holds");
	__u64 streams[STREAMS] DOC("the files that were its standard streams, 0 for none");
	__u32 seccomp DOC("the strictest mode that it was in");
	__u32 filters DOC("the most filters that it had");
	__u32 no_new_privs DOC("whether they were ever on");
	__u32 broken DOC("enum boundary_flags that it keeps");
	__u32 suspected DOC("enum boundary_flags that the last sweep saw");
	__u32 swept DOC("those that a sweep has told of");
	__u32 host_ns DOC("enum namespace_flags: those of the host that its container has");
	__u32 in_host_ns DOC("those of the host that it was in when its shadow was cast");
	/* Its shadow: what it was after the last lawful change. */
	__u64 ids DOC("digest of its real user and group");
	__u64 rights DOC("of its other ids, and of what it may do");
	__u64 bounding DOC("its bounding set");
	struct namespace_addresses at; /* all zero until the shadow is known */
};

/* How often a container's tasks did what is counted for each container. */
struct activity {
	__u64 calls DOC("system calls");
	__u64 execs DOC("programs started");
	__u64 forks DOC("tasks made");
};

/* Whose loss it is: container 0 is the host's. */
struct loss_key {
	__u64 container DOC("key of the container of the task that acted, 0 for the host");
	__u32 reason DOC("enum loss_reason");
	__u32 type DOC("enum event_type");
};

/* Who starts, creates, enters or, as the last to leave, ends a container is the header's task. */
struct container_record {
	struct record_header header;
	struct container_entry container DOC("the container");
	struct activity activity DOC("of an activity event: what it did");
	struct activity usual DOC("what it usually does in that time");
	__u64 activity_ns DOC("the time");
};

union record {
	struct record_header header;
	struct open_record open;
	struct exec_record exec;
	struct fork_record fork;
	struct exit_record exit;
	struct call_record call;
	struct container_record container;
};

#endif
