/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STOCKADE_LIB_CONFIG_H
#define STOCKADE_LIB_CONFIG_H

#include "config.h"

const volatile struct config config = {};

/*
 * enum event_type by system call number, EVENT_NONE where no rule asks for it:
 * of the kernel's own ABI in the low byte, of the 32-bit one in the high byte.
 */
const volatile __u16 syscall_types[SYSCALL_COUNT] = {};

/* The same of the calls whose functions are hooked; a call is in one of the two tables. */
const volatile __u16 function_types[SYSCALL_COUNT] = {};

/* By enum event_type. */
const volatile struct call_shape call_shapes[EVENT_TYPES] = {};

#endif
