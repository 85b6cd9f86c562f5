/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a mount is. */
#ifndef STOCKADE_LIB_MOUNT_H
#define STOCKADE_LIB_MOUNT_H

#include "lib/member.bpf.h"
#include "lib/namespace.bpf.h"

#define IS_ERROR(address) ((address) >= (__u64) - 4095)

/* Container by the id of the mount namespace it started in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u64);
} mnt_ns_owners SEC(".maps");

/* The same for namespaces that its tasks made later: they may make any number, so these age. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} mnt_ns_makers SEC(".maps");

static __always_inline __u64 owner_of_mnt_ns(__u64 id)
{
	__u64 *owner = bpf_map_lookup_elem(&mnt_ns_owners, &id);

	if (!owner)
		owner = bpf_map_lookup_elem(&mnt_ns_makers, &id);
	return owner ? *owner : 0;
}

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* What nearly all mounts are to who uses them: of his own namespace. */
static __always_inline bool is_of(struct vfsmount *mnt, struct mnt_namespace *mine)
{
	return READ(struct mount, mount_of(mnt), mnt_ns) == mine;
}

/* The host's root mount, or the copy of it that a new mount namespace has. */
static __always_inline bool is_host_root(struct vfsmount *mnt)
{
	if ((__u64)READ(struct vfsmount, mnt, mnt_root) != host.root)
		return false;
	return (__u64)READ(struct mount, mount_of(mnt), mnt_mountpoint) == host.root_mountpoint;
}

/* What mounts are in that are in no tree yet. @id: of the namespace; 0 told it before is_anon. */
static __always_inline bool is_anonymous(struct mnt_namespace *ns, __u64 id)
{
	if (bpf_core_field_exists(((struct mnt_namespace___anon *)0)->is_anon))
		return READ(struct mnt_namespace___anon, ns, is_anon);
	return !id;
}

enum mount_owner {
	MOUNT_OWN,
	MOUNT_DETACHED, /* in no tree yet (fsmount, open_tree) */
	MOUNT_FOREIGN,
};

/*
 * Whether a mount that is in no tree any more was the container's: the root that
 * a sandbox has pivoted away from, or of a filesystem that is not the host's.
 */
static __always_inline bool is_remnant(struct vfsmount *mnt, __u64 container)
{
	struct container_entry *entry = find_container(container);

	if ((__u64)READ(struct vfsmount, mnt, mnt_sb) != host.root_filesystem)
		return true;
	return entry && (__u64)READ(struct vfsmount, mnt, mnt_root) == entry->root;
}

/*
 * enum mount_owner, to a task of a container. Mounts that the kernel keeps for
 * itself (of pipes, sockets, memory files) have an error for a namespace.
 *
 * @mine: address of the task's mount namespace.
 */
__noinline int mount_owner(__u64 mnt, __u64 mine, __u64 container)
{
	struct mnt_namespace *ns = READ(struct mount, mount_of((void *)mnt), mnt_ns);
	__u64 id;

	if (!mnt || (__u64)ns == mine || IS_ERROR((__u64)ns))
		return MOUNT_OWN;
	if (!ns)
		return is_remnant((void *)mnt, container) ? MOUNT_OWN : MOUNT_FOREIGN;
	id = mnt_ns_id(ns);
	if (is_anonymous(ns, id))
		return MOUNT_DETACHED;
	return owner_of_mnt_ns(id) == container ? MOUNT_OWN : MOUNT_FOREIGN;
}

#endif
