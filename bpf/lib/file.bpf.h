/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object behind a descriptor: its path, inode and filesystem. */
#ifndef STOCKADE_LIB_FILE_H
#define STOCKADE_LIB_FILE_H

#include "lib/disk.bpf.h"
#include "lib/path.bpf.h"

#define AT_FDCWD -100
#define NSFS_MAGIC 0x6e736673
#define PID_FS_MAGIC 0x50494446
#define OVERLAYFS_MAGIC 0x794c7630
#define DEV_SHIFT 32

/* Userland's encoding of a device number (new_encode_dev). */
static __always_inline __u32 encode_dev(__u32 dev)
{
	__u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
}

/* The file that a descriptor of a task stands for now; a sibling thread may have replaced it. */
static __always_inline struct file *open_file(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = GET_TRUSTED(task, files, fdt);

	struct file **files = READ(struct fdtable, table, fd);

	return fd < GET(table, max_fds) ? (void *)load_word(files + fd) : NULL;
}

/* Names a file for as long as it is there; 0 for none. */
static __always_inline __u64 file_id(struct file *file)
{
	struct inode *inode = READ(struct file, file, f_inode);
	struct super_block *sb = READ(struct inode, inode, i_sb);

	return READ(struct inode, inode, i_ino) ^ (__u64)READ(struct super_block, sb, s_dev)
							  << DEV_SHIFT;
}

/* A word of a string without what follows the string's end. */
static __always_inline __u64 until_nul(__u64 word)
{
	__u64 nuls = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;

	return nuls ? word & (((nuls & -nuls) >> 7) - 1) : word;
}

static __always_inline void fill_fs_type(struct file_object *out, struct file_system_type *type)
{
	const char *name = READ(struct file_system_type, type, name);
	__u64 *words = (void *)out->fs_type, last_byte = 0xffULL << 56;

	words[0] = until_nul(load_word(name));
	if (words[0] & last_byte)
		words[1] = until_nul(load_word(name + sizeof(__u64)) & ~last_byte);
}

static __always_inline void fill_filesystem(struct file_object *out, struct super_block *sb)
{
	out->dev = encode_dev(READ(struct super_block, sb, s_dev));
	out->fs_magic = READ(struct super_block, sb, s_magic);
}

static __noinline int fill_inode(struct file_object *out, struct inode *inode)
{
	struct super_block *sb = READ(struct inode, inode, i_sb);

	out->inode = READ(struct inode, inode, i_ino);
	out->mode = READ(struct inode, inode, i_mode);
	out->uid = READ(struct inode, inode, i_uid).val;
	out->links = READ(struct inode, inode, i_nlink);
	out->rdev = encode_dev(READ(struct inode, inode, i_rdev));
	fill_fs_type(out, READ(struct super_block, sb, s_type));
	return 0;
}

/* Whether more than one descriptor, or other holder, refers to an open file. */
static __always_inline bool is_referenced(struct file *file)
{
	if (bpf_core_field_exists(file->f_ref))
		return READ(struct file, file, f_ref.refcnt.counter) > 0;
	return READ(struct file___count, file, f_count.counter) > 1;
}

/* A table may be larger: what is beyond is not looked at. */
#define LOOKED_AT_MAX 4096
#define AT_ONCE 8

/* How many of the first descriptors of a task's stand for an open file. */
__noinline __u32 count_descriptors(__u64 address)
{
	struct fdtable *table = GET(current_task(), files, fdt);
	struct file **files = READ(struct fdtable, table, fd);
	__u32 size = READ(struct fdtable, table, max_fds), count = 0;
	__u64 some[AT_ONCE];

	for (__u32 i = 0; i < LOOKED_AT_MAX && i < size; i += AT_ONCE) {
		if (bpf_probe_read_kernel(some, sizeof(some), files + i))
			break;
		for (__u32 k = 0; k < AT_ONCE; k++) {
			__u64 differs = some[k] ^ address;

			/* Without a branch, of which each has to be verified. */
			count += 1 - ((differs | -differs) >> 63);
		}
	}
	return count;
}

/*
 * Whether a descriptor that was just given was given another file meanwhile: one that
 * another descriptor of the table stands for, too. Further references alone do not say
 * so: a child that is made while its parent opens a file gets it as well. In a table
 * that is too large to look through whole they have to do.
 */
static __noinline bool is_replaced(struct task_struct *task, struct file *file)
{
	struct fdtable *table = GET(task, files, fdt);

	return is_referenced(file) && (READ(struct fdtable, table, max_fds) > LOOKED_AT_MAX ||
				       count_descriptors(address_of(file)) > 1);
}

/* Whether a dentry was never in any directory, as a memfd's. */
static __always_inline bool is_lone(struct dentry *dentry)
{
	return READ(struct dentry, dentry, d_parent) == dentry &&
	       READ(struct dentry, dentry, d_name).len > 1;
}

/*
 * Whether a file of an overlay is of its upper layer. Its inode lies in the overlay's
 * own, and what follows it there is the upper dentry (struct ovl_inode, a module's).
 */
