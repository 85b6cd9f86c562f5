/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STOCKADE_LIB_CONFIG_H
#define STOCKADE_LIB_CONFIG_H

#include "config.h"

const volatile struct config config = {};

/* enum event_type of a system call by ABI and number; EVENT_NONE where no rule asks for it. */
const volatile __u8 syscall_types[SYSCALL_ABIS][SYSCALL_COUNT] = {};

#endif
