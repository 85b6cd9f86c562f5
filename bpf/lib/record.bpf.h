/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A record is built in a per-CPU slot (its strings make it too large for the
 * stack and too variable for a ring reservation), then copied to the ring.
 * A program can be preempted or interrupted by another one on the same CPU:
 * each claims a slot of its own, and a full house is a counted loss.
 */
#ifndef STOCKADE_LIB_RECORD_H
#define STOCKADE_LIB_RECORD_H

#include "policy.h"
#include "lib/config.bpf.h"
#include "lib/loss.bpf.h"
#include "lib/task.bpf.h"

#define SLOTS 4
#define STRING_MAX 4096
#define NAME_MAX 255
#define RECORD_MAX 24576 /* room for five strings; a slot cannot have more than 32 KiB */

enum walk_end { WALK_UNFINISHED, WALK_ROOT, WALK_DISCONNECTED, WALK_FULL };

/*
 * Where a walk from a dentry to its root has come to. It lives in map memory, so
 * that the verifier forgets its values and finds every step the same.
 */
struct walk {
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct dentry *mnt_root;
	struct dentry *fs_root; /* climb to here and ignore mounts; NULL to follow mounts */
	__u32 start;		/* of the text, which ends at STRING_MAX */
	__u32 crossing;		/* start when the first mount was left, 0 before */
};

/* The same from mount to mount: up again when there is none further below. */
struct mount_walk {
	struct mount *mount, *top;
	__u32 climbing;
};

/* A disk that a container had from its start. */
struct disk {
	__u64 container;
	__u64 dev;
};

/* Where the host sees the files of one filesystem. */
struct view_of {
	__u32 dev;
	struct host_view host;
	__u32 reserved;
};

