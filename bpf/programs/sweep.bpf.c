/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A look at every member, for what changed without an event: an event for each
 * whose boundary is broken in a way that no sweep has told of.
 *
 * What a call changes is not all changed at once, and here we look from outside:
 * only what is seen twice is told. A byte is written for what is to be seen again.
 */
#include "lib/provenance.bpf.h"
#include "lib/shadow.bpf.h"

static __always_inline void tell_swept(struct slot *slot, struct task_struct *task,
				       struct member_entry *member, __u32 flags)
{
	struct record_header *header = (void *)slot->record;

	member->broken |= flags & (BOUNDARY_CRED_TAMPERED | BOUNDARY_NS_TAMPERED);
	member->in_host_ns = host_namespaces(task);
	header->task.boundary |= flags;
	if (submit_record(slot, task))
		member->swept |= flags;
}

/* Returns whether it is to be looked at again. */
static __noinline bool sweep_member(struct task_struct *task, struct member_entry *member)
{
	struct slot *slot = claim_slot(EVENT_BOUNDARY_SWEEP);
	struct record_header *header;
	__u32 flags, before = member->suspected;

	if (!slot)
		return false;
	begin_record(slot, struct call_record);
	begin_header_of(slot, RECORD_CALL, EVENT_BOUNDARY_SWEEP, 0, task, member);
	header = (void *)slot->record;
	flags = header->task.boundary;
	if (is_known(member))
		flags |= tampered(task, member, SHADOW_ALL) |
			 entered_host_ns(member, host_namespaces(task));
	flags &= ~member->swept;
	member->suspected = flags;
	if (flags & before)
		tell_swept(slot, task, member, flags & before);
	release_slot(slot);
	return flags & ~before;
}

SEC("iter/task")
int sweep_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct member_entry *member;
	__u8 one = 1;

	if (!task)
		return 0;
	member = find_member(task);
	if (!member || member->role != ROLE_MEMBER || GET(task, flags) & PF_EXITING)
		return 0;
	if (sweep_member(task, member))
		bpf_seq_write(ctx->meta->seq, &one, sizeof(one));
	return 0;
}
