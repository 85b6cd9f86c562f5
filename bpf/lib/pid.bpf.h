/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a number to its task, by the kernel's own table: bpf_task_from_vpid does
 * not exist before v6.13. What is found may be exiting; it is looked at, not held.
 */
#ifndef STOCKADE_LIB_PID_H
#define STOCKADE_LIB_PID_H

#include "lib/boundary.bpf.h"
#include "lib/config.bpf.h"
#include "lib/namespace.bpf.h"

#define XA_LEVELS_MAX 6 /* of 6 bits: more than pid_max has */
#define XA_CHUNK_BITS 6
#define XA_CHUNK_MASK 63
#define XA_INTERNAL 2 /* the low bits of an entry that is a node */
#define PROC_SUPER_MAGIC 0x9fa0
#define S_IROTH_OR_GRP 0044

/* The struct pid of a number in a pid namespace; 0 for none. */
static __noinline __u64 find_pid(struct pid_namespace *ns, __u32 nr)
{
	__u64 entry = (__u64)READ(struct pid_namespace, ns, idr.idr_rt.xa_head);

	for (int i = 0; i < XA_LEVELS_MAX; i++) {
		struct xa_node *node = (void *)(entry & ~3ULL);
		__u32 index;

		if ((entry & 3) != XA_INTERNAL)
			break;
		index = nr >> READ(struct xa_node, node, shift);
		if (i == 0 && index > XA_CHUNK_MASK)
			return 0;
		index &= XA_CHUNK_MASK;
		entry = 0;
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      (void *)node + bpf_core_field_offset(struct xa_node, slots) +
					      index * sizeof(entry));
	}
	return entry & 3 ? 0 : entry;
}

/* The first task that has a struct pid as its thread's or its process's; NULL for none. */
static __always_inline struct task_struct *task_of(struct pid *pid)
{
	struct hlist_node *node;
	__u32 type = PIDTYPE_TGID;

	bpf_probe_read_kernel(&node, sizeof(node),
			      (void *)pid + bpf_core_field_offset(struct pid, tasks) +
				      type * bpf_core_type_size(struct hlist_head));
	if (!node) {
		type = PIDTYPE_PID;
		bpf_probe_read_kernel(&node, sizeof(node),
				      (void *)pid + bpf_core_field_offset(struct pid, tasks));
	}
	if (!node)
		return NULL;
	return (void *)node - bpf_core_field_offset(struct task_struct, pid_links) -
	       type * bpf_core_type_size(struct hlist_node);
}

/* Kernel threads have no memory of their own. */
static __noinline bool is_self(struct task_struct *task)
{
	struct task_struct *current = current_task();
	struct mm_struct *mm = READ(struct task_struct, task, mm);

	return READ(struct task_struct, task, tgid) == GET(current, tgid) ||
	       (mm && mm == GET(current, mm));
}

static __always_inline void fill_target(struct target *out, struct task_struct *task)
{
	struct task_struct *leader = READ(struct task_struct, task, group_leader);
	struct member_entry *member = find_member(task);

	out->process.start_ns = READ(struct task_struct, leader, start_boottime);
	out->process.tgid = READ(struct task_struct, task, tgid);
	out->pid = READ(struct task_struct, task, pid);
	if (out->process.tgid == config.agent_tgid)
		out->flags |= TARGET_AGENT;
	if (is_self(task))
		out->flags |= TARGET_SELF;
	bpf_probe_read_kernel(out->comm, COMM_LEN,
			      (void *)task + bpf_core_field_offset(struct task_struct, comm));
	if (member) {
		out->container = member->container;
		out->role = member->role;
		out->boundary = left_cgroup(task, member);
	}
}

static __always_inline void fill_target_pid(struct target *out, struct pid *pid)
{
	struct task_struct *task = pid ? task_of(pid) : NULL;

	if (task)
		fill_target(out, task);
}

/* The process that a file of procfs is about; NULL for none. */
static __always_inline struct pid *pid_of_proc(struct inode *inode)
{
	struct super_block *sb = READ(struct inode, inode, i_sb);
	struct proc_inode *proc =
		(void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	if (READ(struct super_block, sb, s_magic) != PROC_SUPER_MAGIC)
		return NULL;
	return READ(struct proc_inode, proc, pid);
}

static __always_inline void fill_proc_target(struct target *out, const struct file_object *object,
					     struct file *file)
{
	struct inode *inode;

	if (object->fs_magic != PROC_SUPER_MAGIC)
		return;
	inode = READ(struct file, file, f_inode);
	if (READ(struct inode, inode, i_mode) & S_IROTH_OR_GRP)
		out->flags |= TARGET_PUBLIC;
	fill_target_pid(out, pid_of_proc(inode));
}

#endif
