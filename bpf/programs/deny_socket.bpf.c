/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Internet sockets as they are made, bound and connected, and messages as they are sent,
 * decided before the first packet, on every tier. The address is the kernel's copy: nobody
 * changes it between the decision and the act.
 *
 * Hooks: cgroup/connect*, sendmsg*, bind*, sock_create, attached once at the cgroup v2
 * root: whose act it is goes by descent, as elsewhere. They are asked for TCP and UDP,
 * whoever acts: a system call, a fast open by sendto, io_uring; sock_create for raw
 * sockets, too.
 *
 * Known gaps: other acts of raw sockets and all of other families, AF_PACKET among
 * them, are not asked about; messages that name nobody (of a connected socket) neither.
 * That a socket is taken off its address again (AF_UNSPEC) is not, either. A bind to
 * port 0 is asked about before the kernel has chosen one.
 */
#include "lib/decide.bpf.h"
#include "lib/socket.bpf.h"

#define MAPPED bpf_htonl(0xffff) /* of an IPv4 address in an IPv6 one, the third word */

/* What a hook is told, words and port in network byte order; the same of every hook. */
struct asked {
	__u32 family, type, protocol;
	__u32 port;
	__u32 words[4]; /* of an IPv6 address; of an IPv4 one, as it is mapped into that */
};

/* As user space lays them out: struct sockaddr_in, or in6 */
struct sockaddr_any {
	__u16 family;
	__be16 port;
	__u32 words[6];
};

#define SOCKADDR_IN 16
#define SOCKADDR_IN6 28

#define ASKED(ctx, ...)                                                                            \
	(&(struct asked){                                                                          \
		(ctx)->family, (ctx)->type, (ctx)->protocol, (ctx)->user_port, { __VA_ARGS__ } })
#define ASKED4(ctx) ASKED(ctx, 0, 0, MAPPED, (ctx)->user_ip4)
#define ASKED6(ctx)                                                                                \
	ASKED(ctx, (ctx)->user_ip6[0], (ctx)->user_ip6[1], (ctx)->user_ip6[2], (ctx)->user_ip6[3])

static __always_inline bool is_mapped(const struct asked *asked)
{
	return !asked->words[0] && !asked->words[1] && asked->words[2] == MAPPED;
}

/* The address as a caller would give it. */
static __noinline int append_asked(struct slot *slot, struct call_record *record,
				   const struct asked *asked)
{
	struct sockaddr_any address = { .family = AF_INET6, .port = asked->port };

	if (is_mapped(asked)) {
		address.family = AF_INET;
		address.words[0] = asked->words[3];
		return append_bytes(slot, &record->address, &address, SOCKADDR_IN);
	}
	__builtin_memcpy(&address.words[1], asked->words, sizeof(asked->words));
	return append_bytes(slot, &record->address, &address, SOCKADDR_IN6);
}

static __always_inline __u64 word_of(__u32 first, __u32 second)
{
	return first | (__u64)second << 32;
}

static __always_inline void fill_ends(struct socket_object *socket, const struct asked *asked,
				      bool local)
{
	__u64 high = word_of(asked->words[0], asked->words[1]);
	__u64 low = word_of(asked->words[2], asked->words[3]);

	if (asked->family == AF_INET) {
		high = 0;
		low = asked->words[3];
	}
	if (local) {
		socket->local_port = bpf_ntohs(asked->port);
		socket->local_high = high;
		socket->local_low = low;
		return;
	}
	socket->remote_port = bpf_ntohs(asked->port);
	socket->remote_high = high;
	socket->remote_low = low;
}

static __noinline int build_act(__u8 type, const struct asked *asked)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	struct call_record *record;
	struct slot *slot;

	if (!may_be_decided(member) || !is_decided(member, type))
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct call_record);
	begin_decision(slot, RECORD_CALL, type, task, member);
	record->socket.family = asked->family;
	record->socket.type = asked->type;
	record->socket.protocol = asked->protocol;
	if (type == EVENT_SOCKET) {
		record->args[0] = asked->family;
		record->args[1] = asked->type;
		return unjudged(slot);
	}
	fill_ends(&record->socket, asked, type == EVENT_BIND);
	append_asked(slot, record, asked);
	return unjudged(slot);
}

/* What no system call for one message asks for (sendmmsg, io_uring) is told of as sendmsg. */
static __always_inline __u8 sending_call(void)
{
	return call_in_progress(current_task()) == EVENT_SENDTO ? EVENT_SENDTO : EVENT_SENDMSG;
}

DENY_CGROUP(connect4, struct bpf_sock_addr, build_act(EVENT_CONNECT, ASKED4(ctx)))
DENY_CGROUP(connect6, struct bpf_sock_addr, build_act(EVENT_CONNECT, ASKED6(ctx)))
DENY_CGROUP(sendmsg4, struct bpf_sock_addr, build_act(sending_call(), ASKED4(ctx)))
DENY_CGROUP(sendmsg6, struct bpf_sock_addr, build_act(sending_call(), ASKED6(ctx)))
DENY_CGROUP(bind4, struct bpf_sock_addr, build_act(EVENT_BIND, ASKED4(ctx)))
DENY_CGROUP(bind6, struct bpf_sock_addr, build_act(EVENT_BIND, ASKED6(ctx)))
DENY_CGROUP(sock_create, struct bpf_sock,
	    build_act(EVENT_SOCKET,
		      (&(struct asked){ ctx->family, ctx->type, ctx->protocol, 0, { 0 } })))
