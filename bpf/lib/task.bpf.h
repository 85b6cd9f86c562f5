/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who acts: ids, credentials, namespaces and ancestors of a task. */
#ifndef STOCKADE_LIB_TASK_H
#define STOCKADE_LIB_TASK_H

#include "events.h"
#include "lib/boundary.bpf.h"
#include "lib/namespace.bpf.h"
#include "lib/read.bpf.h"

static __always_inline __u32 own_nr(struct task_struct *task)
{
	return READ(struct upid, own_upid(task), nr);
}

static __always_inline __u32 initial_nr(struct pid *pid)
{
	return GET(pid, numbers[0].nr);
}

/* The process group's number in the namespace that a process lives in; 0: it has none there. */
static __always_inline __u32 own_group_nr(struct task_struct *task)
{
	struct pid *group = BPF_CORE_READ(task, signal, pids[PIDTYPE_PGID]);
	__u32 level = GET(task, thread_pid, level);
	const struct upid *upid = (const void *)group + bpf_core_field_offset(struct pid, numbers) +
				  level * bpf_core_type_size(struct upid);

	if (READ(struct pid, group, level) < level)
		return 0;
	return READ(struct upid, upid, ns) == READ(struct upid, own_upid(task), ns)
		       ? READ(struct upid, upid, nr)
		       : 0;
}

/* As the kernel encodes a device number for user space; minors of terminals are small. */
static __always_inline __u32 controlling_tty(struct task_struct *leader)
{
	struct tty_struct *tty = GET(leader, signal, tty);

	if (!tty)
		return 0;
	return (__u32)GET(tty, driver, major) << 8 |
	       (GET(tty, driver, minor_start) + GET(tty, index));
}

static __always_inline void fill_process_id(struct process_id *id, struct task_struct *leader)
{
	id->start_ns = GET(leader, start_boottime);
	id->tgid = GET(leader, tgid);
}

static __always_inline void fill_ancestors(struct task *out, struct task_struct *leader)
{
	struct task_struct *ancestor = GET(leader, real_parent, group_leader);

	for (int i = 0; i < ANCESTORS_MAX; i++) {
		if (!GET(ancestor, tgid))
			return;
		out->ancestors[i].start_ns = GET(ancestor, start_boottime);
		out->ancestors[i].tgid = GET(ancestor, tgid);
		out->ancestors[i].exec_id = GET(ancestor, self_exec_id);
		ancestor = GET(ancestor, real_parent, group_leader);
	}
}

static __always_inline void fill_credentials(struct task *out, struct cred *cred)
{
	out->uid = GET(cred, uid.val);
	out->euid = GET(cred, euid.val);
	out->gid = GET(cred, gid.val);
	out->egid = GET(cred, egid.val);
	out->cap_effective = CAPABILITIES(cred, cap_effective);
	out->cap_permitted = CAPABILITIES(cred, cap_permitted);
	out->cap_inheritable = CAPABILITIES(cred, cap_inheritable);
	out->cap_bounding = CAPABILITIES(cred, cap_bset);
	out->cap_ambient = CAPABILITIES(cred, cap_ambient);
}

/* In words where that spares a call. */
static __always_inline void fill_comm(struct task *out, struct task_struct *task)
{
	const void *from = (const void *)task + bpf_core_field_offset(struct task_struct, comm);
	__u64 *words = (void *)out->comm;

	if (!bpf_rdonly_cast) {
		bpf_probe_read_kernel(out->comm, COMM_LEN, from);
		return;
	}
	words[0] = load_word(from);
	words[1] = load_word(from + sizeof(__u64));
}

/* Whose it is, and whether it keeps to its boundary: that is asked of every task. */
static __always_inline void fill_provenance(struct task *out, struct task_struct *task,
					    struct member_entry *member)
{
	if (!member)
		return;
	out->container = member->container;
	out->role = member->role;
	out->boundary = left_cgroup(task, member) | broken_boundaries(task, member);
}

/* What many rules ask of a task, and few filters. */
static __always_inline void fill_task(struct task *out, struct task_struct *task)
{
	fill_process_id(&out->process, GET(task, group_leader));
	fill_credentials(out, GET(task, cred));
	out->pid = GET(task, pid);
	/* Kernels without CONFIG_AUDIT have no login uid: not set. */
	out->loginuid = bpf_core_field_exists(task->loginuid) ? GET(task, loginuid.val) : (__u32)-1;
	fill_comm(out, task);
}

/* All else, for those whose record is sent. */
static __noinline int fill_task_rest(struct task *out, struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);

	fill_ancestors(out, leader);
	fill_namespaces(&out->ns, task);
	out->ns_pid = own_nr(task);
	out->ns_tgid = own_nr(leader);
	out->sid = initial_nr(GET(leader, signal, pids[PIDTYPE_SID]));
	out->pgid = initial_nr(GET(leader, signal, pids[PIDTYPE_PGID]));
	out->ns_pgid = own_group_nr(leader);
	out->tty = controlling_tty(leader);
	out->exec_id = GET(task, self_exec_id);
	out->cgroup_id = cgroup_id(container_cgroup(task));
	return 0;
}

#endif
