/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changes of names, owners and modes, mounts, roots, and calls that only the kernel's
 * own business needs, decided before they happen. The record has the kernel's objects
 * in place of the caller's paths, and the system call's arguments where those are numbers.
 *
 * Hooks: path_*, inode_setxattr, sb_mount, sb_umount, sb_pivotroot, move_mount, bpf. They
 * are asked for more than a call each; what no call of theirs asks for is left alone,
 * but for io_uring's requests, which are told of as the calls that they stand for.
 *
 * Known gaps: ftruncate is not decided, nor are
 * extended attributes that io_uring sets; of these no path is told, for the hook has none. A new
 * mount is decided when it is put into the tree (move_mount), not when it is made.
 */
#include "lib/decide.bpf.h"
#include "lib/path.bpf.h"

/* What a request of io_uring stands for; EVENT_NONE where there is no such request. */
static __always_inline __u8 request_of(__u8 family)
{
	switch (family) {
	case EVENT_RENAME:
		return EVENT_RENAMEAT2;
	case EVENT_LINK:
		return EVENT_LINKAT;
	case EVENT_UNLINK:
		return EVENT_UNLINKAT;
	case EVENT_SYMLINK:
		return EVENT_SYMLINKAT;
	case EVENT_MKDIR:
		return EVENT_MKDIRAT;
	}
	return EVENT_NONE;
}

/* The call in progress, if it is of this family: variants are kept under the first. */
static __always_inline __u8 variant_of(struct task_struct *task, __u8 family)
{
	__u8 type = call_in_progress(task);

	if (type == family || wishes.call_shapes[type].object == family)
		return type;
	return EVENT_NONE;
}

/* @old, @new: NULL where there is no such path. */
static __noinline int build_call(__u8 family, struct vfsmount *mnt, struct dentry *old,
				 struct vfsmount *new_mnt, struct dentry *new)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	struct call_record *record;
	struct slot *slot;
	__u8 type, called;

	if (!may_be_decided(member))
		return 0;
	called = variant_of(task, family);
	type = called ?: request_of(family);
	if (type == EVENT_NONE || !is_decided(member, type))
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct call_record);
	begin_decision(slot, RECORD_CALL, type, task, member);
	if (called)
		read_own_registers(record->args, task);
	if (old)
		append_path(slot, &record->old.object, mnt, old, NULL);
	if (new)
		append_path(slot, &record->new.object, new_mnt, new, NULL);
	return unjudged(slot);
}

static __always_inline bool sets_xattr(__u8 type)
{
	return type == EVENT_SETXATTR || type == EVENT_LSETXATTR || type == EVENT_FSETXATTR;
}

/*
 * @name: the kernel's copy. What an overlay does meanwhile on its own account, to its
 * layers, it does with other credentials.
 */
static __noinline int build_xattr(const char *name)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	struct call_record *record;
	struct slot *slot;
	__u8 type;

	if (!may_be_decided(member) || GET(task, cred) != GET(task, real_cred))
		return 0;
	type = call_in_progress(task);
	if (!sets_xattr(type) || !is_decided(member, type))
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct call_record);
	begin_decision(slot, RECORD_CALL, type, task, member);
	read_own_registers(record->args, task);
	append_kernel_string(slot, &record->text, name);
	return unjudged(slot);
}

#define BUILD_ONE(family, mnt, dentry) build_call(family, mnt, dentry, NULL, NULL)
/* Of a call by descriptor, whose path is a part of the open file. */
static __always_inline struct file *file_of(const struct path *path)
{
	return (void *)(address_of(path) - bpf_core_field_offset(struct file, f_path));
}

#define BUILD_PATH(family, path) BUILD_ONE(family, (path)->mnt, (path)->dentry)

DENY_HOOK(rename, path_rename, security_path_rename,
	  build_call(EVENT_RENAME, old_dir->mnt, old_dentry, new_dir->mnt, new_dentry),
	  const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	  struct dentry *new_dentry, unsigned int flags)
