/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process asks of the kernel itself, decided before it is given: performance events,
 * modules, other kernels, io_uring, userfaultfd, keys, the kernel's log, user namespaces. The
 * record has the system call's arguments, and the file that is to be loaded.
 *
 * Hooks: perf_event_open; kernel_read_file and kernel_load_data, of which only what the call
 * itself is for counts: a module's firmware comes that way, too; inode_init_security_anon,
 * which both io_uring_setup and userfaultfd come to; key_permission and key_alloc, of which
 * a call about keys is asked at least once, and often more; syslog; userns_create.
 *
 * Known gaps: what a module does when it is loaded by another's request (modprobe by the
 * kernel) is nobody's call. /dev/userfaultfd is opened and not called.
 */
#include "lib/decide.bpf.h"

#define CLONE_NEWUSER 0x10000000

#define IS_ID(kind, id, name)                                                                      \
	(bpf_core_enum_value_exists(enum kind, name) &&                                            \
	 (id) == bpf_core_enum_value(enum kind, name))

/* What a file is read for, if it is what the call is for. */
static __always_inline __u8 reading_call(__u32 id)
{
	if (IS_ID(kernel_read_file_id, id, READING_MODULE) ||
	    IS_ID(kernel_read_file_id, id, READING_MODULE_COMPRESSED))
		return EVENT_FINIT_MODULE;
	return IS_ID(kernel_read_file_id, id, READING_KEXEC_IMAGE) ? EVENT_KEXEC_FILE_LOAD
								   : EVENT_NONE;
}

/* The same of memory. */
static __always_inline __u8 loading_call(__u32 id)
{
	if (IS_ID(kernel_load_data_id, id, LOADING_MODULE))
		return EVENT_INIT_MODULE;
	return IS_ID(kernel_load_data_id, id, LOADING_KEXEC_IMAGE) ? EVENT_KEXEC_LOAD : EVENT_NONE;
}

DENY_VARYING_HOOK(perf_event, perf_event_open, security_perf_event_open,
		  build_plain(EVENT_PERF_EVENT_OPEN, NULL), 1, config.perf_has_more)
DENY_HOOK(read_file, kernel_read_file, security_kernel_read_file,
	  build_plain(reading_call(id), file), struct file *file, unsigned int id, bool contents)
DENY_HOOK(load_data, kernel_load_data, security_kernel_load_data,
	  build_plain(loading_call(id), NULL), unsigned int id, bool contents)
DENY_HOOK(io_uring, inode_init_security_anon, security_inode_init_security_anon,
	  build_plain(EVENT_IO_URING_SETUP, NULL), struct inode *inode, const struct qstr *name,
	  const struct inode *context)
DENY_HOOK(userfaultfd, inode_init_security_anon, security_inode_init_security_anon,
	  build_plain(EVENT_USERFAULTFD, NULL), struct inode *inode, const struct qstr *name,
	  const struct inode *context)

/* What calls about keys have in common: they look one up, or make one. */
static __always_inline __u8 key_call(void)
{
	__u8 type = call_in_progress(current_task());

	return type >= EVENT_ADD_KEY && type <= EVENT_KEYCTL ? type : EVENT_NONE;
}

DENY_HOOK(keys, key_permission, security_key_permission, build_plain(key_call(), NULL), void *key,
	  const struct cred *credentials, unsigned int wanted)
DENY_HOOK(alloc_key, key_alloc, security_key_alloc, build_plain(key_call(), NULL), void *key,
	  const struct cred *credentials, unsigned long flags)
DENY_HOOK(syslog, syslog, security_syslog, build_plain(EVENT_SYSLOG, NULL), int type)

/* All calls but unshare that come here make a process, whose arguments may lie in memory. */
static __noinline int build_clone(void)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	struct fork_record *record;
	struct slot *slot;

	if (!may_be_decided(member) || call_in_progress(task) == EVENT_UNSHARE ||
	    !is_decided(member, EVENT_CLONE))
		return 0;
	slot = claim_decision(EVENT_CLONE);
	if (!slot)
		return without_room(member, EVENT_CLONE);
	record = begin_record(slot, struct fork_record);
	begin_decision(slot, RECORD_FORK, EVENT_CLONE, task, member);
	record->flags = CLONE_NEWUSER;
	return unjudged(slot);
}

DENY_HOOK(new_userns, userns_create, security_create_user_ns,
	  build_plain(EVENT_UNSHARE, NULL) ?: build_clone(), const struct cred *credentials)
