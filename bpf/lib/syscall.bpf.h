/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls on both architectures and both ABIs. At sys_exit the arguments
 * are still in the registers, except arm64's first, which orig_x0 keeps.
 */
#ifndef STOCKADE_LIB_SYSCALL_H
#define STOCKADE_LIB_SYSCALL_H

#include "events.h"
#include "lib/config.bpf.h"
#include "lib/read.bpf.h"

#define TS_COMPAT 2		  /* x86: an int $0x80 or 32-bit sysenter call */
#define TIF_32BIT (1UL << 22)	  /* arm64: an AArch32 task */
#define X32_SYSCALL_BIT (1 << 30) /* x86: same numbers, 32-bit pointers */

#define ON_X86 bpf_core_field_exists(((struct pt_regs___x86 *)0)->orig_ax)

enum { ABI_NATIVE, ABI_COMPAT };

static __always_inline __u32 current_abi(struct task_struct *task)
{
	bool compat;

	if (ON_X86)
		compat = GET(task, thread_info.status) & TS_COMPAT;
	else
		compat = GET(task, thread_info.flags) & TIF_32BIT;
	return compat ? ABI_COMPAT : ABI_NATIVE;
}

/*
 * On v5.10 the kernel's types do not say what is behind the argument of functions
 * that can be configured out: kernel/sys_ni.c declares them, and knows no registers.
 */
static __always_inline struct pt_regs *registers_of(unsigned long long *ctx)
{
	struct pt_regs *regs = NULL;

	/* Volatile, or the compiler reads it in any case. */
	if (!config.opaque_registers)
		return *(struct pt_regs *volatile *)ctx;
	bpf_probe_read_kernel(&regs, sizeof(regs), ctx);
	return regs;
}

#define REGISTER(regs, machine, name)                                                              \
	(config.opaque_registers ? READ(struct pt_regs___##machine, (void *)(regs), name)          \
				 : ((struct pt_regs___##machine *)(regs))->name)

static __always_inline __u32 syscall_nr(struct pt_regs *regs)
{
	if (ON_X86)
		return REGISTER(regs, x86, orig_ax) & ~X32_SYSCALL_BIT;
	return REGISTER(regs, arm64, syscallno);
}

/* What rules call this system call, in either ABI: the common answer is neither. */
static __always_inline __u16 syscall_entry(struct pt_regs *regs, const __u16 *types)
{
	__u32 nr = syscall_nr(regs);

	return nr < SYSCALL_COUNT ? types[nr] : EVENT_NONE;
}

static __always_inline __u8 entry_type(__u16 entry, __u32 abi)
{
	return abi == ABI_COMPAT ? entry >> 8 : entry & 0xff;
}

/* A call in one number: functions have room for five. */
static __always_inline __u16 call_of(__u8 type, __u32 abi)
{
	return abi << 8 | type;
}

static __always_inline __u8 type_of(__u16 call)
{
	return call;
}

static __always_inline __u32 abi_of(__u16 call)
{
	return call >> 8;
}

#define ARGUMENT(regs, abi, native, compat, n)                                                     \
	({                                                                                         \
		__u64 _value;                                                                      \
		if (!ON_X86)                                                                       \
			_value = n ? REGISTER(regs, arm64, regs[n])                                \
				   : REGISTER(regs, arm64, orig_x0);                               \
		else if ((abi) == ABI_COMPAT)                                                      \
			_value = (__u32)REGISTER(regs, x86, compat);                               \
		else                                                                               \
			_value = REGISTER(regs, x86, native);                                      \
		_value;                                                                            \
	})

#define ARG1(regs, abi) ARGUMENT(regs, abi, di, bx, 0)
#define ARG2(regs, abi) ARGUMENT(regs, abi, si, cx, 1)
#define ARG3(regs, abi) ARGUMENT(regs, abi, dx, dx, 2)
#define ARG4(regs, abi) ARGUMENT(regs, abi, r10, si, 3)
#define ARG5(regs, abi) ARGUMENT(regs, abi, r8, di, 4)
#define ARG6(regs, abi) ARGUMENT(regs, abi, r9, bp, 5)

static __always_inline void read_registers(__u64 *args, struct pt_regs *regs, __u32 abi)
{
	args[0] = ARG1(regs, abi);
	args[1] = ARG2(regs, abi);
	args[2] = ARG3(regs, abi);
	args[3] = ARG4(regs, abi);
	args[4] = ARG5(regs, abi);
	args[5] = ARG6(regs, abi);
}

#endif
