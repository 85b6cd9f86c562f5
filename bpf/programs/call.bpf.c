/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every other system call that rules are about, by one program: the agent's
 * table says which arguments are paths, descriptors, addresses or processes.
 * Results come with it, failed attempts included.
 *
 * Hook: sys_exit (programs/syscall.bpf.c). Descriptors, sockets and processes
 * are the kernel's objects after the call. Paths are the caller's arguments,
 * read after the call, which another thread may have rewritten since: they are
 * marked so, and resolved against the directory that they start from, no further.
 *
 * Known gaps: a descriptor that another thread has replaced meanwhile; a task
 * number whose task has gone; absolute paths of a task that has changed its root
 * are told as it gives them. Of i386's calls, the high half of truncate64's
 * length is missing, and umount has flags where it takes none.
 */
#include "lib/file.bpf.h"
#include "lib/filter.bpf.h"
#include "lib/provenance.bpf.h"
#include "lib/socket.bpf.h"
#include "lib/syscall.bpf.h"

#define ADDRESS_MAX 128
#define ARGS_MASK 7
#define ANON_INODE_FS_MAGIC 0x09041934
#define CAPABILITY_VERSION_1 0x19980330
#define PTRACE_TRACEME 0 /* says nothing of whom */

static __always_inline const struct call_shape *shape_of(struct call_record *record)
{
	return &wishes.call_shapes[record->header.type & (EVENT_TYPES - 1)];
}

static __always_inline __u64 argument(struct call_record *record, __u8 number)
{
	__u32 index = (number - 1) & ARGS_MASK;

	/* Or the compiler checks one copy of it and uses another. */
	barrier_var(index);
	return index < CALL_ARGS_MAX ? record->args[index] : 0;
}

/*
 * These are global functions: the verifier looks at each once, and not again
 * for every way to get there.
 */
__noinline int fill_call_path(__u32 number, __u32 is_new, __u64 path, __s32 dirfd)
{
	struct slot *slot = find_slot(number);
	struct call_record *record;
	struct call_path *out;
	char first = 0;

	if (!slot || !path)
		return 0;
	record = (void *)slot->record;
	out = is_new ? &record->new : &record->old;
	append_user_string(slot, &out->text, (const void *)path);
	bpf_probe_read_user(&first, sizeof(first), (const void *)path);
	if (first != '/' && out->object.state == STRING_ABSENT)
		append_start_dir(slot, &out->directory, current_task(), dirfd);
	return 0;
}

/* The head of struct msghdr: a pointer to an address, and its length. */
static __always_inline void fill_message_address(struct slot *slot, struct call_record *record,
						 const void *message, __u32 abi)
{
	__u32 size = abi == ABI_COMPAT ? sizeof(__u32) : sizeof(__u64), length = 0;
	__u64 from = 0;

	bpf_probe_read_user(&from, size, message);
	bpf_probe_read_user(&length, sizeof(length), message + size);
	if (from && length >= 2 && length <= ADDRESS_MAX)
		append_user_bytes(slot, &record->address, (const void *)from, length);
}

static __always_inline void fill_address(struct slot *slot, struct call_record *record, __u8 number)
{
	const void *from = (const void *)argument(record, number);
	__u32 length = argument(record, number + 1);

	if (from && length >= 2 && length <= ADDRESS_MAX)
		append_user_bytes(slot, &record->address, from, length);
}

static __always_inline void fill_words(struct slot *slot, struct call_record *record,
				       const struct call_shape *shape)
{
	const void *from = (const void *)argument(record, shape->words);
	__u32 count = shape->word_count, version = 0;

	if (!from)
		return;
	/* The first version of capset has sets of half the size. */
	bpf_probe_read_user(&version, sizeof(version), (const void *)record->args[0]);
	if (record->header.type == EVENT_CAPSET && version == CAPABILITY_VERSION_1)
		count /= 2;
	append_user_bytes(slot, &record->words, from, count * sizeof(__u32));
}

