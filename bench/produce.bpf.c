/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of an open's size, a thousand for each getppid of the given process. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "events.h"
#include "lib/syscall.bpf.h"

#define RECORDS 1000
#define RECORD_BYTES 960

const volatile __u32 tgid = 0;
const volatile __u32 getppid_nr = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

static char record[RECORD_BYTES];

static long produce(__u32 index, __u64 *missed)
{
	if (bpf_ringbuf_output(&events, record, RECORD_BYTES, 0))
		(*missed)++;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 missed = 0, *total;
	__u32 key = 0;

	if ((__u32)task->tgid != tgid || syscall_nr(regs) != getppid_nr)
		return 0;
	bpf_loop(RECORDS, produce, &missed, 0);
	total = bpf_map_lookup_elem(&lost, &key);
	if (total)
		*total += missed;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
