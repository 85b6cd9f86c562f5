/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What it costs to ask whose a task is: at getppid by the given process, many
 * lookups of the current task, and as many turns of the same loop without.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "lib/member.bpf.h"
#include "lib/syscall.bpf.h"

#define TURNS 10000
#define OTHERS 1000

struct times {
	__u64 empty_ns, lookup_ns, found;
};

const volatile __u32 tgid = 0;
const volatile __u32 getppid_nr = 0;
const volatile __u32 is_member = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct times);
} results SEC(".maps");

static long turn(__u32 index, __u64 *found)
{
	*(volatile __u64 *)found += index & 1;
	return 0;
}

static long look(__u32 index, __u64 *found)
{
	*(volatile __u64 *)found += index & 1;
	if (find_member(bpf_get_current_task_btf()))
		*found += 2;
	return 0;
}

/* A map with other entries in it, as on a host with containers. */
static long fill(__u32 index, void *unused)
{
	struct member_entry other = { .container = 1 };
	__u64 address = 0xffff888000000000ULL + index * 0x2000ULL;

	bpf_map_update_elem(&members, &address, &other, BPF_ANY);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(lookup, struct pt_regs *regs, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct member_entry own = { .container = 1 };
	__u64 address = (__u64)task, found = 0;
	struct times *times;
	__u32 key = 0;
	__u64 start;

	if ((__u32)task->tgid != tgid || syscall_nr(regs) != getppid_nr)
		return 0;
	times = bpf_map_lookup_elem(&results, &key);
	if (!times)
		return 0;
	bpf_loop(OTHERS, fill, NULL, 0);
	if (is_member)
		bpf_map_update_elem(&members, &address, &own, BPF_ANY);
	start = bpf_ktime_get_ns();
	bpf_loop(TURNS, turn, &found, 0);
	times->empty_ns = bpf_ktime_get_ns() - start;
	start = bpf_ktime_get_ns();
	bpf_loop(TURNS, look, &found, 0);
	times->lookup_ns = bpf_ktime_get_ns() - start;
	times->found = found;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
