/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups that are made, and tasks that are moved between them.
 *
 * Hooks: cgroup_mkdir, cgroup_attach_task (once for each task that moves). Who
 * makes or moves is the record's task; who is moved is its target. A task that
 * begins in another cgroup (clone3) does not pass here: what it is outside of
 * shows in boundary.left_cgroup of all that it does.
 */
#include "lib/pid.bpf.h"
#include "lib/provenance.bpf.h"
#include "lib/wanted.bpf.h"

/* @moved: the task that came into the cgroup, or NULL. */
static __noinline int report_cgroup(struct cgroup *cgroup, const char *path,
				    struct task_struct *moved, __u8 type)
{
	struct slot *slot = claim_slot(type);
	struct call_record *record;

	if (!slot)
		return 0;
	record = begin_record(slot, struct call_record);
	begin_header(slot, RECORD_CALL, type, 0, current_task());
	append_kernel_string(slot, &record->text, path);
	record->args[1] = cgroup_id(cgroup);
	if (moved)
		fill_target(&record->target, moved);
	submit_record(slot, current_task());
	release_slot(slot);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	struct member_entry *member = find_member(task);

	if (member)
		member->cgroups = 0;
	if (!member || !(member->flags & MEMBER_ENTERED))
		approach(task);
	if (wanted(current_task(), EVENT_CGROUP_ATTACH_TASK))
		report_cgroup(cgroup, path, task, EVENT_CGROUP_ATTACH_TASK);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	if (wanted(current_task(), EVENT_CGROUP_MKDIR))
		report_cgroup(cgroup, path, NULL, EVENT_CGROUP_MKDIR);
	return 0;
}
