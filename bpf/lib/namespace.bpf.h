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

	return !ns || ns == host.mnt_ns;
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
	struct pid *pid = BPF_CORE_READ(task, thread_pid);

	return (const void *)pid + bpf_core_field_offset(struct pid, numbers) +
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

/* Which of them are the host's: enum namespace_flags. */
static __always_inline __u32 host_namespaces(const struct namespaces *ns)
{
	return (ns->mnt == host.ns.mnt ? NAMESPACE_MNT : 0) |
	       (ns->pid == host.ns.pid ? NAMESPACE_PID : 0) |
	       (ns->net == host.ns.net ? NAMESPACE_NET : 0) |
	       (ns->user == host.ns.user ? NAMESPACE_USER : 0) |
	       (ns->ipc == host.ns.ipc ? NAMESPACE_IPC : 0) |
	       (ns->uts == host.ns.uts ? NAMESPACE_UTS : 0) |
	       (ns->cgroup == host.ns.cgroup ? NAMESPACE_CGROUP : 0) |
	       (ns->time == host.ns.time ? NAMESPACE_TIME : 0);
}

#endif
