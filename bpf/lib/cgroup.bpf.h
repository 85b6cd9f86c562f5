/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of a task's cgroups names its container. */
#ifndef STOCKADE_LIB_CGROUP_H
#define STOCKADE_LIB_CGROUP_H

#include "vmlinux.h"
#include "lib/read.bpf.h"

static __always_inline struct cgroup *controller_cgroup(struct css_set *set, __u32 subsys)
{
	struct cgroup_subsys_state *css = NULL;

	bpf_core_read(&css, sizeof(css), (void *)set->subsys + subsys * sizeof(css));
	return READ(struct cgroup_subsys_state, css, cgroup);
}

/*
 * The unified hierarchy's cgroup; where the task sits in that one's root (a
 * cgroup v1 host), the first of the v1 controllers that runtimes set up.
 */
static __always_inline struct cgroup *container_cgroup(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct cgroup *unified = set->dfl_cgrp, *cgroup;

	if (unified->level > 0)
		return unified;
	cgroup = controller_cgroup(set, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
	if (READ(struct cgroup, cgroup, level) > 0)
		return cgroup;
	cgroup = controller_cgroup(set, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	if (READ(struct cgroup, cgroup, level) > 0)
		return cgroup;
	return unified;
}

#endif
