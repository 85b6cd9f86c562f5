/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is asked of the kernel through io_uring, without a system call: told of
 * as the call that it stands for, or as a request of io_uring's own.
 *
 * Hooks: io_uring_complete; io_uring_submit_req (io_uring_submit_sqe before v6.3),
 * which keeps what a request forgets until it is complete.
 *
 * Known gaps: descriptors that go into io_uring's own table, and what comes from
 * there; the number of a request's descriptor; addresses of bind and sendmsg;
 * the paths of failed opens; kernels before v6.0, whose tracepoints do not name
 * the request (48863ffd3e81).
 */
#include "lib/syscall.bpf.h"
#include "lib/wanted.bpf.h"

/* enum io_uring_op, uapi/linux/io_uring.h */
enum {
	IORING_OP_RECVMSG = 10,
	IORING_OP_ACCEPT = 13,
	IORING_OP_CONNECT = 16,
	IORING_OP_OPENAT = 18,
	IORING_OP_OPENAT2 = 28,
	IORING_OP_RENAMEAT = 35,
	IORING_OP_UNLINKAT = 36,
	IORING_OP_MKDIRAT = 37,
	IORING_OP_SYMLINKAT = 38,
	IORING_OP_LINKAT = 39,
	IORING_OP_SOCKET = 45,
	IORING_OP_BIND = 56,
	IORING_OP_LISTEN = 57,
};

#define NO_FD ((__u32) - 1)
#define NAMES_REQUEST bpf_core_type_exists(struct io_cmd_data)

static __always_inline bool names_paths(__u8 opcode)
{
	return opcode >= IORING_OP_RENAMEAT && opcode <= IORING_OP_LINKAT;
}

static __always_inline __u8 request_type(__u8 opcode)
{
	switch (opcode) {
	case IORING_OP_RECVMSG:
		return EVENT_RECEIVE_FD;
	case IORING_OP_ACCEPT:
		return EVENT_ACCEPT4;
	case IORING_OP_CONNECT:
		return EVENT_CONNECT;
	case IORING_OP_OPENAT:
		return EVENT_OPENAT;
	case IORING_OP_OPENAT2:
		return EVENT_OPENAT2;
	case IORING_OP_RENAMEAT:
		return EVENT_RENAMEAT2;
	case IORING_OP_UNLINKAT:
		return EVENT_UNLINKAT;
	case IORING_OP_MKDIRAT:
		return EVENT_MKDIRAT;
	case IORING_OP_SYMLINKAT:
		return EVENT_SYMLINKAT;
	case IORING_OP_LINKAT:
		return EVENT_LINKAT;
	case IORING_OP_SOCKET:
		return EVENT_SOCKET;
	case IORING_OP_BIND:
		return EVENT_BIND;
	case IORING_OP_LISTEN:
		return EVENT_LISTEN;
	}
	return EVENT_IO_URING;
}

/* ---- names: a complete request has let go of them ---- */

/*
 * By the request's address: as the kernel took them, which nobody can rewrite. One
 * that is never completed ages out.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct kept_paths);
} request_names SEC(".maps");

/* A request begins with what it is about, whose kind the opcode tells. */
#define OF(type, request, field) READ(type, (void *)(request), field)

