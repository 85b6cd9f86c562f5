/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether some rule is about what a task has just done. */
#ifndef STOCKADE_LIB_WANTED_H
#define STOCKADE_LIB_WANTED_H

#include "lib/config.bpf.h"
#include "lib/member.bpf.h"

static __always_inline bool wanted_of(struct task_struct *task, struct member_entry *member,
				      __u8 type)
{
	__u8 whose = wishes.call_shapes[type].wanted;

	if ((__u32)GET(task, tgid) == config.agent_tgid)
		return false;
	/* The agent may find that what looks like a container is the host's, so these come of both.
	 */
	if (whose & WANTED_HOST)
		return true;
	return whose & WANTED_CONTAINERS && member;
}

static __always_inline bool wanted(struct task_struct *task, __u8 type)
{
	return wanted_of(task, find_member(task), type);
}

#endif
