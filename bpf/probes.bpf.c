/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One small program for each way of attaching, to find out what a kernel
 * allows by doing it: load, attach, act, see whether it fired (for anybody).
 * They only count, and hand on the verdict they were given.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

static __always_inline void hit(void)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&hits, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(probe_tp_btf, struct pt_regs *regs, long result)
{
	hit();
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(probe_fentry, struct file *file)
{
	hit();
	return 0;
}

SEC("fexit/security_file_open")
int BPF_PROG(probe_fexit, struct file *file, int result)
{
	hit();
	return 0;
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(probe_fmod_ret, struct file *file, int result)
{
	hit();
	return result;
}

SEC("lsm/file_open")
int BPF_PROG(probe_lsm, struct file *file, int result)
{
	hit();
	return result;
}

SEC("iter/task")
int probe_iter(struct bpf_iter__task *ctx)
{
	hit();
	return 0;
}

SEC("cgroup/sock_create")
int probe_sock(void *ctx)
{
	hit();
	return 1;
}

SEC("cgroup/connect4")
int probe_connect(void *ctx)
{
	hit();
	return 1;
}

SEC("cgroup/sysctl")
int probe_sysctl(void *ctx)
{
	hit();
	return 1;
}

SEC("cgroup/dev")
int probe_device(void *ctx)
{
	hit();
	return 1;
}

/* Whether such programs may: 0 sends nothing. */
SEC("cgroup/connect4")
int probe_signal(void *ctx)
{
	bpf_send_signal(0);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