DENY_HOOK(link, path_link, security_path_link,
	  build_call(EVENT_LINK, new_dir->mnt, old_dentry, new_dir->mnt, new_dentry),
	  struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry)
DENY_HOOK(unlink, path_unlink, security_path_unlink, BUILD_ONE(EVENT_UNLINK, dir->mnt, dentry),
	  const struct path *dir, struct dentry *dentry)
DENY_HOOK(rmdir, path_rmdir, security_path_rmdir, BUILD_ONE(EVENT_UNLINK, dir->mnt, dentry),
	  const struct path *dir, struct dentry *dentry)
DENY_HOOK(symlink, path_symlink, security_path_symlink, BUILD_ONE(EVENT_SYMLINK, dir->mnt, dentry),
	  const struct path *dir, struct dentry *dentry, const char *old_name)
DENY_HOOK(mkdir, path_mkdir, security_path_mkdir, BUILD_ONE(EVENT_MKDIR, dir->mnt, dentry),
	  const struct path *dir, struct dentry *dentry, unsigned short mode)
DENY_HOOK(mknod, path_mknod, security_path_mknod, BUILD_ONE(EVENT_MKNOD, dir->mnt, dentry),
	  const struct path *dir, struct dentry *dentry, unsigned short mode, unsigned int dev)
DENY_HOOK(chmod, path_chmod, security_path_chmod,
	  BUILD_PATH(EVENT_CHMOD, path) ?: build_plain(EVENT_FCHMOD, file_of(path)),
	  const struct path *path, unsigned short mode)
/* On 5.10 who it is to belong to comes in structs, of which programs are told nothing. */
DENY_HOOK(chown, path_chown, security_path_chown,
	  BUILD_PATH(EVENT_CHOWN, path) ?: build_plain(EVENT_FCHOWN, file_of(path)),
	  const struct path *path, unsigned int uid, unsigned int gid)
/* Opens that truncate come here, too: they are decided as opens. */
DENY_HOOK(truncate, path_truncate, security_path_truncate, BUILD_PATH(EVENT_TRUNCATE, path),
	  const struct path *path)
DENY_HOOK(chroot, path_chroot, security_path_chroot, BUILD_PATH(EVENT_CHROOT, path),
	  const struct path *path)
DENY_HOOK(mount, sb_mount, security_sb_mount,
	  build_call(EVENT_MOUNT, NULL, NULL, path->mnt, path->dentry), const char *dev_name,
	  const struct path *path, const char *type, unsigned long flags, void *data)
DENY_HOOK(umount, sb_umount, security_sb_umount, BUILD_ONE(EVENT_UMOUNT2, mnt, mnt->mnt_root),
	  struct vfsmount *mnt, int flags)
DENY_HOOK(pivot_root, sb_pivotroot, security_sb_pivotroot,
	  build_call(EVENT_PIVOT_ROOT, new_path->mnt, new_path->dentry, old_path->mnt,
		     old_path->dentry),
	  const struct path *old_path, const struct path *new_path)
DENY_HOOK(move_mount, move_mount, security_move_mount,
	  build_call(EVENT_MOVE_MOUNT, from_path->mnt, from_path->dentry, to_path->mnt,
		     to_path->dentry),
	  const struct path *from_path, const struct path *to_path)
/* The first is a user namespace, or since v6.3 what stands for it (39f60c1ccee7). */
DENY_HOOK(setxattr, inode_setxattr, security_inode_setxattr, build_xattr(name), void *mapping,
	  struct dentry *dentry, const char *name, const void *value, unsigned long size, int flags)
/* Newer kernels say whether it is the kernel that asks. */
DENY_VARYING_HOOK(bpf, bpf, security_bpf, build_call(EVENT_BPF, NULL, NULL, NULL, NULL), 3,
		  config.bpf_has_more)
