/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the agent sets: before load, as read-only data, so that the verifier
 * prunes what is switched off; and what may change while the programs run.
 */
#ifndef STOCKADE_CONFIG_H
#define STOCKADE_CONFIG_H

enum {
	SYSCALL_COUNT = 1024,
	EVENT_TYPES = 256,
};

struct config {
	__u32 agent_tgid;	/* whose own acts are not reported */
	__u32 counts_activity;	/* whether what containers do is counted */
	__u32 keeps_objects;	/* whether hooks tell what paths lead to */
	__u32 opaque_registers; /* whether the verifier knows no system call's registers */
	__u32 cgroups_signal;	/* whether programs of cgroups may send signals */
	__u32 bpf_has_more;  /* whether the hook bpf has one argument more than on other kernels */
	__u32 perf_has_more; /* the same of perf_event_open */
	__u32 reserved;
	__u64 flood_bytes; /* how much of the ring what may come in floods can fill */
};

enum wanted_flags {
	WANTED_CONTAINERS = 1, /* of tasks in containers */
	WANTED_HOST = 2,       /* of the host's */
};

enum {
	SHAPE_RESULT = 7, /* a descriptor that the call returns */
};

/*
 * What the arguments of a call are: numbers from 1, 0 where it has no such
 * argument. A path's directory is a descriptor, AT_FDCWD without.
 */
struct call_shape {
	__u8 wanted; /* enum wanted_flags; of every event, not only of calls */
	__u8 old_path, old_dir;
	__u8 new_path, new_dir;
	__u8 text;    /* a string */
	__u8 file;    /* a descriptor, or SHAPE_RESULT */
	__u8 address; /* a socket address, its length in the next */
	__u8 pid;     /* a task's number in the caller's pid namespace */
	__u8 words;   /* points to word_count numbers of four bytes */
	__u8 word_count;
	__u8 pidfd;   /* a descriptor that stands for a process */
	__u8 message; /* a struct msghdr, whose address is looked at */
	__u8 peer;    /* a socket whose other end is looked at */
	__u8 object;  /* enum event_type: under which its paths' objects are kept, 0 for none */
	__u8 kept;    /* enum wanted_flags: of whom objects are kept under this type */
	__u8 decided; /* enum wanted_flags: whose acts are decided before they happen */
	__u8 killed;  /* enum wanted_flags: who may be killed when it has happened */
	__u8 closed;  /* whether a member's act is refused when there is nobody to decide it */
};

/* What the rules ask for; changed when they are. */
struct wishes {
	/*
	 * enum event_type by system call number, EVENT_NONE where no rule asks for it:
	 * of the kernel's own ABI in the low byte, of the 32-bit one in the high byte.
	 */
	__u16 syscall_types[SYSCALL_COUNT];
	/* The same of the calls whose functions are hooked; a call is in one of the two. */
	__u16 function_types[SYSCALL_COUNT];
	struct call_shape call_shapes[EVENT_TYPES]; /* by enum event_type */
	__u32 raw_paths;    /* whether a successful open also reports the caller's argument */
	__u32 decides_host; /* whether any of the host's acts are decided */
	/* As syscall_types, of the calls that are decided. */
	__u16 decided_types[SYSCALL_COUNT];
};

#endif