#define DELAYS_NAMES bpf_core_type_exists(struct delayed_filename)
#define NAME_OF(type, request, field)                                                              \
	(DELAYS_NAMES ? OF(type##___delayed, request, field.__incomplete_filename)                 \
		      : OF(type, request, field))

static __always_inline void append_name(struct slot *slot, struct string_ref *ref,
					struct filename *name)
{
	ref->flags |= STRING_ARGUMENT;
	append_kernel_string(slot, ref, READ(struct filename, name, name));
}

/* @second: NULL where there is no other. */
static __noinline int keep_names(struct io_kiocb *request, __u8 type, struct filename *first,
				 struct filename *second)
{
	__u64 key = (__u64)request;
	struct object_paths *names;
	struct slot *slot = claim_slot(type);

	if (!slot)
		return 0;
	names = begin_record(slot, struct object_paths);
	append_name(slot, &names->old, first);
	if (second)
		append_name(slot, &names->new, second);
	bpf_map_update_elem(&request_names, &key, slot->record, BPF_ANY);
	release_slot(slot);
	return 0;
}

static __always_inline int on_submit(struct io_kiocb *request)
{
	struct filename *first, *second = NULL;
	__u8 opcode, type;

	if (!NAMES_REQUEST)
		return 0;
	opcode = READ(struct io_kiocb, request, opcode);
	type = request_type(opcode);
	if (!names_paths(opcode) || !wanted(current_task(), type))
		return 0;
	if (opcode == IORING_OP_RENAMEAT && bpf_core_type_exists(struct io_rename)) {
		first = NAME_OF(struct io_rename, request, oldpath);
		second = NAME_OF(struct io_rename, request, newpath);
	} else if (opcode == IORING_OP_UNLINKAT && bpf_core_type_exists(struct io_unlink)) {
		first = NAME_OF(struct io_unlink, request, filename);
	} else if (opcode == IORING_OP_MKDIRAT && bpf_core_type_exists(struct io_mkdir)) {
		first = NAME_OF(struct io_mkdir, request, filename);
	} else if (bpf_core_type_exists(struct io_link)) {
		first = NAME_OF(struct io_link, request, oldpath);
		second = NAME_OF(struct io_link, request, newpath);
	} else {
		return 0;
	}
	return keep_names(request, type, first, second);
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(uring_submit, struct io_kiocb *request)
{
	return on_submit(request);
}

SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(uring_submit_sqe, struct io_kiocb *request)
{
	return on_submit(request);
}

/* ---- completion ---- */

static __noinline int fill_path_args(__u64 *args, struct io_kiocb *request, __u8 opcode)
{
	if (opcode == IORING_OP_RENAMEAT && bpf_core_type_exists(struct io_rename)) {
		args[0] = OF(struct io_rename, request, old_dfd);
		args[2] = OF(struct io_rename, request, new_dfd);
		args[4] = OF(struct io_rename, request, flags);
	} else if (opcode == IORING_OP_UNLINKAT && bpf_core_type_exists(struct io_unlink)) {
		args[0] = OF(struct io_unlink, request, dfd);
		args[2] = OF(struct io_unlink, request, flags);
	} else if (opcode == IORING_OP_MKDIRAT && bpf_core_type_exists(struct io_mkdir)) {
		args[0] = OF(struct io_mkdir, request, dfd);
		args[2] = OF(struct io_mkdir, request, mode);
	} else if (opcode == IORING_OP_SYMLINKAT && bpf_core_type_exists(struct io_link)) {
		args[1] = OF(struct io_link, request, new_dfd);
	} else if (opcode == IORING_OP_LINKAT && bpf_core_type_exists(struct io_link)) {
		args[0] = OF(struct io_link, request, old_dfd);
		args[2] = OF(struct io_link, request, new_dfd);
		args[4] = OF(struct io_link, request, flags);
	}
	return 0;
}

/* What a name that is relative starts from is open still. */
static __noinline int take_path(struct slot *slot, struct call_path *out, struct kept_paths *kept,
				const struct string_ref *name, __s32 dirfd)
{
	__u32 offset = name->offset;
	char first = 0;

	take_string(slot, &out->text, kept, name);
	bpf_probe_read_kernel(&first, sizeof(first), (void *)kept + offset);
	if (first != '/' && out->object.state == STRING_ABSENT)
		append_start_dir(slot, &out->directory, current_task(), dirfd);
	return 0;
}

static __noinline int take_names(struct slot *slot, struct io_kiocb *request)
{
	struct call_record *record = (void *)slot->record;
	const struct call_shape *shape = shape_of(record);
	struct kept_paths *kept;
	__u64 key = (__u64)request;

	kept = bpf_map_lookup_elem(&request_names, &key);
	if (!kept)
		return lose_string(slot, &record->old.text, -ESTALE);
	if (shape->text) {
		take_string(slot, &record->text, kept, &kept->head.old);
		take_path(slot, &record->old, kept, &kept->head.new,
			  argument(record, shape->old_dir));
	} else {
		take_path(slot, &record->old, kept, &kept->head.old,
			  argument(record, shape->old_dir));
	}
	if (shape->new_path)
		take_path(slot, &record->new, kept, &kept->head.new,
			  argument(record, shape->new_dir));
	bpf_map_delete_elem(&request_names, &key);
	return 0;
}

static __noinline int on_path_request(struct io_kiocb *request, __u8 type)
{
	struct slot *slot = begin_call(type, READ(struct io_kiocb, request, cqe.res));

	if (!slot)
		return 0;
	fill_path_args(call_args(slot), request, READ(struct io_kiocb, request, opcode));
	if (config.keeps_objects)
		take_objects(slot);
	take_names(slot, request);
	submit_record(slot, current_task());
	release_slot(slot);
	return 0;
}

/* Whether what came is a descriptor, and no place in io_uring's own table. */
static __noinline bool fill_socket_args(__u64 *args, struct io_kiocb *request, __u8 opcode)
{
	args[0] = NO_FD;
	if (opcode == IORING_OP_CONNECT && bpf_core_type_exists(struct io_connect)) {
		args[1] = address_of(OF(struct io_connect, request, addr));
		args[2] = OF(struct io_connect, request, addr_len);
	} else if (opcode == IORING_OP_LISTEN && bpf_core_type_exists(struct io_listen)) {
		args[1] = OF(struct io_listen, request, backlog);
	} else if (opcode == IORING_OP_ACCEPT && bpf_core_type_exists(struct io_accept)) {
		args[3] = OF(struct io_accept, request, flags);
		return !OF(struct io_accept, request, file_slot);
	} else if (opcode == IORING_OP_SOCKET && bpf_core_type_exists(struct io_socket)) {
		args[0] = OF(struct io_socket, request, domain);
		args[1] = OF(struct io_socket, request, type);
		args[2] = OF(struct io_socket, request, protocol);
		return !OF(struct io_socket, request, file_slot);
	}
	return true;
}

/*
 * Read anew, the opcode and the type are any numbers to the verifier. Of constants
 * that it has followed here, 6.1's takes branches for dead that are not.
 */
static __noinline int on_request(struct io_kiocb *request, __u8 wanted_type)
{
	struct slot *slot = begin_call(wanted_type, READ(struct io_kiocb, request, cqe.res));
	struct file *file = NULL;
	bool has_fd = true;
	__u8 opcode, type;

	if (!slot)
		return 0;
	opcode = READ(struct io_kiocb, request, opcode);
	type = *(volatile __u16 *)&((struct call_record *)slot->record)->header.type;
	if (type != EVENT_IO_URING)
		has_fd = fill_socket_args(call_args(slot), request, opcode);
	else
		call_args(slot)[0] = opcode;
	/* Of these it is what came that counts. */
	if (opcode != IORING_OP_ACCEPT && opcode != IORING_OP_SOCKET)
		file = READ(struct io_kiocb, request, file);
	if (has_fd)
		return report_call(slot, address_of(file));
	release_slot(slot);
	return 0;
}

static __always_inline int on_message(struct io_kiocb *request)
{
	if ((__s32)READ(struct io_kiocb, request, cqe.res) < 0 ||
	    !bpf_core_type_exists(struct io_sr_msg))
		return 0;
	return receive_fds(NO_FD, address_of(OF(struct io_sr_msg, request, umsg)), 1, ABI_NATIVE);
}

/* Its later arguments changed in v6.16; the result is in the request as well. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(uring_complete, void *ctx_, struct io_kiocb *request)
{
	struct task_struct *task = current_task();
	__u8 opcode, type;

	if (!NAMES_REQUEST)
		return 0;
	opcode = READ(struct io_kiocb, request, opcode);
	type = request_type(opcode);
	if (!wanted(task, type))
		return 0;
	switch (type) {
	case EVENT_OPENAT:
	case EVENT_OPENAT2:
		return on_open_request(task, type, READ(struct io_kiocb, request, cqe.res));
	case EVENT_RECEIVE_FD:
		return on_message(request);
	}
	return names_paths(opcode) ? on_path_request(request, type) : on_request(request, type);
}
