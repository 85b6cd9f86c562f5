/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of a task's cgroups names its container. */
#ifndef STOCKADE_LIB_CGROUP_H
#define STOCKADE_LIB_CGROUP_H

#include "vmlinux.h"
#include "events.h"
#include "lib/read.bpf.h"

static __always_inline struct cgroup *controller_cgroup(struct css_set *set, __u32 subsys)
{
	struct cgroup_subsys_state *css = NULL;

	bpf_core_read(&css, sizeof(css), (void *)set->subsys + subsys * sizeof(css));
	return READ(struct cgroup_subsys_state, css, cgroup);
}

/* NULL for a controller that has no hierarchy of its own: its cgroup may be an ancestor's then. */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task, __u32 hierarchy)
{
	struct css_set *set = READ(struct task_struct, task, cgroups);
	struct cgroup *unified = READ(struct css_set, set, dfl_cgrp), *cgroup;
	__u32 subsys;

	if (hierarchy == HIERARCHY_UNIFIED)
		return unified;
	if (hierarchy == HIERARCHY_PIDS)
		subsys = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	else if (hierarchy == HIERARCHY_MEMORY)
		subsys = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	else
		subsys = bpf_core_enum_value(enum cgroup_subsys_id, devices_cgrp_id);
	cgroup = controller_cgroup(set, subsys);
	if (READ(struct cgroup, cgroup, root) == READ(struct cgroup, unified, root))
		return NULL;
	return cgroup;
}

static __always_inline __u32 cgroup_level(struct cgroup *cgroup)
{
	return cgroup ? READ(struct cgroup, cgroup, level) : 0;
}

static __always_inline struct kernfs_node *cgroup_node(struct cgroup *cgroup)
{
	return READ(struct cgroup, cgroup, kn);
}

static __always_inline __u64 cgroup_id(struct cgroup *cgroup)
{
	return READ(struct kernfs_node, cgroup_node(cgroup), id);
}

/* NULL above a hierarchy's root. */
static __always_inline struct cgroup *parent_cgroup(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent = READ(struct cgroup, cgroup, self.parent);

	return parent ? READ(struct cgroup_subsys_state, parent, cgroup) : NULL;
}

/*
 * The unified hierarchy's cgroup; where the task sits in that one's root (a
 * cgroup v1 host), the first of the v1 controllers that runtimes set up.
 */
static __always_inline struct cgroup *container_cgroup(struct task_struct *task)
{
	for (__u32 hierarchy = HIERARCHY_UNIFIED; hierarchy <= HIERARCHY_MEMORY; hierarchy++) {
		struct cgroup *cgroup = task_cgroup(task, hierarchy);

		if (cgroup_level(cgroup) > 0)
			return cgroup;
	}
	return GET(task, cgroups, dfl_cgrp);
}

#endif
