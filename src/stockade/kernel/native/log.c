/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "core.h"

/* A verifier log ends with what matters, so a full buffer forgets its older half. */
static __thread char text[1 << 20];
static __thread size_t length;

static int capture(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t half = sizeof(text) / 2;
	int written;

	if (level == LIBBPF_DEBUG)
		return 0;
	if (length > half) {
		memmove(text, text + length - half, half);
		length = half;
	}
	written = vsnprintf(text + length, sizeof(text) - length, format, args);
	if (written > 0)
		length += (size_t)written < sizeof(text) - length ? (size_t)written
								  : sizeof(text) - length - 1;
	return written;
}

void log_capture(void)
{
	libbpf_set_print(capture);
}

size_t core_take_log(char *buffer, size_t capacity)
{
	size_t skip = length > capacity ? length - capacity : 0;
	size_t taken = length - skip;

	memcpy(buffer, text + skip, taken);
	length = 0;
	return taken;
}
