/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of a process: exec, fork, exit.
 *
 * Hooks: sched_process_exec (after the new credentials and name are in place;
 * failed attempts come from sys_exit), task_newtask (it also sees threads and
 * io_uring workers, which sched_process_fork does not), sched_process_exit (a
 * process's is its last thread's). Every process of the host is reported: the agent's process
 * table gives an event its program, arguments and ancestors.
 */
#include "lib/activity.bpf.h"
#include "lib/decide.bpf.h"
#include "lib/file.bpf.h"
#include "lib/provenance.bpf.h"
#include "lib/syscall.bpf.h"

/* Threads that exit together all see none left: the first is the process's exit. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct process_id);
	__type(value, __u8);
} exits SEC(".maps");

static __noinline int report_exit(struct task_struct *task)
{
	struct process_id process = {};
	struct exit_record *record;
	struct slot *slot;
	__u8 one = 1;

	if (GET(task, signal, live.counter) > 0)
		return 0; /* other threads go on */
	fill_process_id(&process, GET(task, group_leader));
	if (bpf_map_update_elem(&exits, &process, &one, BPF_NOEXIST))
		return 0;
	slot = claim_slot(EVENT_PROCEXIT);
	if (!slot)
		return 0;
	record = begin_record(slot, struct exit_record);
	begin_header(slot, RECORD_EXIT, EVENT_PROCEXIT, 0, task);
	record->code = GET(task, signal, group_exit_code) ?: GET(task, group_leader, exit_code);
	submit_record(slot, task);
	release_slot(slot);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit)
{
	struct task_struct *task = current_task();
	struct member_entry *member;

	report_exit(task);
	member = find_member(task);
	if (member)
		depart(task, member);
	return 0;
}

static __always_inline void append_args(struct slot *slot, struct string_ref *ref,
					struct mm_struct *mm)
{
	append_user_bytes(slot, ref, (const void *)GET(mm, arg_start),
			  GET(mm, arg_end) - GET(mm, arg_start));
}

DECISIONS(kill_exec)

static __noinline int build_program(struct task_struct *task, struct linux_binprm *bprm, __u8 type)
{
	struct slot *slot = claim_slot(type);
	struct exec_record *record;

	if (!slot)
		return 0;
	record = begin_record(slot, struct exec_record);
	begin_header(slot, RECORD_EXEC, type, 0, task);
	fill_file(slot, &record->exe, bprm->file);
	if (is_upper(READ(struct file, bprm->file, f_inode)))
		record->exe.path_flags |= PATH_UPPER;
	append_kernel_string(slot, &record->filename, bprm->filename);
	append_args(slot, &record->args, GET(task, mm));
	append_cwd(slot, &record->cwd, task);
	return unjudged(slot);
}

static __noinline int submit_program(struct slot *slot)
{
	submit_record(slot, current_task());
	release_slot(slot);
	return 0;
}

/* Killed here, a program does not run its first instruction. */
#define REPORT_EXEC(ctx, built)                                                                    \
	({                                                                                         \
		int _built = (built);                                                              \
		struct slot *_slot = _built ? find_slot(_built - 1) : NULL;                        \
                                                                                                   \
		if (_slot && may_kill(_slot)) {                                                    \
			prepare_to_kill(_slot);                                                    \
			ask_to_kill_exec(ctx, _slot->fixed.header.type);                           \
			kill_if_told(_slot);                                                       \
		}                                                                                  \
		if (_slot)                                                                         \
			submit_program(_slot);                                                     \
	})

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct task_struct *current = current_task();
	struct member_entry *member;
	int entry;

	compare_shadow(current, find_member(current), EVENT_EXECVE, 0);
	entry = enter();
	if (config.counts_activity)
		count_activity(ACTIVITY_EXECS);
	/* Only execveat with a descriptor names the program by /dev/fd. */
	REPORT_EXEC(ctx,
		    build_program(current, bprm, bprm->fdpath ? EVENT_EXECVEAT : EVENT_EXECVE));
	member = find_member(current);
	if (!member)
		return 0;
	/* A thread that execs becomes its process's first. */
	member->start_ns = GET(current, start_boottime);
	member->pid = GET(current, pid);
	if (entry != EVENT_NONE)
		report_container(entry, member->container);
	return 0;
}

/* An exec that failed: only the argument is known. */
static __noinline int on_exec_failed(struct task_struct *task, struct pt_regs *regs, __u32 abi,
				     __u8 type, long result)
{
	const char *path = (const char *)(type == EVENT_EXECVE ? ARG1(regs, abi) : ARG2(regs, abi));
	struct slot *slot;
	struct exec_record *record;

	if (result >= 0)
		return 0;
	slot = claim_slot(type);
	if (!slot)
		return 0;
	record = begin_record(slot, struct exec_record);
	begin_header(slot, RECORD_EXEC, type, result, task);
	append_user_string(slot, &record->filename, path);
	append_cwd(slot, &record->cwd, task);
	submit_record(slot, task);
	release_slot(slot);
	return 0;
}

static __noinline int report_fork(struct task_struct *child, unsigned long flags)
{
	struct slot *slot = claim_slot(EVENT_CLONE);
	struct fork_record *record;

	if (!slot)
		return 0;
	record = begin_record(slot, struct fork_record);
	begin_header(slot, RECORD_FORK, EVENT_CLONE, GET(child, pid), current_task());
	fill_process_id(&record->child, GET(child, group_leader));
	record->child_pid = GET(child, pid);
	record->child_ns_pid = own_nr(child);
	record->flags = flags;
	submit_record(slot, current_task());
	release_slot(slot);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(process_fork, struct task_struct *child, unsigned long flags)
{
	inherit(child, flags);
	if (config.counts_activity)
		count_activity(ACTIVITY_FORKS);
	return report_fork(child, flags);
}
