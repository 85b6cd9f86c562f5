/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

int core_create_hash(const char *name, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	return bpf_map_create(BPF_MAP_TYPE_HASH, name, key_size, value_size, entries, NULL);
}

int core_create_table(const void *data, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_RDONLY_PROG);
	__u32 key = 0;
	int fd, err;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "filter_tables", sizeof(key), (__u32)size, 1,
			    &options);
	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(fd, &key, data, 0);
	/* Frozen, so that the verifier could read it, and nobody changes it. */
	if (!err)
		err = bpf_map_freeze(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int core_load_filter(const char *hook, int way, const void *code, size_t count, char *log,
		     size_t log_size)
{
	static const enum bpf_attach_type ways[] = { BPF_TRACE_RAW_TP, BPF_TRACE_FEXIT, BPF_LSM_MAC,
						     BPF_MODIFY_RETURN };
	static const int cgroup = sizeof(ways) / sizeof(ways[0]);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = (__u32)log_size);
	enum bpf_prog_type type = BPF_PROG_TYPE_RAW_TRACEPOINT;

	log[0] = 0;
	if (hook && way == cgroup) {
		int err = libbpf_prog_type_by_name(hook, &type, &options.expected_attach_type);

		if (err)
			return err;
	} else if (hook) {
		enum bpf_attach_type at = ways[way];
		int id = libbpf_find_vmlinux_btf_id(hook, at);

		if (id < 0)
			return id;
		type = at == BPF_LSM_MAC ? BPF_PROG_TYPE_LSM : BPF_PROG_TYPE_TRACING;
		options.expected_attach_type = at;
		options.attach_btf_id = (__u32)id;
	}
	return bpf_prog_load(type, "filter", "Dual BSD/GPL", code, count, &options);
}

int core_run_filter(int program_fd)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	__u64 context[2] = { 0 };

	options.ctx_in = context;
	options.ctx_size_in = sizeof(context);
	return bpf_prog_test_run_opts(program_fd, &options);
}

int core_synchronize(void)
{
	/* It waits for the same grace period that lets go of what programs look up. */
	return syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) ? -errno : 0;
}

int core_enable_stats(void)
{
	return bpf_enable_stats(BPF_STATS_RUN_TIME);
}

int core_program_times(int program_fd, uint64_t times[2])
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);
	int err = bpf_obj_get_info_by_fd(program_fd, &info, &length);

	if (err)
		return err;
	times[0] = info.run_time_ns;
	times[1] = info.run_cnt;
	return 0;
}

int core_program_sizes(int program_fd, uint32_t sizes[3])
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);
	int err = bpf_obj_get_info_by_fd(program_fd, &info, &length);

	if (err)
		return err;
	sizes[0] = info.xlated_prog_len / 8;
	sizes[1] = info.verified_insns;
	sizes[2] = info.jited_prog_len;
	return 0;
}
