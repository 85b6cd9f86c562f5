/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STOCKADE_LOG_H
#define STOCKADE_LOG_H

/* Have libbpf's messages kept for core_take_log instead of printed. */
void log_capture(void);

#endif