/* A pidfd's process: in the inode since v6.9 (cb12fd8e0dab), before in the file. */
static __always_inline struct pid *pid_of_file(struct file *file)
{
	struct inode *inode = READ(struct file, file, f_inode);
	struct super_block *sb = READ(struct inode, inode, i_sb);
	unsigned long magic = READ(struct super_block, sb, s_magic);
	struct dentry *dentry = READ(struct file, file, f_path.dentry);
	char name[] = "[pidfd]", found[sizeof(name)] = {};

	if (magic == PID_FS_MAGIC)
		return READ(struct inode, inode, i_private);
	if (magic != ANON_INODE_FS_MAGIC)
		return NULL;
	bpf_probe_read_kernel(found, sizeof(found), READ(struct dentry, dentry, d_name).name);
	return __builtin_memcmp(found, name, sizeof(name)) ? NULL
							   : READ(struct file, file, private_data);
}

__noinline int fill_call_object(__u32 number, __u64 address)
{
	struct slot *slot = find_slot(number);
	struct file *file = (void *)address;
	struct call_record *record;

	if (!slot || !file)
		return 0;
	record = (void *)slot->record;
	fill_file(slot, &record->file, file);
	if (is_socket(file))
		fill_socket(slot, &record->socket, &record->target, file);
	else
		fill_target_pid(&record->target, pid_of_file(file));
	return 0;
}

/* A function of its own, for the room that it takes is then free again. */
static __noinline __u64 find_open_file(__u32 fd)
{
	return (__u64)open_file(current_task(), fd);
}

static __always_inline void fill_call_file(struct slot *slot, __u32 fd)
{
	fill_call_object(slot->number, find_open_file(fd));
}

/* Who is at the other end of a socket that is not itself what the call is about. */
__noinline int fill_call_peer(__u32 number, __u32 fd)
{
	struct slot *slot = find_slot(number);
	struct file *file = open_file(current_task(), fd);
	struct call_record *record;

	if (!slot || !file || !is_socket(file))
		return 0;
	record = (void *)slot->record;
	fill_target_pid(&record->target, peer_of(file));
	return 0;
}

__noinline int fill_call_target(__u32 number, __s32 nr)
{
	struct slot *slot = find_slot(number);
	struct task_struct *task = current_task();
	struct call_record *record;

	if (!slot)
		return 0;
	record = (void *)slot->record;
	/* Of a group that is signalled, the process that it is called after. */
	if (nr < -1 && record->header.type == EVENT_KILL)
		nr = -nr;
	if (nr <= 0 || (record->header.type == EVENT_PTRACE && record->args[0] == PTRACE_TRACEME))
		return 0;
	fill_target_pid(&record->target, (void *)find_pid(pid_ns(task), nr));
	return 0;
}

__noinline int fill_call_pidfd(__u32 number, __u32 fd)
{
	struct slot *slot = find_slot(number);
	struct file *file = open_file(current_task(), fd);
	struct call_record *record;

	if (!slot || !file)
		return 0;
	record = (void *)slot->record;
	/* A process's directory in procfs is as good. */
	fill_target_pid(&record->target,
			pid_of_file(file) ?: pid_of_proc(READ(struct file, file, f_inode)));
	return 0;
}

static __noinline int fill_strings(struct slot *slot, __u32 abi)
{
	struct call_record *record = (void *)slot->record;
	const struct call_shape *shape = shape_of(record);

	if (shape->old_path)
		fill_call_path(slot->number, false, argument(record, shape->old_path),
			       shape->old_dir ? argument(record, shape->old_dir) : AT_FDCWD);
	if (shape->new_path)
		fill_call_path(slot->number, true, argument(record, shape->new_path),
			       shape->new_dir ? argument(record, shape->new_dir) : AT_FDCWD);
	if (shape->text && argument(record, shape->text))
		append_user_string(slot, &record->text, (void *)argument(record, shape->text));
	if (shape->address)
		fill_address(slot, record, shape->address);
	if (shape->message)
		fill_message_address(slot, record, (void *)argument(record, shape->message), abi);
	if (shape->words)
		fill_words(slot, record, shape);
	return 0;
}

