/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors that come over a unix socket: an event for each.
 *
 * Hooks: sys_exit of recvmsg and recvmmsg (programs/syscall.bpf.c), and
 * io_uring's (programs/uring.bpf.c). The kernel has written the numbers into the
 * caller's control message, which another thread may have rewritten since; what
 * they stand for is the kernel's struct file.
 *
 * Known gap: what a peer passes in the registered files of an io_uring.
 */
#include "lib/syscall.bpf.h"
#include "lib/wanted.bpf.h"

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define GATHERED_MAX 256 /* one message can bring 253: SCM_MAX_FD */
#define RECEIVE_STEPS (GATHERED_MAX + 64)

/* struct msghdr, in words of the caller's size; struct mmsghdr has one more. */
enum { MSG_CONTROL = 4, MSG_CONTROLLEN = 5, MSG_WORDS = 7 };

/* A walk over messages, their control parts and the descriptors in them. */
struct receipt {
	__u64 message;
	__u64 messages; /* after this one */
	__u64 control;	/* the part that comes next */
	__u64 left;	/* bytes from there on */
	__u64 rights;	/* the descriptor that comes next */
	__u32 fds;	/* how many from there on */
	__u32 word;	/* of the caller, in bytes */
	__u32 count;	/* of descriptors that were found */
};

static __always_inline __u64 read_word(__u64 from, __u32 size)
{
	__u64 value = 0;

	if (size == sizeof(__u32))
		bpf_probe_read_user(&value, sizeof(__u32), (const void *)from);
	else
		bpf_probe_read_user(&value, sizeof(__u64), (const void *)from);
	return value;
}

/* A message as the call left it: the length of its control part is what is there. */
static __always_inline void open_message(struct receipt *receipt)
{
	receipt->control = read_word(receipt->message + MSG_CONTROL * receipt->word, receipt->word);
	receipt->left = read_word(receipt->message + MSG_CONTROLLEN * receipt->word, receipt->word);
}

/* The next part of a message: its length, level and type, then what it is about. */
static __always_inline void open_control(struct receipt *receipt)
{
	__u32 word = receipt->word, head = word + 2 * sizeof(__u32), kind[2] = {};
	__u64 length = read_word(receipt->control, word);

	if (length < head || length > receipt->left) {
		receipt->left = 0;
		return;
	}
	bpf_probe_read_user(kind, sizeof(kind), (const void *)receipt->control + word);
	if (kind[0] == SOL_SOCKET && kind[1] == SCM_RIGHTS) {
		receipt->rights = receipt->control + head;
		receipt->fds = (length - head) / sizeof(__u32);
	}
	length = (length + word - 1) & ~(__u64)(word - 1);
	receipt->control += length;
	receipt->left = length < receipt->left ? receipt->left - length : 0;
}

/* Descriptors are gathered where paths are walked. */
static __always_inline __u32 *gathered(struct slot *slot, __u32 index)
{
	return (__u32 *)slot->path + (index & (GATHERED_MAX - 1));
}

/* It lies where the record will be, so that it has room in a global function's slot. */
static __always_inline struct receipt *receipt_of(struct slot *slot)
{
	return (struct receipt *)slot->record;
}

/* A step of the walk; 0 at its end. A function of its own, or every step is verified anew. */
__noinline int receive_step(__u32 number)
{
	struct slot *slot = find_slot(number);
	struct receipt *receipt;

	if (!slot)
		return 0;
	receipt = receipt_of(slot);
	if (receipt->fds) {
		bpf_probe_read_user(gathered(slot, receipt->count), sizeof(__u32),
				    (const void *)receipt->rights);
		receipt->count++;
		receipt->rights += sizeof(__u32);
		receipt->fds--;
	} else if (receipt->control && receipt->left > receipt->word + 2 * sizeof(__u32)) {
		open_control(receipt);
	} else if (receipt->messages) {
		receipt->messages--;
		receipt->message += (MSG_WORDS + 1) * receipt->word;
		open_message(receipt);
	} else {
		return 0;
	}
	return 1;
}

/* Returns how many descriptors were gathered. @messages: how many came, at least one. */
static __noinline __u32 gather(struct slot *slot, __u64 message, __u64 messages, __u32 abi)
{
	struct receipt *receipt = receipt_of(slot);

	__builtin_memset(receipt, 0, sizeof(*receipt));
	receipt->message = message;
	receipt->messages = messages - 1;
	receipt->word = abi == ABI_COMPAT ? sizeof(__u32) : sizeof(__u64);
	open_message(receipt);
	for (__u32 i = 0; i < RECEIVE_STEPS; i++)
		if (!receive_step(slot->number))
			return receipt->count;
	count_loss(LOSS_TRUNCATED, EVENT_RECEIVE_FD);
	return receipt->count;
}

__noinline int report_received(__u32 socket, __u32 fd)
{
	struct slot *slot = begin_call(EVENT_RECEIVE_FD, 0);

	if (!slot)
		return 0;
	call_args(slot)[0] = socket;
	call_args(slot)[1] = fd;
	/* Not by finish_call: its frames are more than the stack has room for here. */
	fill_call_file(slot, fd);
	fill_call_peer(slot->number, socket);
	submit_record(slot, current_task());
	release_slot(slot);
	return 0;
}

static __always_inline int receive_fds(__u32 socket, __u64 message, __u64 messages, __u32 abi)
{
	struct slot *slot = claim_slot(EVENT_RECEIVE_FD);
	__u32 count;

	if (!slot)
		return 0;
	count = gather(slot, message, messages, abi);
	for (__u32 i = 0; i < GATHERED_MAX; i++) {
		if (i >= count)
			break;
		report_received(socket, *gathered(slot, i));
	}
	release_slot(slot);
	return 0;
}

/* @in_memory: as for on_call */
static __noinline int on_receive(struct pt_regs *regs, __u32 abi, __u8 type, long result,
				 __u32 in_memory)
{
	__u64 socket = ARG1(regs, abi), message = ARG2(regs, abi);

	if (result < 0 || (type == EVENT_RECVMMSG && !result))
		return 0;
	if (in_memory) {
		socket = read_word(message, sizeof(__u32));
		message = read_word(message + sizeof(__u32), sizeof(__u32));
	}
	return receive_fds(socket, message, type == EVENT_RECVMMSG ? result : 1, abi);
}
