/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opens, in every form that returns a descriptor: open, openat, openat2, creat,
 * open_by_handle_at, in the native and the 32-bit ABI.
 *
 * Hooks: sys_exit (programs/syscall.bpf.c); io_uring's (programs/uring.bpf.c), for
 * opens that no system call asks for. What was opened is the struct file behind the
 * descriptor. A failed call has no object: its path is the caller's argument.
 *
 * Known gaps: another thread can put a different file behind the descriptor
 * before we look. A file that has another descriptor in the table is not what was just
 * opened: that is counted, marked and not reported as the object. A thread that drops
 * its own descriptor in time, or has none, is not found out.
 */
#include "lib/file.bpf.h"
#include "lib/decide.bpf.h"
#include "lib/pid.bpf.h"
#include "lib/syscall.bpf.h"
#include "lib/wanted.bpf.h"

#define O_WRONLY 1
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_TMPFILE 020000000 /* the bit that O_DIRECTORY comes with */
/* The bits that an open file forgets; all others are read from it. */
#define O_ONCE (O_CREAT | O_EXCL | O_TRUNC)

struct open_args {
	__s32 dirfd;
	__u32 flags;
	__u32 mode;
	const char *path; /* NULL: by handle */
};

/* The head of struct open_how, uapi/linux/openat2.h. */
struct open_how_head {
	__u64 flags;
	__u64 mode;
};

static __always_inline void read_open_how(struct open_args *args, const void *how)
{
	struct open_how_head head = {};

	bpf_probe_read_user(&head, sizeof(head), how);
	args->flags = head.flags;
	args->mode = head.mode;
}

static __always_inline struct open_args open_args(struct pt_regs *regs, __u32 abi, __u8 type)
{
	struct open_args args = { .dirfd = AT_FDCWD };

	switch (type) {
	case EVENT_CREAT:
		args.path = (const char *)ARG1(regs, abi);
		args.flags = O_CREAT | O_WRONLY | O_TRUNC;
		args.mode = ARG2(regs, abi);
		break;
	case EVENT_OPEN:
		args.path = (const char *)ARG1(regs, abi);
		args.flags = ARG2(regs, abi);
		args.mode = ARG3(regs, abi);
		break;
	case EVENT_OPENAT:
		args.dirfd = ARG1(regs, abi);
		args.path = (const char *)ARG2(regs, abi);
		args.flags = ARG3(regs, abi);
		args.mode = ARG4(regs, abi);
		break;
	case EVENT_OPENAT2:
		args.dirfd = ARG1(regs, abi);
		args.path = (const char *)ARG2(regs, abi);
		read_open_how(&args, (const void *)ARG3(regs, abi));
		break;
	case EVENT_OPEN_BY_HANDLE_AT:
		args.dirfd = ARG1(regs, abi);
		args.flags = ARG3(regs, abi);
		break;
	}
	return args;
}

static __always_inline void fill_argument(struct slot *slot, struct open_record *record,
					  struct task_struct *task, struct open_args *args)
{
	char first = 0;

	if (!args->path)
		return;
	append_user_string(slot, &record->argument, args->path);
	bpf_probe_read_user(&first, sizeof(first), args->path);
	if (first != '/')
		append_start_dir(slot, &record->directory, task, args->dirfd);
}

static __always_inline void lose_object(struct slot *slot, struct open_record *record)
{
	record->fd_flags |= FD_REPLACED;
	record->file.path.state = STRING_UNKNOWN;
	record->file.path.error = EBADF;
	slot->lost |= 1 << LOSS_REPLACED;
}

static __always_inline void fill_opened(struct slot *slot, struct open_record *record,
					struct task_struct *task, struct open_args *args, __u32 fd)
{
	struct file *file = open_file(task, fd);

	if (GET_TRUSTED(task, files, count.counter) > 1) {
		record->fd_flags |= FD_SHARED;
		fill_argument(slot, record, task, args);
	} else if (wishes.raw_paths && args->path) {
		append_user_string(slot, &record->argument, args->path);
	}
	if (!file || (record->fd_flags & FD_SHARED && is_replaced(task, file))) {
		lose_object(slot, record);
		return;
	}
	record->f_mode = READ(struct file, file, f_mode);
	record->flags = READ(struct file, file, f_flags) | (record->flags & O_ONCE);
	fill_file(slot, &record->file, file);
	fill_proc_target(&record->target, &record->file, file);
}

/* NULL where there is no room: that is counted. */
static __always_inline struct slot *fill_open(struct task_struct *task, struct member_entry *member,
					      struct open_args *args, __u8 type, long result)
{
	struct slot *slot = claim_slot(type);
	struct open_record *record;

	if (!slot)
		return NULL;
	record = begin_record(slot, struct open_record);
	begin_header_of(slot, RECORD_OPEN, type, result, task, member);
	record->flags = args->flags;
	/* Without these flags nobody sets the argument, and the register holds anything. */
	if (args->flags & (O_CREAT | O_TMPFILE))
		record->mode = args->mode;
	if (result < 0)
		fill_argument(slot, record, task, args);
	else
		fill_opened(slot, record, task, args, result);
	return slot;
}

/* Its record is judged by who called. */
static __noinline int on_open(struct task_struct *task, struct member_entry *member,
			      struct pt_regs *regs, __u16 call, long result)
{
	__u8 type = type_of(call);
	struct open_args args = open_args(regs, abi_of(call), type);
	struct slot *slot = fill_open(task, member, &args, type, result);

	return slot ? unjudged(slot) : 0;
}

static __always_inline int on_open_request(struct task_struct *task, __u8 type, long result)
{
	struct open_args args = { .dirfd = AT_FDCWD };
	struct slot *slot = fill_open(task, find_member(task), &args, type, result);

	if (!slot)
		return 0;
	complete_open(slot);
	submit_record(slot, task);
	release_slot(slot);
	return 0;
}
