/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, at their exit, natively and through the 32-bit ABI: two ways to
 * the same place. Where the kernel allows trampolines, on_function is called by a
 * small program at the end of each function that some rule asks for, and all other
 * calls cost nothing; elsewhere, and for functions that cannot be had, sys_exit
 * sees every call, and leaves after one table lookup where no rule asks for it.
 */
#include "lib/activity.bpf.h"
#include "lib/decide.bpf.h"
#include "lib/shadow.bpf.h"
#include "lib/syscall.bpf.h"
#include "lib/wanted.bpf.h"

/* Gives what unjudged says of the record, 0 for none. */
static __always_inline int on_exit(struct pt_regs *regs, long result, __u16 entry)
{
	struct member_entry *member;
	struct task_struct *task;
	__u32 abi, in_memory = 0;
	__u8 type;

	if (!entry)
		return 0;
	task = current_task();
	abi = current_abi(task);
	type = entry_type(entry, abi);
	if ((type == EVENT_SETNS || type == EVENT_UNSHARE) && result == 0)
		approach(task);
	count_mount(type, result);
	if (type == EVENT_NONE)
		return 0;
	member = find_member(task);
	compare_shadow(task, member, type, result);
	if (!wanted_of(task, member, type))
		return 0;
	switch (type) {
	case EVENT_OPEN:
	case EVENT_OPENAT:
	case EVENT_OPENAT2:
	case EVENT_CREAT:
	case EVENT_OPEN_BY_HANDLE_AT:
		return on_open(task, member, regs, call_of(type, abi), result);
	case EVENT_EXECVE:
	case EVENT_EXECVEAT:
		return on_exec_failed(task, regs, abi, type, result);
	}
	if (type == EVENT_SOCKETCALL) {
		type = socketcall_type(ARG1(regs, abi), &in_memory);
		if (type == EVENT_NONE || !wanted_of(task, member, type))
			return 0;
	}
	if (type == EVENT_RECVMSG || type == EVENT_RECVMMSG)
		return on_receive(regs, abi, type, result, in_memory);
	return on_call(regs, abi, type, result, in_memory);
}

/* Where the small programs lead: one for each kind of hook. */
#define JUMP_TO(name)                                                                              \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                             \
		__uint(max_entries, 1);                                                            \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, sizeof(__u32));                                                 \
	} name SEC(".maps");

JUMP_TO(calls)

/* Nearly every call ends here, before there is anything to save or to give back. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	if (syscall_entry(regs, wishes.syscall_types))
		bpf_tail_call(ctx, &calls, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_calls, struct pt_regs *regs, long result)
{
	int built = on_exit(regs, result, syscall_entry(regs, wishes.syscall_types));

	return JUDGE(sys_exit, ctx, built);
}

/*
 * Each of these is loaded for functions that are all alike to the kernel, which
 * allows no others in one map: those of calls that can be configured out have an
 * argument of another name.
 */
#define ON_FUNCTION(name)                                                                          \
	SEC("fexit")                                                                               \
	int BPF_PROG(on_##name, void *unread, long result)                                         \
	{                                                                                          \
		struct pt_regs *regs = registers_of(ctx);                                          \
		int built = on_exit(regs, result, syscall_entry(regs, wishes.function_types));     \
                                                                                                   \
		return JUDGE(name, ctx, built);                                                    \
	}                                                                                          \
                                                                                                   \
	JUMP_TO(name)

ON_FUNCTION(functions)
ON_FUNCTION(more_functions)

/* Every call of every container is counted: only where a rule asks for that. */
SEC("tp_btf/sys_exit")
int BPF_PROG(count_calls, struct pt_regs *regs, long result)
{
	count_activity(ACTIVITY_CALLS);
	return 0;
}
