/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process does to another one, decided before it happens: that it attaches to it,
 * reaches into its memory or its descriptors, or signals it. The record has who that is, as
 * the kernel has found it, and the system call's arguments.
 *
 * Hooks: ptrace_access_check, which is asked for other looks at a process, too, and
 * ptrace_traceme; task_kill, once for every process that a signal is for. What no call of
 * theirs asks for is left alone: signals of the kernel's own, terminals and timers among them.
 *
 * Known gaps: further requests of who has attached are not asked about, nor, by most calls,
 * what a process does to itself. Opens of /proc/PID/mem are opens (deny_file.bpf.c).
 */
#include "lib/decide.bpf.h"
#include "lib/pid.bpf.h"

#define PF_EXITING 4

/* The first of the calls that come to the same hook. */
static __always_inline __u8 meddling_family(__u8 type)
{
	switch (type) {
	case EVENT_PTRACE:
	case EVENT_PROCESS_VM_READV:
	case EVENT_PROCESS_VM_WRITEV:
	case EVENT_PIDFD_GETFD:
		return EVENT_PTRACE;
	case EVENT_KILL:
	case EVENT_TKILL:
	case EVENT_TGKILL:
	case EVENT_RT_SIGQUEUEINFO:
	case EVENT_RT_TGSIGQUEUEINFO:
	case EVENT_PIDFD_SEND_SIGNAL:
		return EVENT_KILL;
	}
	return EVENT_NONE;
}

/* @other: NULL where it is about nobody else. */
static __noinline int build_meddling(__u8 family, struct task_struct *other)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	struct call_record *record;
	struct slot *slot;
	__u8 type;

	/* The last call of who exits is over: what his children are sent then is not his act. */
	if (!may_be_decided(member) || GET(task, flags) & PF_EXITING)
		return 0;
	type = call_in_progress(task);
	if (meddling_family(type) != family || !is_decided(member, type))
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct call_record);
	begin_decision(slot, RECORD_CALL, type, task, member);
	read_own_registers(record->args, task);
	if (other)
		fill_target(&record->target, other);
	return unjudged(slot);
}

DENY_HOOK(ptrace, ptrace_access_check, security_ptrace_access_check,
	  build_meddling(EVENT_PTRACE, child), struct task_struct *child, unsigned int mode)
DENY_HOOK(traceme, ptrace_traceme, security_ptrace_traceme, build_meddling(EVENT_PTRACE, NULL),
	  struct task_struct *parent)
DENY_HOOK(signal, task_kill, security_task_kill, build_meddling(EVENT_KILL, target),
	  struct task_struct *target, struct kernel_siginfo *info, int number,
	  const struct cred *sender)
