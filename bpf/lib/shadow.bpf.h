/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a member's credentials and namespaces were when they last changed in one
 * of the ways that the kernel has for that. Found to be something else when a
 * system call ends, they were written to.
 *
 * Compared is what they say, not where they lie: keyrings and security modules
 * put the same into new credentials. Ids and capabilities that are about to be
 * changed lawfully are taken as they are after it; the bounding set and the user
 * namespace, which no such call widens, are not.
 *
 * Known gaps: ids that are overwritten just before the same task sets its ids, and
 * rights before it execs; what is put back before anybody looks.
 */
#ifndef STOCKADE_LIB_SHADOW_H
#define STOCKADE_LIB_SHADOW_H

#include "lib/task.bpf.h"

#define CLONE_NEWUSER 0x10000000
#define CLONE_NEW_NAMESPACES                                                                       \
	(0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000)
#define DIGEST_FACTOR 0x9e3779b97f4a7c15ULL

/* Which parts of a shadow a change is about. */
enum shadow_parts {
	SHADOW_IDS = 1,	       /* real user and group */
	SHADOW_RIGHTS = 2,     /* all other ids, and what they may do */
	SHADOW_SCOPE = 4,      /* user namespace and bounding set */
	SHADOW_NAMESPACES = 8, /* all other namespaces */
	SHADOW_ALL = 15,
};

#define ENTRY_OFFSET offsetof(struct member_entry, caps)
#define SHADOW_OFFSET offsetof(struct member_entry, ids)

/*
 * Distinguishes what differs; not meant to withstand who writes to the kernel at
 * will. Each part has a factor of its own: nothing waits for the part before.
 */
#define PART(number, value) ((__u64)(value) * (DIGEST_FACTOR * (2 * (number) + 1)))

static __always_inline __u64 digest_ids(struct cred *cred)
{
	return PART(0, GET(cred, uid.val)) ^ PART(1, GET(cred, gid.val));
}

static __always_inline __u64 digest_rights(struct cred *cred)
{
	return PART(0, GET(cred, euid.val)) ^ PART(1, GET(cred, suid.val)) ^
	       PART(2, GET(cred, fsuid.val)) ^ PART(3, GET(cred, egid.val)) ^
	       PART(4, GET(cred, sgid.val)) ^ PART(5, GET(cred, fsgid.val)) ^
	       PART(6, CAPABILITIES(cred, cap_effective)) ^
	       PART(7, CAPABILITIES(cred, cap_permitted)) ^
	       PART(8, CAPABILITIES(cred, cap_inheritable)) ^
	       PART(9, CAPABILITIES(cred, cap_ambient));
}

/* Remember parts as they are now, and which namespaces of the host it is in. */
static __noinline int remember(struct task_struct *task, struct member_entry *member, __u32 parts)
{
	struct cred *cred = GET(task, real_cred);

	member->in_host_ns = host_namespaces(task);
	if (parts & SHADOW_IDS)
		member->ids = digest_ids(cred);
	if (parts & SHADOW_RIGHTS)
		member->rights = digest_rights(cred);
	if (parts & SHADOW_SCOPE) {
		member->bounding = CAPABILITIES(cred, cap_bset);
		member->at.user = (__u64)GET(cred, user_ns);
	}
	if (parts & SHADOW_NAMESPACES)
		locate(&member->at, task);
	return 0;
}

static __always_inline bool is_known(struct member_entry *member)
{
	return member->role == ROLE_MEMBER && member->at.mnt;
}

/* enum boundary_flags: which of these parts are not what they were. */
static __always_inline __u32 tampered(struct task_struct *task, struct member_entry *member,
				      __u32 parts)
{
	struct cred *cred = GET_TRUSTED(task, real_cred);
	bool differs = (parts & SHADOW_IDS && digest_ids(cred) != member->ids) ||
		       (parts & SHADOW_RIGHTS && digest_rights(cred) != member->rights) ||
		       (parts & SHADOW_SCOPE && (CAPABILITIES(cred, cap_bset) != member->bounding ||
						 (__u64)GET(cred, user_ns) != member->at.user));
	__u32 flags = differs ? BOUNDARY_CRED_TAMPERED : 0;

	if (parts & SHADOW_NAMESPACES && !is_at(&member->at, task))
		flags |= BOUNDARY_NS_TAMPERED;
	return flags;
}

/* What a call, or a clone's flags, may change. */
static __always_inline __u32 changed_parts(__u8 type, __u64 clone_flags)
{
	switch (type) {
	case EVENT_SETUID:
	case EVENT_SETGID:
	case EVENT_SETREUID:
	case EVENT_SETREGID:
	case EVENT_SETRESUID:
	case EVENT_SETRESGID:
	case EVENT_SETFSUID:
	case EVENT_SETFSGID:
		return SHADOW_IDS | SHADOW_RIGHTS;
	case EVENT_EXECVE:
	case EVENT_CAPSET:
		return SHADOW_RIGHTS;
	case EVENT_PRCTL:
		return SHADOW_RIGHTS | SHADOW_SCOPE;
	case EVENT_SETNS:
	case EVENT_UNSHARE:
		return SHADOW_RIGHTS | SHADOW_SCOPE | SHADOW_NAMESPACES;
	case EVENT_CLONE:
		return (clone_flags & CLONE_NEWUSER ? SHADOW_RIGHTS | SHADOW_SCOPE : 0) |
		       (clone_flags & CLONE_NEW_NAMESPACES ? SHADOW_NAMESPACES : 0);
	}
	return 0;
}

static __noinline int compare_parts(struct task_struct *task, struct member_entry *member,
				    __u32 changed)
{
	member->broken |= tampered(task, member, SHADOW_ALL & ~changed);
	remember(task, member, changed);
	if (GET(task, cred) != GET(task, real_cred))
		member->broken |= BOUNDARY_CRED_TAMPERED;
	return 0;
}

/*
 * At the end of what a task does by itself: @type changes parts of it, if it has
 * succeeded, and all others are to be what they were. Within a call the kernel may
 * act in another's name; at its end that is over.
 */
static __noinline int compare_shadow(struct task_struct *task, struct member_entry *member,
				     __u8 type, long result)
{
	__u32 changed = result < 0 ? 0 : changed_parts(type, 0);

	if (!member || !is_known(member))
		return 0;
	/* As nearly always: not worth a call. */
	if (!changed && GET_TRUSTED(task, cred) == GET_TRUSTED(task, real_cred) &&
	    !tampered(task, member, SHADOW_ALL))
		return 0;
	return compare_parts(task, member, changed);
}

#endif
