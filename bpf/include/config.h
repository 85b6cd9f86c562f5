/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent fixes before load. Read-only data, so the verifier prunes what is switched off. */
#ifndef STOCKADE_CONFIG_H
#define STOCKADE_CONFIG_H

enum {
	SYSCALL_COUNT = 1024,
};

struct config {
	__u64 wanted;	   /* bit per enum event_type: reported for tasks in containers */
	__u64 wanted_host; /* the same for tasks of the host */
	__u64 raw_paths;   /* whether a successful open also reports the caller's argument */
	__u32 agent_tgid;  /* whose own acts are not reported */
};

#endif
