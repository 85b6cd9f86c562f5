/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object behind a descriptor: its path, inode and filesystem. */
#ifndef STOCKADE_LIB_FILE_H
#define STOCKADE_LIB_FILE_H

#include "lib/path.bpf.h"

#define AT_FDCWD -100
#define NSFS_MAGIC 0x6e736673
#define PID_FS_MAGIC 0x50494446

/* Userland's encoding of a device number (new_encode_dev). */
static __always_inline __u32 encode_dev(__u32 dev)
{
	__u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
}

/* The file that a descriptor of the current task stands for now; a sibling thread may have replaced
 * it. */
static __always_inline struct file *current_file(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = GET(task, files, fdt);
	struct file **files = GET(table, fd), *file = NULL;

	if (fd < GET(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

static __always_inline void fill_inode(struct file_object *out, struct inode *inode)
{
	struct super_block *sb = READ(struct inode, inode, i_sb);

	out->inode = READ(struct inode, inode, i_ino);
	out->mode = READ(struct inode, inode, i_mode);
	out->uid = READ(struct inode, inode, i_uid).val;
	out->links = READ(struct inode, inode, i_nlink);
	out->rdev = encode_dev(READ(struct inode, inode, i_rdev));
	out->dev = encode_dev(READ(struct super_block, sb, s_dev));
	out->fs_magic = READ(struct super_block, sb, s_magic);
	bpf_probe_read_kernel_str(out->fs_type, FS_TYPE_LEN, BPF_CORE_READ(sb, s_type, name));
}

/* Whether more than one descriptor, or other holder, refers to an open file. */
static __always_inline bool is_referenced(struct file *file)
{
	if (bpf_core_field_exists(file->f_ref))
		return READ(struct file, file, f_ref.refcnt.counter) > 0;
	return READ(struct file___count, file, f_count.counter) > 1;
}

/* Whether a dentry was never in any directory, as a memfd's. */
static __always_inline bool is_lone(struct dentry *dentry)
{
	return READ(struct dentry, dentry, d_parent) == dentry &&
	       READ(struct dentry, dentry, d_name).len > 1;
}

static __noinline int fill_file(struct slot *slot, struct file_object *out, struct file *file)
{
	struct vfsmount *mnt = READ(struct file, file, f_path.mnt);
	struct dentry *dentry = READ(struct file, file, f_path.dentry);
	struct dentry *root = READ(struct vfsmount, mnt, mnt_root), *fs_root;

	fs_root = READ(struct super_block, READ(struct vfsmount, mnt, mnt_sb), s_root);
	fill_inode(out, READ(struct file, file, f_inode));
	/* Namespaces and processes have no place in a tree. */
	if (out->fs_magic == NSFS_MAGIC || out->fs_magic == PID_FS_MAGIC)
		return 0;
	out->path_flags = append_path(slot, &out->path, mnt, dentry, &out->mount_point_len);
	if (dentry != root && !READ(struct dentry, dentry, d_hash.pprev))
		out->path_flags |= PATH_DELETED;
	/* A mount of the whole filesystem shows the path within it, unless it did not fit. */
	if ((root != fs_root || out->path_flags & PATH_DISCONNECTED ||
	     out->path.flags & STRING_TRUNCATED) &&
	    !is_lone(dentry))
		append_fs_path(slot, &out->fs_path, dentry, fs_root);
	return 0;
}

/* A function of its own: its loads are of another kind than those of an open directory's path. */
static __noinline int append_cwd(struct slot *slot, struct string_ref *ref,
				 struct task_struct *task)
{
	return append_path(slot, ref, GET(task, fs, pwd.mnt), GET(task, fs, pwd.dentry), NULL);
}

/* What a relative argument starts from: the working directory or an open one. */
static __always_inline void append_start_dir(struct slot *slot, struct string_ref *ref,
					     struct task_struct *task, __s32 dirfd)
{
	struct file *file;

	if (dirfd == AT_FDCWD) {
		append_cwd(slot, ref, task);
		return;
	}
	file = current_file(task, dirfd);
	if (file)
		append_path(slot, ref, READ(struct file, file, f_path.mnt),
			    READ(struct file, file, f_path.dentry), NULL);
	else
		refuse_string(ref, -EBADF);
}

#endif
