/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What attaching costs by itself: the agent's hook, and nothing in it. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/sys_exit")
int BPF_PROG(empty, struct pt_regs *regs, long result)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
