/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one hook on system calls: their exit, natively and through the 32-bit
 * ABI, which the per-call tracepoints do not see. A call that no rule asks for
 * leaves after one table lookup.
 */
#include "lib/activity.bpf.h"
#include "lib/filter.bpf.h"
#include "lib/syscall.bpf.h"
#include "lib/wanted.bpf.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	__u16 entry = syscall_entry(regs);
	struct task_struct *task;
	__u32 abi, in_memory = 0;
	__u8 type;

	if (config.counts_activity)
		count_activity(ACTIVITY_CALLS);
	if (!entry)
		return 0;
	task = bpf_get_current_task_btf();
	abi = current_abi(task);
	type = entry_type(entry, abi);
	if ((type == EVENT_SETNS || type == EVENT_UNSHARE) && result == 0)
		approach(task);
	count_mount(type, result);
	if (type == EVENT_NONE || !wanted(task, type))
		return 0;
	switch (type) {
	case EVENT_OPEN:
	case EVENT_OPENAT:
	case EVENT_OPENAT2:
	case EVENT_CREAT:
	case EVENT_OPEN_BY_HANDLE_AT:
		return on_open(ctx, abi, type);
	case EVENT_EXECVE:
	case EVENT_EXECVEAT:
		return on_exec_failed(task, regs, abi, type, result);
	}
	if (type == EVENT_SOCKETCALL) {
		type = socketcall_type(ARG1(regs, abi), &in_memory);
		if (type == EVENT_NONE || !wanted(task, type))
			return 0;
	}
	if (type == EVENT_RECVMSG || type == EVENT_RECVMMSG)
		return on_receive(regs, abi, type, result, in_memory);
	return on_call(ctx, abi, type, in_memory);
}
