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

/* Each step adds at least two bytes or leaves a mount; so many make the longest path. */
#define WALK_STEPS 64
#define WALK_ROUNDS (STRING_MAX / WALK_STEPS)

#define WORD sizeof(__u64)
#define SHORT_NAME 32
#define SHORT_PATH 64

#define ESTALE 116

/*
 * Copy a name in words from its end on, so that what is too much lands before it,
 * where nothing is yet. False where there may be no room for that.
 */
static __always_inline bool copy_short(struct slot *slot, __u32 end, const void *from, __u32 length)
{
	if (!bpf_rdonly_cast || length > SHORT_NAME || end < SHORT_NAME + WORD)
		return false;
	for (__u32 done = WORD; done < SHORT_NAME + WORD; done += WORD) {
		__u32 at = (end - done) & (STRING_MAX - 1);

		/* Or the compiler checks one copy of it and uses another. */
		barrier_var(at);
		*(__u64 *)&slot->path[at] = load_word(from + length - done);
		if (length <= done)
			break;
	}
	return true;
}

static __always_inline bool write_name(struct slot *slot, struct dentry *dentry)
{
	struct qstr name = READ(struct dentry, dentry, d_name);
	__u32 length = name.len > NAME_MAX ? NAME_MAX : name.len;
	__u32 start = slot->walk.start;
	bool copied;

	if (start < length + 1)
		return false;
	copied = copy_short(slot, start, name.name, length);
	start -= length + 1;
	slot->walk.start = start;
	start &= STRING_MAX - 1;
	slot->path[start] = '/';
	return copied ||
	       !bpf_probe_read_kernel(&slot->path[start + 1], length & NAME_MAX, name.name);
}

static __always_inline __u32 leave_mount(struct walk *walk)
{
	struct mount *mount = (void *)walk->mnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *parent = READ(struct mount, mount, mnt_parent);

	if (!parent || parent == mount)
		return WALK_ROOT;
	if (!walk->crossing)
		walk->crossing = walk->start;
	walk->dentry = READ(struct mount, mount, mnt_mountpoint);
	walk->mnt = (void *)parent + bpf_core_field_offset(struct mount, mnt);
	walk->mnt_root = READ(struct vfsmount, walk->mnt, mnt_root);
	return WALK_UNFINISHED;
}

static __always_inline __u32 walk_step(struct slot *slot)
{
	struct walk *walk = &slot->walk;
	struct dentry *dentry = walk->dentry, *parent;

	if (!walk->fs_root && dentry == walk->mnt_root)
		return leave_mount(walk);
	parent = READ(struct dentry, dentry, d_parent);
	if (parent == dentry)
		return dentry == walk->fs_root ? WALK_ROOT : WALK_DISCONNECTED;
	if (!write_name(slot, dentry))
		return WALK_FULL;
	walk->dentry = parent;
	return WALK_UNFINISHED;
}

/*
 * bpf_loop does not exist before v5.17 (e6f2dd0f8067). Global functions are
 * verified once, on their own, so a loop in a loop costs no more than its parts.
 */
__noinline int walk_steps(__u32 number)
{
	struct slot *slot = find_slot(number);
	__u32 end = WALK_UNFINISHED;

	if (!slot)
		return WALK_FULL;
	for (int i = 0; i < WALK_STEPS && end == WALK_UNFINISHED; i++)
		end = walk_step(slot);
	return end;
}

/* Part of its caller: calls may not be more than eight deep. */
static __always_inline int walk_rounds(__u32 number)
{
	int end = WALK_UNFINISHED;

	for (int i = 0; i < WALK_ROUNDS && end == WALK_UNFINISHED; i++)
		end = walk_steps(number);
	return end;
}

/*
 * Copy what the walk wrote in words from its start on; what is too much lands behind
 * it, where nothing is yet. A call would cost more.
 */
static __always_inline bool copy_short_path(struct slot *slot, char *to, __u32 start, __u32 length)
{
	if (length > SHORT_PATH)
		return false;
	start &= STRING_MAX - 1;
	/* Or the compiler checks one copy of it and uses another. */
	barrier_var(start);
	for (__u32 done = 0; done < SHORT_PATH && done < length; done += WORD)
		*(__u64 *)(to + done) = *(__u64 *)&slot->path[start + done];
	return true;
}

/* Append what the walk wrote. A path that did not fit lost its beginning. */
static __always_inline void append_walk(struct slot *slot, struct string_ref *ref, int end)
{
	__u32 start = slot->walk.start;
	char *to;

	if (end == WALK_FULL || end == WALK_UNFINISHED)
		truncate_string(slot, ref);
	else if (start == STRING_MAX && end == WALK_ROOT)
		slot->path[(start = STRING_MAX - 1)] = '/';
	if (start > STRING_MAX)
		start = STRING_MAX;
	to = tail(slot);
	if (to && copy_short_path(slot, to, start, STRING_MAX - start))
		keep(slot, ref, STRING_MAX - start);
	else
		append_bytes(slot, ref, slot->path + start, STRING_MAX - start);
}

/*
 * A walk that ended at a dentry without a place. Files that were never in a
 * directory (memfd) have a name all the same; what was opened by handle and is
 * not connected to the tree has none.
 */
static __always_inline void append_disconnected(struct slot *slot, struct string_ref *ref)
{
	struct dentry *dentry = slot->walk.dentry;

	if (READ(struct dentry, dentry, d_name).len > 1)
		write_name(slot, dentry);
	if (slot->walk.start == STRING_MAX)
		lose_string(slot, ref, -ESTALE);
	else
		append_walk(slot, ref, WALK_DISCONNECTED);
}

static __always_inline int walk_from(struct slot *slot, struct vfsmount *mnt, struct dentry *dentry,
				     struct dentry *fs_root)
{
	slot->walk.dentry = dentry;
	slot->walk.mnt = mnt;
	slot->walk.mnt_root = mnt ? READ(struct vfsmount, mnt, mnt_root) : NULL;
	slot->walk.fs_root = fs_root;
	slot->walk.start = STRING_MAX;
	slot->walk.crossing = 0;
	return walk_rounds(slot->number);
}

/*
 * Append the path of (mnt, dentry). Returns enum path_flags; *mount_point_len,
 * if given, becomes the length of the part that names the innermost mount.
 */
static __noinline int append_path(struct slot *slot, struct string_ref *ref, struct vfsmount *mnt,
				  struct dentry *dentry, __u16 *mount_point_len)
{
	int end = walk_from(slot, mnt, dentry, NULL);

	if (end == WALK_DISCONNECTED) {
		append_disconnected(slot, ref);
		return PATH_DISCONNECTED;
	}
	append_walk(slot, ref, end);
	if (mount_point_len && slot->walk.crossing)
		*mount_point_len = slot->walk.crossing - slot->walk.start;
	return 0;
}

/* Append the path of a dentry within its filesystem, whatever is mounted where. */
static __noinline int append_fs_path(struct slot *slot, struct string_ref *ref,
				     struct dentry *dentry, struct dentry *fs_root)
{
	int end = walk_from(slot, NULL, dentry, fs_root);

	if (end == WALK_DISCONNECTED)
		lose_string(slot, ref, -ESTALE);
	else
		append_walk(slot, ref, end);
	return 0;
}

#endif
