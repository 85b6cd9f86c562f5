/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a call's paths lead to: the kernel's objects, as its security hooks get
 * them, before the call has its effect. They are kept until the call's exit, where
 * its record takes them; what was refused later, or failed, has them too. What
 * fails before the hook (no such file, no permission to search) has none.
 *
 * Hooks: security_path_*, security_sb_mount and the like, by lsm or by fentry. Each
 * entry point only says which arguments the paths are.
 *
 * Known gaps: the source of a mount is an argument. Where a file is made by open,
 * or by a socket's name, no object is kept.
 */
#include "lib/path.bpf.h"
#include "lib/socket.bpf.h"
#include "lib/syscall.bpf.h"

#define S_IFREG 0100000

struct object_paths {
	struct string_ref old, new;
	__u32 type; /* enum event_type: what it is kept under */
};

/* With room for two strings at their longest. */
struct kept_paths {
	struct object_paths head;
	char text[2 * STRING_MAX];
};

/* By task address: a task makes one call at a time. What is not taken ages out. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, __u64);
	__type(value, struct kept_paths);
} kept_paths SEC(".maps");

static __always_inline bool keeps(struct task_struct *task, __u8 type)
{
	__u8 whose = wishes.call_shapes[type].kept;

	return whose & WANTED_HOST || (whose & WANTED_CONTAINERS && find_member(task));
}

/* @old, @new: NULL where there is no such path. */
static __noinline int keep_objects(__u8 type, struct vfsmount *mnt, struct dentry *old,
				   struct vfsmount *new_mnt, struct dentry *new)
{
	struct task_struct *task = current_task();
	__u64 key = (__u64)task;
	struct object_paths *paths;
	struct slot *slot;

	if (!keeps(task, type))
		return 0;
	slot = claim_slot(type);
	if (!slot)
		return 0;
	paths = begin_record(slot, struct object_paths);
	paths->type = type;
	if (old)
		append_path(slot, &paths->old, mnt, old, NULL);
	if (new)
		append_path(slot, &paths->new, new_mnt, new, NULL);
	bpf_map_update_elem(&kept_paths, &key, slot->record, BPF_ANY);
	release_slot(slot);
	return 0;
}

/* ---- the hooks: as a security module, and beside the modules ---- */

#define OBJECT_HOOK(hook, keep, ...)                                                               \
	SEC("lsm/" #hook)                                                                          \
	int BPF_PROG(lsm_##hook, ##__VA_ARGS__)                                                    \
	{                                                                                          \
		keep;                                                                              \
		return 0;                                                                          \
	}                                                                                          \
	SEC("fentry/security_" #hook)                                                              \
	int BPF_PROG(fentry_##hook, ##__VA_ARGS__)                                                 \
	{                                                                                          \
		keep;                                                                              \
		return 0;                                                                          \
	}

#define KEEP_ONE(type, mnt, dentry) keep_objects(type, mnt, dentry, NULL, NULL)
#define KEEP_PATH(type, path) KEEP_ONE(type, (path)->mnt, (path)->dentry)

OBJECT_HOOK(path_rename,
	    keep_objects(EVENT_RENAME, old_dir->mnt, old_dentry, new_dir->mnt, new_dentry),
	    const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	    struct dentry *new_dentry)
OBJECT_HOOK(path_link, keep_objects(EVENT_LINK, new_dir->mnt, old_dentry, new_dir->mnt, new_dentry),
	    struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry)
OBJECT_HOOK(path_unlink, KEEP_ONE(EVENT_UNLINK, dir->mnt, dentry), const struct path *dir,
	    struct dentry *dentry)
OBJECT_HOOK(path_rmdir, KEEP_ONE(EVENT_UNLINK, dir->mnt, dentry), const struct path *dir,
	    struct dentry *dentry)
OBJECT_HOOK(path_symlink, KEEP_ONE(EVENT_SYMLINK, dir->mnt, dentry), const struct path *dir,
	    struct dentry *dentry)
OBJECT_HOOK(path_mkdir, KEEP_ONE(EVENT_MKDIR, dir->mnt, dentry), const struct path *dir,
	    struct dentry *dentry)
/* Plain files come by open, too. */
OBJECT_HOOK(path_mknod,
	    if ((mode & S_IFMT) && (mode & S_IFMT) != S_IFREG)
		    KEEP_ONE(EVENT_MKNOD, dir->mnt, dentry),
	    const struct path *dir, struct dentry *dentry, unsigned short mode)
OBJECT_HOOK(path_truncate, KEEP_PATH(EVENT_TRUNCATE, path), const struct path *path)
OBJECT_HOOK(path_chmod, KEEP_PATH(EVENT_CHMOD, path), const struct path *path)
OBJECT_HOOK(path_chown, KEEP_PATH(EVENT_CHOWN, path), const struct path *path)
OBJECT_HOOK(path_chroot, KEEP_PATH(EVENT_CHROOT, path), const struct path *path)
OBJECT_HOOK(sb_mount, keep_objects(EVENT_MOUNT, NULL, NULL, path->mnt, path->dentry),
	    const char *dev_name, const struct path *path)
OBJECT_HOOK(sb_umount, KEEP_ONE(EVENT_UMOUNT2, mnt, mnt->mnt_root), struct vfsmount *mnt)
OBJECT_HOOK(sb_pivotroot,
	    keep_objects(EVENT_PIVOT_ROOT, new_path->mnt, new_path->dentry, old_path->mnt,
			 old_path->dentry),
	    const struct path *old_path, const struct path *new_path)
OBJECT_HOOK(move_mount,
	    keep_objects(EVENT_MOVE_MOUNT, from_path->mnt, from_path->dentry, to_path->mnt,
			 to_path->dentry),
	    const struct path *from_path, const struct path *to_path)

/* ---- at the call's exit ---- */

static __always_inline void take_string(struct slot *slot, struct string_ref *to,
					struct kept_paths *kept, const struct string_ref *from)
{
	__u32 offset = from->offset;

	if (from->state != STRING_VALUE || offset > sizeof(*kept) - STRING_MAX)
		return;
	append_bytes(slot, to, (void *)kept + offset, from->length);
	to->flags |= from->flags;
}

/* Whatever was kept of the current task goes; what is this call's comes into its record. */
static __noinline int take_objects(struct slot *slot)
{
	struct call_record *record = (void *)slot->record;
	__u64 key = (__u64)current_task();
	struct kept_paths *kept = bpf_map_lookup_elem(&kept_paths, &key);
	__u8 type = wishes.call_shapes[record->header.type & (EVENT_TYPES - 1)].object;

	if (!kept)
		return 0;
	if (type && kept->head.type == type) {
		take_string(slot, &record->old.object, kept, &kept->head.old);
		take_string(slot, &record->new.object, kept, &kept->head.new);
	}
	bpf_map_delete_elem(&kept_paths, &key);
	return 0;
}
