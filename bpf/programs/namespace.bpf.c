/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * setns and unshare. Hook: sys_exit (programs/syscall.bpf.c). clone's flags are
 * task_newtask's (programs/process.bpf.c).
 */
#include "lib/provenance.bpf.h"
#include "lib/syscall.bpf.h"

static __noinline int on_namespace(struct task_struct *task, struct pt_regs *regs, __u32 abi,
				   __u8 type, long result)
{
	struct slot *slot = claim_slot(type);
	struct namespace_record *record;

	if (!slot)
		return 0;
	record = begin_record(slot, struct namespace_record);
	fill_header(slot, RECORD_NAMESPACE, type, result, task);
	record->flags = (__u32)(type == EVENT_SETNS ? ARG2(regs, abi) : ARG1(regs, abi));
	submit_record(slot);
	release_slot(slot);
	return 0;
}