static __always_inline bool is_upper(struct inode *inode)
{
	struct super_block *sb = READ(struct inode, inode, i_sb);

	return READ(struct super_block, sb, s_magic) == OVERLAYFS_MAGIC &&
	       load_word((void *)inode + bpf_core_type_size(struct inode));
}

/* A standard stream is the runtime's to give, and can be opened again (/dev/stdout). */
static __always_inline bool is_stream(struct member_entry *member, struct file *file)
{
	__u64 id = file_id(file);

	return id == member->streams[0] || id == member->streams[1] || id == member->streams[2];
}

/*
 * How a file breaks with the container of the current task: PATH_FOREIGN,
 * PATH_NEW_DISK. The descriptor of a mount that is still to be put into the tree
 * is how mounts are made; a file opened through it is another matter.
 */
__noinline int broken_path(__u64 address, __u32 type)
{
	struct file *file = (void *)address;
	struct vfsmount *mnt = READ(struct file, file, f_path.mnt);
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	int owner, flags;

	if (!member || member->role != ROLE_MEMBER)
		return 0;
	owner = mount_owner(address_of(mnt), address_of(mnt_ns(task)), member->container);
	if (owner == MOUNT_FOREIGN)
		return is_stream(member, file) ? 0 : PATH_FOREIGN;
	flags = is_on_new_disk(mnt, member->container) ? PATH_NEW_DISK : 0;
	if (owner == MOUNT_DETACHED && type != EVENT_FSMOUNT && type != EVENT_OPEN_TREE)
		flags |= PATH_FOREIGN;
	return flags;
}

/* The same for a record's file; nearly all are on mounts and disks like the one before. */
static __always_inline __u32 path_breaks(struct slot *slot, struct file *file, struct vfsmount *mnt)
{
	struct record_header *header = (void *)slot->record;
	struct super_block *sb = READ(struct vfsmount, mnt, mnt_sb);
	struct disk disk = { header->task.container, READ(struct super_block, sb, s_dev) };
	bool own = is_of(mnt, (void *)slot->mnt_ns);
	__u32 flags;

	if (header->task.role != ROLE_MEMBER)
		return 0;
	if (own && (!is_on_disk(sb) || is_same_disk(&disk, &slot->had)))
		return 0;
	flags = broken_path(address_of(file), header->type);
	if (own && !flags)
		slot->had = disk;
	return flags;
}

/* What few filters ask for waits until the record is sent. */
static __always_inline bool puts_off(struct slot *slot, __u32 need)
{
	struct record_header *header = (void *)slot->record;

	return header->kind == RECORD_OPEN && !(slot->needs & need);
}

/* Whoever asks before that is told that it is not known. */
static __always_inline void put_off_fs_path(struct slot *slot, struct file_object *out,
					    struct dentry *dentry, struct dentry *fs_root)
{
	slot->put_off = dentry;
	slot->fs_root = fs_root;
	out->fs_path.state = STRING_UNKNOWN;
}

/* What an open's record does not have before it is sent. */
static __always_inline void complete_open(struct slot *slot)
{
	struct file_object *file = &slot->fixed.open.file;

	if (slot->inode)
		fill_inode(file, slot->inode);
	if (slot->put_off)
		append_fs_path(slot, &file->fs_path, slot->put_off, slot->fs_root);
}

static __noinline int fill_file(struct slot *slot, struct file_object *out, struct file *file)
{
	struct vfsmount *mnt = READ(struct file, file, f_path.mnt);
	struct dentry *dentry = READ(struct file, file, f_path.dentry);
	struct dentry *root = READ(struct vfsmount, mnt, mnt_root), *fs_root;
	struct inode *inode = READ(struct file, file, f_inode);

	fs_root = READ(struct super_block, READ(struct vfsmount, mnt, mnt_sb), s_root);
	fill_filesystem(out, READ(struct inode, inode, i_sb));
	if (puts_off(slot, NEED_DETAILS))
		slot->inode = inode;
	else
		fill_inode(out, inode);
	/* Namespaces and processes have no place in a tree. */
	if (out->fs_magic == NSFS_MAGIC || out->fs_magic == PID_FS_MAGIC)
		return 0;
	out->path_flags = append_path(slot, &out->path, mnt, dentry, &out->mount_point_len);
	out->path_flags |= path_breaks(slot, file, mnt);
	if (out->path_flags & PATH_DISCONNECTED && root != fs_root)
		out->path_flags |= PATH_OUTSIDE;
	if (dentry != root && !READ(struct dentry, dentry, d_hash.pprev))
		out->path_flags |= PATH_DELETED;
	/* A mount of the whole filesystem shows the path within it, unless it did not fit. */
	if ((root == fs_root && !(out->path_flags & PATH_DISCONNECTED) &&
	     !(out->path.flags & STRING_TRUNCATED)) ||
	    is_lone(dentry))
		return 0;
	if (puts_off(slot, NEED_FS_PATH))
		put_off_fs_path(slot, out, dentry, fs_root);
	else
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
	file = open_file(task, dirfd);
	if (file)
		append_path(slot, ref, READ(struct file, file, f_path.mnt),
			    READ(struct file, file, f_path.dentry), NULL);
	else
		refuse_string(ref, -EBADF);
}

#endif
