/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STOCKADE_LIB_CONFIG_H
#define STOCKADE_LIB_CONFIG_H

#include "config.h"

const volatile struct config config = {};

/* A map of its own, which the agent writes as a whole. */
struct wishes wishes SEC(".data.wishes") = {};

/* enum need_flags by event type; set before the filters that have them. */
__u8 filter_needs[EVENT_TYPES] SEC(".data.needs") = {};

/* The same of what decides. */
__u8 decision_needs[EVENT_TYPES] SEC(".data.decisions") = {};

#endif