static __noinline int fill_objects(struct slot *slot)
{
	struct call_record *record = (void *)slot->record;
	const struct call_shape *shape = shape_of(record);
	__s64 result = record->header.result;

	if (shape->file == SHAPE_RESULT) {
		if (result >= 0)
			fill_call_file(slot, result);
	} else if (shape->file) {
		fill_call_file(slot, argument(record, shape->file));
	}
	if (shape->peer)
		fill_call_peer(slot->number, argument(record, shape->peer));
	if (shape->pid)
		fill_call_target(slot->number, argument(record, shape->pid));
	if (shape->pidfd)
		fill_call_pidfd(slot->number, argument(record, shape->pidfd));
	return 0;
}

/* i386 multiplexes what is done to sockets (uapi/linux/net.h); its arguments lie in memory. */
static __always_inline __u8 socketcall_type(__u64 number, __u32 *count)
{
	*count = 3;
	switch (number) {
	case 1:
		return EVENT_SOCKET;
	case 2:
		return EVENT_BIND;
	case 3:
		return EVENT_CONNECT;
	case 4:
		*count = 2;
		return EVENT_LISTEN;
	case 5:
		return EVENT_ACCEPT;
	case 11:
		*count = 6;
		return EVENT_SENDTO;
	case 16:
		return EVENT_SENDMSG;
	case 17:
		return EVENT_RECVMSG;
	case 18:
		*count = 4;
		return EVENT_ACCEPT4;
	case 19:
		*count = 5;
		return EVENT_RECVMMSG;
	}
	return EVENT_NONE;
}

/* ---- a call's record: begun, given its arguments, finished ---- */

/* NULL where there is no room: that is counted. */
static __noinline struct slot *begin_call(__u8 type, long result)
{
	struct slot *slot = claim_slot(type);

	if (!slot)
		return NULL;
	begin_record(slot, struct call_record);
	begin_header(slot, RECORD_CALL, type, result, current_task());
	return slot;
}

static __always_inline __u64 *call_args(struct slot *slot)
{
	return ((struct call_record *)slot->record)->args;
}

/* @file: address of what the call is about, where it has no descriptor; or 0. */
static __always_inline void finish_call(struct slot *slot, __u32 abi, __u64 file)
{
	if (config.keeps_objects)
		take_objects(slot);
	fill_strings(slot, abi);
	if (file)
		fill_call_object(slot->number, file);
	else
		fill_objects(slot);
}

/* The same for who is not judged by filters. */
static __always_inline int report_call(struct slot *slot, __u64 file)
{
	finish_call(slot, ABI_NATIVE, file);
	submit_record(slot, current_task());
	release_slot(slot);
	return 0;
}

/*
 * @in_memory: how many arguments lie where the second register points to; 0: they
 * are in the registers. No more are read than there are.
 */
static __always_inline void read_arguments(__u64 *args, struct pt_regs *regs, __u32 abi,
					   __u32 in_memory)
{
	const __u32 *from;
	__u32 value;

	read_registers(args, regs, abi);
	from = (const void *)args[1];
	if (!in_memory)
		return;
	for (__u32 i = 0; i < CALL_ARGS_MAX; i++) {
		value = 0;
		if (i < in_memory)
			bpf_probe_read_user(&value, sizeof(value), from + i);
		args[i] = value;
	}
}

/* Its record is judged by who called. */
static __noinline int on_call(struct pt_regs *regs, __u32 abi, __u8 type, long result,
			      __u32 in_memory)
{
	struct slot *slot = begin_call(type, result);

	if (!slot)
		return 0;
	read_arguments(call_args(slot), regs, abi, in_memory);
	finish_call(slot, abi, 0);
	return unjudged(slot);
}