struct slot {
	__u32 busy;    /* how many programs want it: it is whose claim makes it one */
	__u32 number;  /* its key */
	__u32 size;    /* bytes of the record so far */
	__u32 lost;    /* enum loss_reason, a bit each: parts of it that are missing */
	__u32 whole;   /* whether its header is */
	__u32 needs;   /* enum need_flags: what whoever judges it reads */
	__u64 decider; /* address of the task whose act it tells of, for what decides; or 0 */
	__u64 mnt_ns;  /* address of the one in which the task sees paths */
	struct dentry *put_off; /* whose path within its filesystem is not there yet, or NULL */
	struct dentry *fs_root; /* where that path starts */
	struct inode *inode;	/* which is not described yet, or NULL */
	struct filter_frame frame;
	union {
		union record fixed;
		char record[RECORD_MAX];
	};
	struct walk walk;
	struct mount_walk mounts;
	struct disk had;		      /* the last that was asked for */
	struct view_of view;		      /* likewise */
	char path[STRING_MAX + NAME_MAX + 1]; /* a path is written here from its end */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

/* Global functions take its number: they take no pointers before v5.12 (e5069b9c23b3). */
static __always_inline struct slot *find_slot(__u32 number)
{
	return bpf_map_lookup_elem(&slots, &number);
}

/* No atomic operation returns anything before v5.12 (5ffa25502b5a): this one needs no result. */
static __always_inline bool claim(struct slot *slot)
{
	__sync_fetch_and_add(&slot->busy, 1);
	if (*(volatile __u32 *)&slot->busy == 1)
		return true;
	__sync_fetch_and_add(&slot->busy, -1);
	return false;
}

static __always_inline struct slot *claim_slot(__u32 event_type)
{
	for (__u32 i = 0; i < SLOTS; i++) {
		struct slot *slot = find_slot(i);

		if (slot && claim(slot)) {
			slot->number = i;
			return slot;
		}
	}
	count_loss(LOSS_SCRATCH_BUSY, event_type);
	return NULL;
}

static __always_inline void release_slot(struct slot *slot)
{
	__sync_fetch_and_add(&slot->busy, -1);
}

/* Start a record of the given fixed size; every byte of it is zero, so nothing old leaks out. */
#define begin_record(slot, type)                                                                   \
	({                                                                                         \
		__builtin_memset((slot)->record, 0, sizeof(type));                                 \
		(slot)->size = sizeof(type);                                                       \
		(slot)->lost = 0;                                                                  \
		(slot)->whole = false;                                                             \
		(slot)->put_off = NULL;                                                            \
		(slot)->inode = NULL;                                                              \
		(type *)(slot)->record;                                                            \
	})

/*
 * Room for a string at the record's end. The size lives in map memory, so that
 * the verifier forgets its value and checks this bound instead of every sum.
 */
static __always_inline char *tail(struct slot *slot)
{
	__u32 at = *(volatile __u32 *)&slot->size;

	if (at > RECORD_MAX - STRING_MAX)
		return NULL;
	return slot->record + at;
}

static __always_inline int keep(struct slot *slot, struct string_ref *ref, __u32 length)
{
	ref->offset = slot->size;
	ref->length = length;
	ref->state = STRING_VALUE;
	slot->size += length;
	return 0;
}

static __always_inline int lose_string(struct slot *slot, struct string_ref *ref, long error)
{
	ref->state = STRING_UNKNOWN;
	ref->error = -error;
	slot->lost |= 1 << LOSS_UNRESOLVED;
	return error;
}

#define EBADF 9
#define EFAULT 14
#define ENOSPC 28

static __always_inline void truncate_string(struct slot *slot, struct string_ref *ref)
{
	ref->flags |= STRING_TRUNCATED;
	slot->lost |= 1 << LOSS_TRUNCATED;
}

/* Append length bytes of kernel memory; a longer string keeps its beginning. */
static __noinline int append_bytes(struct slot *slot, struct string_ref *ref, const void *source,
				   __u32 length)
{
	char *to = tail(slot);
	long err;

	if (!to)
		return lose_string(slot, ref, -ENOSPC);
	if (length > STRING_MAX) {
		length = STRING_MAX;
		truncate_string(slot, ref);
	}
	err = bpf_probe_read_kernel(to, length, source);
	if (err)
		return lose_string(slot, ref, err);
	return keep(slot, ref, length);
}

/* No loss: a caller can pass what cannot be read as often as it likes. */
static __always_inline int refuse_string(struct string_ref *ref, long error)
{
	ref->state = STRING_UNKNOWN;
	ref->error = -error;
	return error;
}

/* The same with the caller's memory. */
static __noinline int append_user_bytes(struct slot *slot, struct string_ref *ref,
					const void *source, __u32 length)
{
	char *to = tail(slot);
	long err;

	ref->flags |= STRING_ARGUMENT;
	if (!to)
		return lose_string(slot, ref, -ENOSPC);
	if (length > STRING_MAX) {
		length = STRING_MAX;
		truncate_string(slot, ref);
	}
	err = bpf_probe_read_user(to, length, source);
	if (err)
		return refuse_string(ref, err);
	return keep(slot, ref, length);
}

static __always_inline int keep_string(struct slot *slot, struct string_ref *ref, long length)
{
	if (length == STRING_MAX)
		truncate_string(slot, ref);
	return keep(slot, ref, length - 1);
}

static __noinline int append_kernel_string(struct slot *slot, struct string_ref *ref,
					   const void *source)
{
	char *to = tail(slot);
	long length;

	if (!to)
		return lose_string(slot, ref, -ENOSPC);
	length = bpf_probe_read_kernel_str(to, STRING_MAX, source);
	if (length <= 0)
		return lose_string(slot, ref, length ?: -EFAULT);
	return keep_string(slot, ref, length);
}

static __noinline int append_user_string(struct slot *slot, struct string_ref *ref,
					 const void *source)
{
	char *to = tail(slot);
	char last = 0;
	long length;

	ref->flags |= STRING_ARGUMENT;
	if (!to)
		return lose_string(slot, ref, -ENOSPC);
	length = bpf_probe_read_user_str(to, STRING_MAX, source);
	if (length < 0)
		return refuse_string(ref, length);
	/* Older kernels count no NUL where that is all there is. */
	if (length == 0)
		return keep(slot, ref, 0);
	/* The longest path that there is fills the room to its last byte. */
	if (length == STRING_MAX)
		bpf_probe_read_user(&last, sizeof(last), source + STRING_MAX - 1);
	if (!last)
		return keep(slot, ref, length - 1);
	return keep_string(slot, ref, length);
}

/* What costs most of a header, and few filters ask for. */
static __noinline int complete_header(struct slot *slot, struct task_struct *task)
{
	struct record_header *header = (void *)slot->record;

	slot->whole = true;
	if (!(slot->needs & NEED_DETAILS))
		fill_task(&header->task, task);
	header->time_ns = bpf_ktime_get_boot_ns();
	fill_task_rest(&header->task, task);
	append_kernel_string(slot, &header->task.cgroup,
			     READ(struct kernfs_node, cgroup_node(container_cgroup(task)), name));
	return 0;
}

/* @member: what the task is to a container, NULL for the host's. */
static __always_inline void begin_header_with(struct slot *slot, __u16 kind, __u16 type,
					      __s64 result, struct task_struct *task,
					      struct member_entry *member, __u8 needs)
{
	struct record_header *header = (void *)slot->record;

