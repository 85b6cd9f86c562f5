/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the agent's compiled rules and the programs that ask them agree on. For
 * each event type there may be one filter, a program in the map `filters`. It
 * finds the record in the slot of its CPU, and answers in the slot's frame.
 *
 * Likewise there may be one that decides: asked where an act is about to happen,
 * it answers what is done about it. It finds the slot that was claimed for the
 * task that acts.
 */
#ifndef STOCKADE_POLICY_H
#define STOCKADE_POLICY_H

#include "events.h"

enum {
	FILTER_SCRATCH = 128,
	UNANSWERED = 255,
};

/* What a filter says of a record; nothing where there is no filter. */
enum verdict {
	VERDICT_NONE,
	VERDICT_DROP,	/* no rule can fire */
	VERDICT_SUBMIT, /* some rule may */
};

/* What a filter reads, beside what is there in any case. */
enum need_flags {
	NEED_WHOLE_TASK = 1, /* all that records say of who acts */
	NEED_HOST_VIEW = 2,  /* where the host sees the opened file */
	NEED_CONTAINER = 4,  /* what is known of the container */
	NEED_PROCESS = 8,    /* what is known of the process */
	NEED_PARENT = 16,    /* and of its parent */
	NEED_ANCESTORS = 32, /* and of all its ancestors */
	NEED_FS_PATH = 64,   /* an opened file's path within its filesystem */
	NEED_DETAILS = 128,  /* who acts, beyond whose it is; an opened file, beyond its path */
};

/* Where the host sees the files of a filesystem. */
enum view {
	VIEW_UNKNOWN,
	VIEW_NOWHERE,
	VIEW_SAME,    /* under their path within the filesystem */
	VIEW_VAR_LIB, /* below /var/lib */
	VIEW_RUN,     /* below /run */
	VIEW_TMP,     /* below /tmp */
	VIEW_HOME,    /* below /home */
	VIEW_MNT,     /* below /mnt */
};

/* What the agent has found out, by device number. It counts until something is mounted. */
struct host_view {
	__u32 view; /* enum view */
	__u32 mounts;
};

/*
 * What the agent has found out of a container, or of a process, for the parts of
 * the rules that depend on nothing else: a bit each, both for what cannot be known.
 */
struct known_parts {
	__u64 set;   /* which rules' parts; a filter of others knows nothing */
	__u64 holds; /* those that may hold */
	__u64 fails; /* those that may fail */
};

/* Of a process, for the parts about who acts, about its parent, about any of its ancestors. */
struct process_parts {
	struct known_parts own;
	struct known_parts parent;
	struct known_parts ancestor;
};

/* A container from its first program on: what comes after it may have its key. */
struct container_key {
	__u64 key;
	__u64 start_ns;
};

/* A process until its next exec, and for as long as its first thread is called so. */
struct process_key {
	__u64 start_ns;
	__u32 tgid;
	__u32 exec_id;
	char comm[16];
};

struct filter_frame {
	__u32 verdict;	 /* enum verdict */
	__u32 host_view; /* enum view, of the opened file's filesystem */
	__u32 outcome;	 /* enum outcome, or UNANSWERED */
	__u32 reserved;
	__u64 rules; /* of a decision: which set of rules it is about */
	__u64 fired[FIRED_WORDS];
	struct known_parts container;
	struct known_parts process;
	struct known_parts parent;
	struct known_parts ancestors;
	struct container_key container_key; /* whose parts were looked up */
	struct process_key process_key;
	__u64 scratch[FILTER_SCRATCH]; /* the filter's own, undefined when it starts */
};

#endif
