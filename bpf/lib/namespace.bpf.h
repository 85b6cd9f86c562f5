/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The namespaces of a task, and those of the host to compare them with. */
#ifndef STOCKADE_LIB_NAMESPACE_H
#define STOCKADE_LIB_NAMESPACE_H

#include "events.h"
#include "lib/read.bpf.h"

/* Read before anything is attached. The agent reads it, as the only variable of .bss. */
struct host_entry host;

/* Unlike inode numbers and addresses, never that of another one later. */
static __always_inline __u64 mnt_ns_id(struct mnt_namespace *ns)
{
	if (bpf_core_field_exists(((struct mnt_namespace___seq *)0)->seq))
		return READ(struct mnt_namespace___seq, ns, seq);
	if (bpf_core_field_exists(ns->ns.ns_id))
		return READ(struct mnt_namespace, ns, ns.ns_id);
	return READ(struct mnt_namespace, ns, ns.inum);
}

/* NULL once an exiting task has let go of it. */
static __always_inline struct mnt_namespace *mnt_ns(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns);
}

static __always_inline bool in_host_mnt_ns(struct task_struct *task)
{
	__u64 ns = (__u64)mnt_ns(task);

	return !ns || ns == host.at.mnt;
}

/* The root directory is what tells a container's mount namespace from a mere private one. */
static __always_inline bool is_inside(struct task_struct *task)
{
	__u64 root = (__u64)BPF_CORE_READ(task, fs, root.dentry);

	return !in_host_mnt_ns(task) && root && root != host.root;
}

/*
 * A pid's entry for the namespace it lives in; numbers[] is indexed by the
 * namespace's depth. The pid is read as a plain number: 6.1's verifier allows
 * no variable offset from a typed pointer.
 */
static __always_inline const struct upid *own_upid(struct task_struct *task)
{
	const void *pid = (void *)load_word((const void *)task +
					    bpf_core_field_offset(struct task_struct, thread_pid));

	return pid + bpf_core_field_offset(struct pid, numbers) +
	       READ(struct pid, pid, level) * bpf_core_type_size(struct upid);
}

/* The active pid namespace: setns and unshare change only that of children to come. */
static __always_inline struct pid_namespace *pid_ns(struct task_struct *task)
{
	return READ(struct upid, own_upid(task), ns);
}

static __always_inline void fill_namespaces(struct namespaces *out, struct task_struct *task)
{
	struct nsproxy *nsproxy = GET(task, nsproxy);

	out->user = GET(task, cred, user_ns, ns.inum);
	out->pid = READ(struct pid_namespace, pid_ns(task), ns.inum);
	if (!nsproxy)
		return; /* an exiting task has let go of them */
	out->mnt = GET(nsproxy, mnt_ns, ns.inum);
	out->pid_for_children = GET(nsproxy, pid_ns_for_children, ns.inum);
	out->net = GET(nsproxy, net_ns, ns.inum);
	out->ipc = GET(nsproxy, ipc_ns, ns.inum);
	out->uts = GET(nsproxy, uts_ns, ns.inum);
	out->cgroup = GET(nsproxy, cgroup_ns, ns.inum);
	/* CONFIG_TIME_NS */
	if (bpf_core_field_exists(nsproxy->time_ns))
		out->time = GET(nsproxy, time_ns, ns.inum);
}

/* Where an exiting task is nobody can say: it has let go of its namespaces. */
static __always_inline void locate(struct namespace_addresses *out, struct task_struct *task)
{
	struct nsproxy *nsproxy = GET(task, nsproxy);

	out->user = (__u64)GET(task, real_cred, user_ns);
	if (!nsproxy)
		return;
	out->mnt = (__u64)GET(nsproxy, mnt_ns);
	out->pid_for_children = (__u64)GET(nsproxy, pid_ns_for_children);
	out->net = (__u64)GET(nsproxy, net_ns);
	out->ipc = (__u64)GET(nsproxy, ipc_ns);
	out->uts = (__u64)GET(nsproxy, uts_ns);
	out->cgroup = (__u64)GET(nsproxy, cgroup_ns);
}

/* Whether a task is still where it was, its user namespace aside. */
static __always_inline bool is_at(const struct namespace_addresses *at, struct task_struct *task)
{
	struct nsproxy *nsproxy = GET_TRUSTED(task, nsproxy);

	return !nsproxy ||
	       ((__u64)GET(nsproxy, mnt_ns) == at->mnt &&
		(__u64)GET(nsproxy, pid_ns_for_children) == at->pid_for_children &&
		(__u64)GET(nsproxy, net_ns) == at->net && (__u64)GET(nsproxy, ipc_ns) == at->ipc &&
		(__u64)GET(nsproxy, uts_ns) == at->uts &&
		(__u64)GET(nsproxy, cgroup_ns) == at->cgroup);
}

/* Which of a task's namespaces are the host's: enum namespace_flags. */
static __always_inline __u32 host_namespaces(struct task_struct *task)
{
	struct nsproxy *nsproxy = GET(task, nsproxy);
	__u32 flags = (__u64)GET(task, cred, user_ns) == host.at.user ? NAMESPACE_USER : 0;

	if ((__u64)pid_ns(task) == host.at.pid_for_children)
		flags |= NAMESPACE_PID;
	if (!nsproxy)
		return flags;
	if (bpf_core_field_exists(nsproxy->time_ns) && (__u64)GET(nsproxy, time_ns) == host.time_ns)
		flags |= NAMESPACE_TIME;
	return flags | ((__u64)GET(nsproxy, mnt_ns) == host.at.mnt ? NAMESPACE_MNT : 0) |
	       ((__u64)GET(nsproxy, net_ns) == host.at.net ? NAMESPACE_NET : 0) |
	       ((__u64)GET(nsproxy, ipc_ns) == host.at.ipc ? NAMESPACE_IPC : 0) |
	       ((__u64)GET(nsproxy, uts_ns) == host.at.uts ? NAMESPACE_UTS : 0) |
	       ((__u64)GET(nsproxy, cgroup_ns) == host.at.cgroup ? NAMESPACE_CGROUP : 0);
}

#endif