	header->kind = kind;
	header->type = type;
	header->result = result;
	slot->needs = needs;
	slot->mnt_ns = (__u64)GET_TRUSTED(task, nsproxy, mnt_ns);
	fill_provenance(&header->task, task, member);
	if (needs & NEED_DETAILS)
		fill_task(&header->task, task);
	if (needs & NEED_WHOLE_TASK)
		complete_header(slot, task);
}

static __always_inline void begin_header_of(struct slot *slot, __u16 kind, __u16 type, __s64 result,
					    struct task_struct *task, struct member_entry *member)
{
	begin_header_with(slot, kind, type, result, task, member,
			  filter_needs[type & (EVENT_TYPES - 1)] |
				  decision_needs[type & (EVENT_TYPES - 1)]);
}

static __always_inline void begin_header(struct slot *slot, __u16 kind, __u16 type, __s64 result,
					 struct task_struct *task)
{
	begin_header_of(slot, kind, type, result, task, find_member(task));
}

/* Once for a record, however many parts of it are missing. */
static __noinline int count_parts(__u32 lost, __u32 event_type)
{
	if (lost & 1 << LOSS_TRUNCATED)
		count_loss(LOSS_TRUNCATED, event_type);
	if (lost & 1 << LOSS_UNRESOLVED)
		count_loss(LOSS_UNRESOLVED, event_type);
	if (lost & 1 << LOSS_REPLACED)
		count_loss(LOSS_REPLACED, event_type);
	return 0;
}

/*
 * What others are understood by, and what tells of a broken boundary, has a part of
 * the ring to itself: whoever floods it with acts hides neither.
 */
static __always_inline bool is_vital(struct record_header *header)
{
	return (header->kind != RECORD_OPEN && header->kind != RECORD_CALL) ||
	       header->task.boundary;
}

/* Returns whether it was sent. @task: whom the record is about. */
static __always_inline bool submit_record(struct slot *slot, struct task_struct *task)
{
	struct record_header *header = (void *)slot->record;
	__u32 size;

	if (!slot->whole)
		complete_header(slot, task);
	size = *(volatile __u32 *)&slot->size;
	if (size > RECORD_MAX)
		size = RECORD_MAX;
	header->size = size;
	if (slot->lost)
		count_parts(slot->lost, header->type);
	if ((is_vital(header) ||
	     bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < config.flood_bytes) &&
	    !bpf_ringbuf_output(&events, slot->record, size, 0))
		return true;
	count_loss(LOSS_RING_FULL, header->type);
	return false;
}

#endif
