/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tells that a member is no longer contained, whatever made it so. */
#ifndef STOCKADE_LIB_BOUNDARY_H
#define STOCKADE_LIB_BOUNDARY_H

#include "lib/cgroup.bpf.h"
#include "lib/mount.bpf.h"

#define PF_EXITING 4
#define PFA_NO_NEW_PRIVS 1
#define USER_NS_LEVELS 33
#define SYSCALL_WORK_SECCOMP 1

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
static __noinline bool is_outside(struct task_struct *task, __u64 key)
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

/* BOUNDARY_LEFT_CGROUP of any task, or 0; only members can break with anything. */
static __always_inline __u32 left_cgroup(struct task_struct *task, struct member_entry *member)
{
	__u64 cgroups = (__u64)READ(struct task_struct, task, cgroups);

	/* Seldom does a task go elsewhere: cgroup_attach_task has it looked at anew. */
	if (member->role != ROLE_MEMBER || member->cgroups == cgroups)
		return 0;
	if (is_outside(task, member->container))
		return BOUNDARY_LEFT_CGROUP;
	member->cgroups = cgroups;
	return 0;
}

/* ---- of a task whose record has been filled ---- */

/* @namespaces: of the host, that a member is in. */
static __always_inline __u32 entered_host_ns(struct member_entry *member, __u32 namespaces)
{
	return namespaces & ~member->host_ns ? BOUNDARY_HOST_NS : 0;
}

static __always_inline __u32 place_flags(struct vfsmount *mnt, struct member_entry *member)
{
	__u32 flags = is_host_root(mnt) ? BOUNDARY_HOST_ROOT : 0;
	__u64 mine = member->at.mnt;

	if (!is_of(mnt, (void *)mine) &&
	    mount_owner(address_of(mnt), mine, member->container) == MOUNT_FOREIGN)
		flags |= BOUNDARY_FOREIGN_MOUNT;
	return flags;
}

static __always_inline __u32 left_mounts(struct task_struct *task, struct member_entry *member)
{
	struct vfsmount *root = GET_TRUSTED(task, fs, root.mnt),
			*pwd = GET_TRUSTED(task, fs, pwd.mnt);
	__u32 flags = place_flags(root, member);

	return root == pwd ? flags : flags | place_flags(pwd, member);
}

/* Whether a user namespace is another one, or above it: what is had below is not gained. */
__noinline int is_above(__u64 ns, __u64 other)
{
	for (int i = 0; i < USER_NS_LEVELS && other; i++) {
		if (ns == other)
			return true;
		other = (__u64)READ(struct user_namespace, (void *)other, parent);
	}
	return false;
}

/* Nobody gets more than the bounding set, unless in a user namespace of his own. */
static __always_inline __u32 gained_caps(struct task_struct *task, struct member_entry *member)
{
	struct cred *cred = GET_TRUSTED(task, cred);

	/* Within some calls the kernel acts in another's name. */
	if (!(CAPABILITIES(cred, cap_effective) & ~member->caps) ||
	    cred != GET_TRUSTED(task, real_cred))
		return 0;
	return is_above(address_of(GET(cred, user_ns)), member->user_ns) ? BOUNDARY_CAPS_GAINED : 0;
}

/* With seccomp on, but not looked at when a call is made. */
static __always_inline bool is_unfiltered(struct task_struct *task, __u32 mode)
{
	if (!mode || !bpf_core_field_exists(task->thread_info.syscall_work))
		return false;
	return !(GET(task, thread_info.syscall_work) & SYSCALL_WORK_SECCOMP);
}

/* The kernel lets nobody loosen these: what was once on is on. */
static __always_inline __u32 loosened(struct task_struct *task, struct member_entry *member)
{
	__u32 mode = GET(task, seccomp.mode), filters = 0, flags = 0;
	__u32 no_new_privs = GET(task, atomic_flags) & PFA_NO_NEW_PRIVS;

	if (bpf_core_field_exists(task->seccomp.filter_count))
		filters = GET(task, seccomp.filter_count.counter);
	if (mode < member->seccomp || filters < member->filters || is_unfiltered(task, mode))
		flags |= BOUNDARY_SECCOMP_DROPPED;
	if (no_new_privs < member->no_new_privs)
		flags |= BOUNDARY_NNP_CLEARED;
	if (mode > member->seccomp)
		member->seccomp = mode;
	if (filters > member->filters)
		member->filters = filters;
	if (no_new_privs)
		member->no_new_privs = no_new_privs;
	return flags;
}

/* enum boundary_flags of a member, beside BOUNDARY_LEFT_CGROUP; lib/shadow.bpf.h finds two. */
static __noinline __u32 broken_boundaries(struct task_struct *task, struct member_entry *member)
{
	/* Who exits lets go of one thing after the other; who enters is not all known at once. */
	if (member->role != ROLE_MEMBER || !member->at.mnt || GET(task, flags) & PF_EXITING)
		return 0;
	return member->broken | entered_host_ns(member, member->in_host_ns) |
	       left_mounts(task, member) | gained_caps(task, member) | loosened(task, member);
}

#endif
