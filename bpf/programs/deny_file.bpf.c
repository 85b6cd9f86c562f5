/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opens and execs, decided before they happen.
 *
 * Hooks: file_open, for opens of every kind: by a system call of either ABI, by
 * io_uring, by handle; bprm_check_security, for programs: it is called again for the
 * interpreter of a script.
 *
 * Known gaps: a file that the open itself makes is there when it is refused, and
 * empty. A program's own loader (ld.so), as the kernel opens it, is not asked about.
 */
#include "lib/decide.bpf.h"
#include "lib/pid.bpf.h"

#define FMODE_EXEC 0x20 /* __FMODE_EXEC: the kernel opens a program */

/* What no system call for opening asks for (io_uring, acct) is told of as openat. */
static __always_inline __u8 open_in_progress(struct task_struct *task)
{
	__u8 type = call_in_progress(task);

	return type >= EVENT_OPEN && type <= EVENT_OPEN_BY_HANDLE_AT ? type : EVENT_OPENAT;
}

static __noinline int build_open(struct file *file)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	__u32 flags = READ(struct file, file, f_flags);
	struct open_record *record;
	struct slot *slot;
	__u8 type;

	if (!member)
		count_canary(task);
	if (!may_be_decided(member) || flags & FMODE_EXEC)
		return 0;
	type = open_in_progress(task);
	if (!is_decided(member, type))
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct open_record);
	begin_decision(slot, RECORD_OPEN, type, task, member);
	record->flags = flags;
	record->f_mode = READ(struct file, file, f_mode);
	fill_file(slot, &record->file, file);
	fill_proc_target(&record->target, &record->file, file);
	return unjudged(slot);
}

DENY_HOOK(file_open, file_open, security_file_open, build_open(file), struct file *file)

/* The program will be called what follows the last slash of what it was called by. */
static __noinline int name_program(struct slot *slot, struct exec_record *record)
{
	__u32 start = record->filename.offset + record->filename.length;

	for (int i = 0; i <= NAME_MAX; i++) {
		__u32 at = start - 1;

		if (start <= record->filename.offset || at >= RECORD_MAX - COMM_LEN)
			break;
		/* Or the compiler checks one copy of it and uses another. */
		barrier_var(at);
		if (slot->record[at] == '/')
			break;
		start = at;
	}
	if (start < RECORD_MAX - COMM_LEN) {
		barrier_var(start);
		__builtin_memset(record->header.task.comm, 0, COMM_LEN);
		bpf_probe_read_kernel_str(record->header.task.comm, COMM_LEN, &slot->record[start]);
	}
	return 0;
}

static __noinline int build_exec(struct linux_binprm *bprm)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	__u8 type = READ(struct linux_binprm, bprm, fdpath) ? EVENT_EXECVEAT : EVENT_EXECVE;
	struct exec_record *record;
	struct slot *slot;

	if (!may_be_decided(member) || !is_decided(member, type))
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct exec_record);
	begin_decision(slot, RECORD_EXEC, type, task, member);
	append_kernel_string(slot, &record->filename, READ(struct linux_binprm, bprm, filename));
	name_program(slot, record);
	fill_file(slot, &record->exe, READ(struct linux_binprm, bprm, file));
	append_cwd(slot, &record->cwd, task);
	return unjudged(slot);
}

DENY_HOOK(exec, bprm_check_security, security_bprm_check, build_exec(bprm),
	  struct linux_binprm *bprm)
