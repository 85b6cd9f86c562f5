/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The socket behind a descriptor, and who is at its other end on this host. */
#ifndef STOCKADE_LIB_SOCKET_H
#define STOCKADE_LIB_SOCKET_H

#include "lib/pid.bpf.h"
#include "lib/record.bpf.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SUN_PATH_MAX 108
#define IPV6_BYTES 16

static __always_inline bool is_socket(struct file *file)
{
	struct inode *inode = READ(struct file, file, f_inode);

	return (READ(struct inode, inode, i_mode) & S_IFMT) == S_IFSOCK;
}

static __always_inline void fill_inet(struct socket_object *out, struct sock *sk)
{
	out->local_port = READ(struct sock, sk, __sk_common.skc_num);
	out->remote_port = bpf_ntohs(READ(struct sock, sk, __sk_common.skc_dport));
	if (out->family == AF_INET) {
		out->local_low = READ(struct sock, sk, __sk_common.skc_rcv_saddr);
		out->remote_low = READ(struct sock, sk, __sk_common.skc_daddr);
		return;
	}
	bpf_probe_read_kernel(
		&out->local_high, IPV6_BYTES,
		(void *)sk + bpf_core_field_offset(struct sock, __sk_common.skc_v6_rcv_saddr));
	bpf_probe_read_kernel(&out->remote_high, IPV6_BYTES,
			      (void *)sk +
				      bpf_core_field_offset(struct sock, __sk_common.skc_v6_daddr));
}

static __always_inline void append_unix_name(struct slot *slot, struct string_ref *ref,
					     struct unix_address *address)
{
	__u32 length = READ(struct unix_address, address, len) - sizeof(__u16);

	if (length > 0 && length <= SUN_PATH_MAX)
		append_bytes(slot, ref,
			     (void *)address +
				     bpf_core_field_offset(struct unix_address, name[0].sun_path),
			     length);
}

/* The peer's name, which it was connected by; its own where it has no peer. */
static __always_inline void fill_unix(struct slot *slot, struct socket_object *out,
				      struct unix_sock *sk)
{
	struct unix_sock *peer = (void *)READ(struct unix_sock, sk, peer);
	struct unix_address *address = NULL;

	if (peer)
		address = READ(struct unix_sock, peer, addr);
	if (!address)
		address = READ(struct unix_sock, sk, addr);
	if (address)
		append_unix_name(slot, &out->path, address);
}

/* NULL for all but unix sockets: who listened, or who connected. */
static __always_inline struct pid *peer_of(struct file *file)
{
	struct socket *socket = READ(struct file, file, private_data);
	struct sock *sk = READ(struct socket, socket, sk);

	if (!sk || READ(struct sock, sk, __sk_common.skc_family) != AF_UNIX)
		return NULL;
	return READ(struct sock, sk, sk_peer_pid);
}

static __noinline int fill_socket(struct slot *slot, struct socket_object *out,
				  struct target *target, struct file *file)
{
	struct socket *socket = READ(struct file, file, private_data);
	struct sock *sk = READ(struct socket, socket, sk);

	if (!sk)
		return 0;
	out->family = READ(struct sock, sk, __sk_common.skc_family);
	out->type = (__u16)READ(struct socket, socket, type);
	out->protocol = READ(struct sock, sk, sk_protocol);
	if (out->family == AF_INET || out->family == AF_INET6)
		fill_inet(out, sk);
	if (out->family != AF_UNIX)
		return 0;
	fill_unix(slot, out, (void *)sk);
	fill_target_pid(target, peer_of(file));
	return 0;
}

#endif
