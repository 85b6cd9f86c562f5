/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths by our own walk over dentries and mounts, from the object to the root
 * of its mount namespace. A process cannot shorten it by chroot, and overlayfs
 * and bind mounts come out as their users see them: the dentry of an open file
 * is the overlay's, and a mount point belongs to the mount above it.
 *
 * Known gap: a rename on another CPU while the walk passes can give a mixed
 * path, as it can for d_path without rename_lock.
 */
#ifndef STOCKADE_LIB_PATH_H
#define STOCKADE_LIB_PATH_H

#include "lib/read.bpf.h"
#include "lib/record.bpf.h"

/* Each step adds at least two bytes or leaves a mount. */
#define WALK_STEPS STRING_MAX

enum walk_end { WALK_UNFINISHED, WALK_ROOT, WALK_DISCONNECTED, WALK_FULL };

#define ESTALE 116

struct walk {
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct dentry *mnt_root;
	struct slot *slot;
	__u32 start;	/* of the text, which ends at STRING_MAX */
	__u32 crossing; /* start when the first mount was left, 0 before */
	__u32 end;
	struct dentry *fs_root; /* climb to here and ignore mounts; NULL to follow mounts */
};

static __always_inline bool write_name(struct walk *walk, struct dentry *dentry)
{
	struct qstr name = READ(struct dentry, dentry, d_name);
	__u32 length = name.len > NAME_MAX ? NAME_MAX : name.len;
	struct slot *slot = walk->slot;
	__u32 start;

	if (!slot || walk->start < length + 1)
		return false;
	walk->start -= length + 1;
	start = walk->start & (STRING_MAX - 1);
	slot->walk[start] = '/';
	return !bpf_probe_read_kernel(&slot->walk[start + 1], length & NAME_MAX, name.name);
}

static __always_inline long leave_mount(struct walk *walk)
{
	struct mount *mount = (void *)walk->mnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *parent = READ(struct mount, mount, mnt_parent);

	if (!parent || parent == mount) {
		walk->end = WALK_ROOT;
		return 1;
	}
	if (!walk->crossing)
		walk->crossing = walk->start;
	walk->dentry = READ(struct mount, mount, mnt_mountpoint);
	walk->mnt = (void *)parent + bpf_core_field_offset(struct mount, mnt);
	walk->mnt_root = READ(struct vfsmount, walk->mnt, mnt_root);
	return 0;
}

static long walk_step(__u32 index, struct walk *walk)
{
	struct dentry *dentry = walk->dentry, *parent;

	if (!walk->fs_root && dentry == walk->mnt_root)
		return leave_mount(walk);
	parent = READ(struct dentry, dentry, d_parent);
	if (parent == dentry) {
		walk->end = dentry == walk->fs_root ? WALK_ROOT : WALK_DISCONNECTED;
		return 1;
	}
	if (!write_name(walk, dentry)) {
		walk->end = WALK_FULL;
		return 1;
	}
	walk->dentry = parent;
	return 0;
}

/* Append what the walk wrote. A path that did not fit lost its beginning. */
static __always_inline void append_walk(struct walk *walk, struct string_ref *ref)
{
	struct slot *slot = walk->slot;
	__u32 start = walk->start;

	if (!slot)
		return;
	if (walk->end == WALK_FULL || walk->end == WALK_UNFINISHED)
		truncate_string(slot, ref);
	else if (start == STRING_MAX && walk->end == WALK_ROOT)
		slot->walk[(start = STRING_MAX - 1)] = '/';
	if (start > STRING_MAX)
		start = STRING_MAX;
	append_bytes(slot, ref, slot->walk + start, STRING_MAX - start);
}

/*
 * A walk that ended at a dentry without a place. Files that were never in a
 * directory (memfd) have a name all the same; what was opened by handle and is
 * not connected to the tree has none.
 */
static __always_inline void append_disconnected(struct walk *walk, struct string_ref *ref)
{
	struct slot *slot = walk->slot;
	struct dentry *dentry = walk->dentry;

	if (READ(struct dentry, dentry, d_name).len > 1)
		write_name(walk, dentry);
	if (slot && walk->start == STRING_MAX)
		lose_string(slot, ref, -ESTALE);
	else
		append_walk(walk, ref);
}

/*
 * Append the path of (mnt, dentry). Returns enum path_flags; *mount_point_len,
 * if given, becomes the length of the part that names the innermost mount.
 */
static __noinline int append_path(struct slot *slot, struct string_ref *ref, struct vfsmount *mnt,
				  struct dentry *dentry, __u16 *mount_point_len)
{
	struct walk walk = {
		.dentry = dentry,
		.mnt = mnt,
		.slot = slot,
		.start = STRING_MAX,
	};

	walk.mnt_root = READ(struct vfsmount, mnt, mnt_root);
	bpf_loop(WALK_STEPS, walk_step, &walk, 0);
	if (walk.end == WALK_DISCONNECTED) {
		append_disconnected(&walk, ref);
		return PATH_DISCONNECTED;
	}
	append_walk(&walk, ref);
	if (mount_point_len && walk.crossing)
		*mount_point_len = walk.crossing - walk.start;
	return 0;
}

/* Append the path of a dentry within its filesystem, whatever is mounted where. */
static __noinline int append_fs_path(struct slot *slot, struct string_ref *ref,
				     struct dentry *dentry, struct dentry *fs_root)
{
	struct walk walk = {
		.dentry = dentry,
		.slot = slot,
		.start = STRING_MAX,
		.fs_root = fs_root,
	};

	bpf_loop(WALK_STEPS, walk_step, &walk, 0);
	if (walk.end == WALK_DISCONNECTED)
		lose_string(slot, ref, -ESTALE);
	else
		append_walk(&walk, ref);
	return 0;
}

#endif
