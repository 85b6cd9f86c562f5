/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All programs as one object, so that they share maps and one copy of each subprogram. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "programs/provenance.bpf.c"
#include "programs/file.bpf.c"
#include "programs/object.bpf.c"
#include "programs/call.bpf.c"
#include "programs/cgroup.bpf.c"
#include "programs/deny_call.bpf.c"
#include "programs/deny_file.bpf.c"
#include "programs/deny_kernel.bpf.c"
#include "programs/deny_process.bpf.c"
#include "programs/deny_socket.bpf.c"
#include "programs/process.bpf.c"
#include "programs/receive.bpf.c"
#include "programs/sweep.bpf.c"
#include "programs/syscall.bpf.c"
#include "programs/uring.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* clang leaves an enum out of BTF unless a variable has it. */
const volatile struct {
	enum event_type event_type;
	enum record_kind record_kind;
	enum string_state string_state;
	enum string_flags string_flags;
	enum path_flags path_flags;
	enum target_flags target_flags;
	enum fd_flags fd_flags;
	enum loss_reason loss_reason;
	enum outcome outcome;
	enum role role;
	enum container_state container_state;
	enum member_flags member_flags;
	enum boundary_flags boundary_flags;
	enum namespace_flags namespace_flags;
	enum wanted_flags wanted_flags;
	enum need_flags need_flags;
	enum verdict verdict;
	enum view view;
} enums = {};
