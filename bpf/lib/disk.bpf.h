/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The disks that a container has mounts of at its start, and files on others.
 *
 * Known gaps: what a container mounts of a disk that it has a mount of already;
 * anything, where it starts with mounts of very many disks.
 */
#ifndef STOCKADE_LIB_DISK_H
#define STOCKADE_LIB_DISK_H

#include "lib/mount.bpf.h"
#include "lib/record.bpf.h"

#define MOUNT_STEPS 512 /* two for each mount */

/* Filesystems that have no disk to themselves keep none here. */
static __always_inline bool is_on_disk(struct super_block *sb)
{
	return READ(struct super_block, sb, s_bdev);
}

/* Whether a container had a mount of a disk at its start; true where that is not known. */
static __always_inline bool had_disk(struct container_entry *container, __u32 dev)
{
	bool had = container->disk_count > DISKS_MAX;

	for (__u32 i = 0; i < DISKS_MAX; i++)
		had |= i < container->disk_count && container->disks[i] == dev;
	return had;
}

static __always_inline bool is_same_disk(const struct disk *one, const struct disk *other)
{
	return one->container == other->container && one->dev == other->dev;
}

/* Whether a mount came from a mount namespace that is not its own, by propagation. */
static __always_inline bool is_propagated(struct mount *mount)
{
	struct mount *master = READ(struct mount, mount, mnt_master);

	return master && READ(struct mount, master, mnt_ns) != READ(struct mount, mount, mnt_ns);
}

/* A file's filesystem is on a disk that its container came by later, and not by the host's doing.
 */
static __always_inline bool is_on_new_disk(struct vfsmount *mnt, __u64 container)
{
	struct super_block *sb = READ(struct vfsmount, mnt, mnt_sb);
	struct container_entry *entry;

	if (!is_on_disk(sb))
		return false;
	entry = find_container(container);
	return entry && !had_disk(entry, READ(struct super_block, sb, s_dev)) &&
	       !is_propagated(mount_of(mnt));
}

/* ---- a container's disks: a walk over the tree of its mounts ---- */

static __always_inline void add_disk(struct container_entry *container, struct mount *mount)
{
	struct super_block *sb = READ(struct mount, mount, mnt.mnt_sb);
	__u32 dev = READ(struct super_block, sb, s_dev), at = container->disk_count;

	if (!is_on_disk(sb) || had_disk(container, dev))
		return;
	container->disk_count = at + 1;
	if (at >= DISKS_MAX)
		return;
	/* Or the compiler checks one copy of it and uses another. */
	barrier_var(at);
	container->disks[at & (DISKS_MAX - 1)] = dev;
}

/* A mount by its place in a list of its parent's; NULL where that is the list's end. */
static __always_inline struct mount *sibling(struct list_head *next, struct mount *parent)
{
	struct list_head *head = (void *)parent + bpf_core_field_offset(struct mount, mnt_mounts);

	if (next == head)
		return NULL;
	return (void *)next - bpf_core_field_offset(struct mount, mnt_child);
}

/* A step of the walk; 0 at its end. A function of its own, or every step is verified anew. */
__noinline int mount_step(__u32 number)
{
	struct slot *slot = find_slot(number);
	struct mount *mount, *next = NULL, *parent;

	if (!slot)
		return 0;
	mount = slot->mounts.mount;
	if (!slot->mounts.climbing) {
		add_disk(&slot->fixed.container.container, mount);
		next = sibling(READ(struct mount, mount, mnt_mounts.next), mount);
	}
	if (!next && mount == slot->mounts.top)
		return 0;
	if (!next) {
		parent = READ(struct mount, mount, mnt_parent);
		next = sibling(READ(struct mount, mount, mnt_child.next), parent);
		slot->mounts.climbing = !next;
		if (!next)
			next = parent;
	}
	slot->mounts.mount = next;
	return 1;
}

/* Of the container in a slot's record. A tree that is too large leaves them unknown. */
__noinline int find_disks(__u32 number, __u64 ns)
{
	struct slot *slot = find_slot(number);

	if (!slot)
		return 0;
	slot->mounts.top = READ(struct mnt_namespace, (void *)ns, root);
	slot->mounts.mount = slot->mounts.top;
	slot->mounts.climbing = 0;
	slot->fixed.container.container.disk_count = 0;
	for (__u32 i = 0; i < MOUNT_STEPS; i++)
		if (!mount_step(number))
			return 0;
	slot->fixed.container.container.disk_count = DISKS_MAX + 1;
	return 0;
}

#endif
