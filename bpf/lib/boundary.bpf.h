/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tells that a member is no longer contained, whatever made it so. */
#ifndef STOCKADE_LIB_BOUNDARY_H
#define STOCKADE_LIB_BOUNDARY_H

#include "lib/cgroup.bpf.h"
#include "lib/member.bpf.h"

/* The id of the cgroup at a level above a deeper one, or of itself. */
static __always_inline __u64 ancestor_id(struct cgroup *cgroup, __u32 level)
{
	__u64 found = 0; /* the cgroup, or its id */

	if (bpf_core_field_exists(cgroup->ancestors)) {
		bpf_probe_read_kernel(&found, sizeof(found),
				      (void *)cgroup +
					      bpf_core_field_offset(struct cgroup, ancestors) +
					      level * sizeof(found));
		return cgroup_id((struct cgroup *)found);
	}
	bpf_probe_read_kernel(&found, sizeof(found),
			      (void *)cgroup +
				      bpf_core_field_offset(struct cgroup___ids, ancestor_ids) +
				      level * sizeof(found));
	return found;
}

/* Whether a task is outside its container's cgroup in any hierarchy where that has one. */
static __noinline bool left_cgroup(struct task_struct *task, __u64 key)
{
	struct container_entry *container = find_container(key);

	if (!container)
		return false;
	for (__u32 i = 0; i < CGROUPS_MAX; i++) {
		struct cgroup *cgroup;
		__u32 level = container->levels[i];

		if (!container->cgroups[i])
			continue;
		cgroup = task_cgroup(task, i);
		if (cgroup && (cgroup_level(cgroup) < level ||
			       ancestor_id(cgroup, level) != container->cgroups[i]))
			return true;
	}
	return false;
}

/* enum boundary_flags of a task; only members can break with anything. */
static __always_inline __u32 broken_boundaries(struct task_struct *task,
					       struct member_entry *member)
{
	__u64 cgroups = (__u64)READ(struct task_struct, task, cgroups);

	/* Seldom does a task go elsewhere: cgroup_attach_task has it looked at anew. */
	if (member->role != ROLE_MEMBER || member->cgroups == cgroups)
		return 0;
	if (left_cgroup(task, member->container))
		return BOUNDARY_LEFT_CGROUP;
	member->cgroups = cgroups;
	return 0;
}

#endif
