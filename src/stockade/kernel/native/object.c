/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

#define LINKS_MAX 512
#define LINGER_S 30

/* BPF_LOG_STATS of linux/bpf_verifier.h: numbers and a line for each function, no log. */
#define LOG_STATS 4
#define STATS_SIZE 65536

struct core_object {
	struct bpf_object *bpf;
	void *elf;
	char *stats; /* STATS_SIZE bytes a program, in their order; NULL when not measured */
	struct bpf_link *links[LINKS_MAX];
	__u32 linked[LINKS_MAX]; /* ids of their programs */
	int link_count;
	int functions[LINKS_MAX]; /* descriptors of links to functions */
	int function_count;
};

const char *core_libbpf_version(void)
{
	return libbpf_version_string();
}

int core_possible_cpus(void)
{
	return libbpf_num_possible_cpus();
}

core_object *core_open(const void *elf, size_t size, const char *name, int *error)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);
	core_object *object = calloc(1, sizeof(*object));

	log_capture();
	if (object)
		object->elf = malloc(size);
	if (!object || !object->elf) {
		free(object);
		*error = -ENOMEM;
		return NULL;
	}
	memcpy(object->elf, elf, size);
	object->bpf = bpf_object__open_mem(object->elf, size, &options);
	if (!object->bpf) {
		*error = -errno;
		free(object->elf);
		free(object);
		return NULL;
	}
	return object;
}

static int is_function_link(const core_object *object, int fd)
{
	for (int i = 0; i < object->function_count; i++)
		if (object->functions[i] == fd)
			return 1;
	return 0;
}

/*
 * The kernel waits for every task of the host to have left a function before it
 * lets go of it, one function after the other: half a minute for all. A process
 * that nobody waits for has the links when we are gone, and nothing else, and ends.
 * It keeps them for a while: whoever starts meanwhile has his functions beside ours,
 * without waiting, and ours then go without waiting, too. What a link leads to is
 * gone at once, with the last descriptor of the map.
 */
static void leave_functions(const core_object *object)
{
	pid_t child;
	int limit;

	if (!object->function_count)
		return;
	child = fork();
	if (child > 0)
		waitpid(child, NULL, 0);
	if (child)
		return; /* or nobody could be made: then we wait */
	if (fork())
		_exit(0);
	limit = (int)sysconf(_SC_OPEN_MAX);
	for (int fd = 0; fd < limit; fd++)
		if (!is_function_link(object, fd))
			close(fd);
	signal(SIGTERM, SIG_DFL);
	sleep(LINGER_S);
	_exit(0);
}

void core_close(core_object *object)
{
	for (int i = 0; i < object->link_count; i++)
		bpf_link__destroy(object->links[i]);
	leave_functions(object);
	for (int i = 0; i < object->function_count; i++)
		close(object->functions[i]);
	bpf_object__close(object->bpf);
	free(object->stats);
	free(object->elf);
	free(object);
}

const char *core_program_name(core_object *object, size_t index)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, object->bpf)
		if (index-- == 0)
			return bpf_program__name(program);
	return NULL;
}

static struct bpf_map *section_map(core_object *object, const char *section)
{
	struct bpf_map *map;

	/* libbpf names these maps <object><section>. */
	bpf_object__for_each_map (map, object->bpf) {
		const char *name = bpf_map__name(map);
		size_t name_length = strlen(name), length = strlen(section);

		if (bpf_map__is_internal(map) && name_length >= length &&
		    !strcmp(name + name_length - length, section))
			return map;
	}
	return NULL;
}

static const struct btf_var_secinfo *find_variable(const struct btf *btf, const char *section,
						   const char *name)
{
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_var_secinfo *variable;
	const struct btf_type *type;

	if (id < 0)
		return NULL;
	type = btf__type_by_id(btf, (__u32)id);
	variable = btf_var_secinfos(type);
	for (int i = 0; i < btf_vlen(type); i++, variable++) {
		const struct btf_type *var = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, var->name_off), name))
			return variable;
	}
	return NULL;
}

int core_set_variable(core_object *object, const char *name, const void *value, size_t size)
{
	static const char *const sections[] = { ".rodata", ".data", ".bss", ".data.wishes" };
	const struct btf *btf = bpf_object__btf(object->bpf);

	for (size_t i = 0; btf && i < sizeof(sections) / sizeof(*sections); i++) {
		const struct btf_var_secinfo *variable = find_variable(btf, sections[i], name);
		struct bpf_map *map = variable ? section_map(object, sections[i]) : NULL;
		size_t map_size;
		char *initial;

		if (!map)
			continue;
		initial = (char *)bpf_map__initial_value(map, &map_size);
		if (variable->size != size)
			return -EMSGSIZE;
		if (!initial || variable->offset + size > map_size)
			return -EINVAL;
		memcpy(initial + variable->offset, value, size);
		return 0;
	}
	return -ENOENT;
}

int core_set_autoload(core_object *object, const char *program, int on)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);

	return found ? bpf_program__set_autoload(found, on) : -ENOENT;
}

int core_set_max_entries(core_object *object, const char *map, uint32_t entries)
{
	struct bpf_map *found = bpf_object__find_map_by_name(object->bpf, map);

	return found ? bpf_map__set_max_entries(found, entries) : -ENOENT;
}

int core_use_map(core_object *object, const char *map, int map_fd)
{
	struct bpf_map *found = bpf_object__find_map_by_name(object->bpf, map);

	return found ? bpf_map__reuse_fd(found, map_fd) : -ENOENT;
}

int core_measure(core_object *object)
{
	struct bpf_program *program;
	size_t count = 0;

	bpf_object__for_each_program (program, object->bpf)
		count++;
	object->stats = calloc(count, STATS_SIZE);
	if (!object->stats)
		return -ENOMEM;
	count = 0;
	bpf_object__for_each_program (program, object->bpf) {
		bpf_program__set_log_level(program, LOG_STATS);
		bpf_program__set_log_buf(program, object->stats + count++ * STATS_SIZE, STATS_SIZE);
	}
	return 0;
}

/* Loading takes some 10 MB, for the kernel's types, which the allocator would keep for good. */
static void return_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

int core_load(core_object *object)
{
	int err = bpf_object__load(object->bpf);

	return_memory();
	return err;
}

int core_verified(core_object *object, const char *program)
{
	struct bpf_program *each;
	const char *stats = object->stats, *said;
	int count;

	if (!stats)
		return -EINVAL;
	bpf_object__for_each_program (each, object->bpf) {
		if (!strcmp(bpf_program__name(each), program)) {
			said = strstr(stats, "processed ");
			return said && sscanf(said, "processed %d", &count) == 1 ? count : -ENODATA;
		}
		stats += STATS_SIZE;
	}
	return -ENOENT;
}

int core_try_ring(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "try_ring", 0, 0, getpagesize(), NULL);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int core_map_fd(core_object *object, const char *map)
{
	return bpf_object__find_map_fd_by_name(object->bpf, map);
}

int core_map_sizes(core_object *object, const char *map, uint32_t sizes[3])
{
	struct bpf_map *found = bpf_object__find_map_by_name(object->bpf, map);

	if (!found)
		return -ENOENT;
	sizes[0] = bpf_map__key_size(found);
	sizes[1] = bpf_map__value_size(found);
	sizes[2] = bpf_map__max_entries(found);
	return 0;
}

int core_program_fd(core_object *object, const char *program)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);

	return found ? bpf_program__fd(found) : -ENOENT;
}

static int link_info(struct bpf_link *link, struct bpf_link_info *info)
{
	__u32 length = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(bpf_link__fd(link), info, &length);
}

static int keep_link(core_object *object, struct bpf_link *link)
{
	struct bpf_link_info info;

	if (!link)
		return -errno;
	object->links[object->link_count] = link;
	link_info(link, &info);
	object->linked[object->link_count] = info.prog_id;
	return object->link_count++;
}

int core_attach(core_object *object, const char *program)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);

	if (!found)
		return -ENOENT;
	if (object->link_count == LINKS_MAX)
		return -E2BIG;
	return keep_link(object, bpf_program__attach(found));
}

/* The kernel's own types: parsed once, kept for good. */
static struct btf *kernel_types(void)
{
	static struct btf *types;

	if (!types)
		types = btf__load_vmlinux_btf();
	return types;
}

int core_set_target(core_object *object, const char *program, const char *function)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);

	return found ? bpf_program__set_attach_target(found, 0, function) : -ENOENT;
}

int core_function_type(const char *function)
{
	struct btf *types = kernel_types();
	int id;

	if (!types)
		return -errno;
	id = btf__find_by_name_kind(types, function, BTF_KIND_FUNC);
	return id < 0 ? -ENOENT : (int)btf__type_by_id(types, (__u32)id)->type;
}

int core_function_arguments(const char *function)
{
	int type = core_function_type(function);

	return type < 0 ? type : btf_vlen(btf__type_by_id(kernel_types(), (__u32)type));
}

static int load_at(enum bpf_attach_type place, int type_id, const char *function,
		   const struct bpf_insn *program, size_t length)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = place,
		    .attach_btf_id = (__u32)type_id);
	char name[BPF_OBJ_NAME_LEN];
	int fd;

	snprintf(name, sizeof(name), "%s",
		 strstr(function, "sys_") ? strstr(function, "sys_") : function);
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, name, "Dual BSD/GPL", program, length, &options);
	return fd < 0 ? -errno : fd;
}

/* r1 is the context, as every program gets it; what follows a tail call runs only if that fails. */
static int load_jump(int jumps_fd, const char *function, int type_id)
{
	const struct bpf_insn jump[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = jumps_fd },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load_at(BPF_TRACE_FEXIT, type_id, function, jump, sizeof(jump) / sizeof(*jump));
}

int core_try_function(const char *function, int reads)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_DW | BPF_MEM, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	size_t skipped = !reads;
	struct btf *types = kernel_types();
	int id, fd;

	if (!types)
		return -errno;
	id = btf__find_by_name_kind(types, function, BTF_KIND_FUNC);
	if (id < 0)
		return -ENOENT;
	fd = load_at(BPF_TRACE_FENTRY, id, function, program + skipped,
		     sizeof(program) / sizeof(*program) - skipped);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int core_lead_to(core_object *object, const char *jumps, const char *program)
{
	int map = core_map_fd(object, jumps), target = core_program_fd(object, program);
	__u32 first = 0;

	if (map < 0 || target < 0)
		return -ENOENT;
	return bpf_map_update_elem(map, &first, &target, BPF_ANY) ? -errno : 0;
}

int core_attach_function(core_object *object, const char *jumps, const char *function)
{
	struct btf *types = kernel_types();
	int type_id, map = core_map_fd(object, jumps), jump, link;

	if (map < 0 || !types)
		return map < 0 ? map : -errno;
	type_id = btf__find_by_name_kind(types, function, BTF_KIND_FUNC);
	if (type_id < 0)
		return -ENOENT;
	if (object->function_count == LINKS_MAX)
		return -E2BIG;
	jump = load_jump(map, function, type_id);
	if (jump < 0)
		return jump;
	link = bpf_raw_tracepoint_open(NULL, jump);
	if (link < 0)
		link = -errno;
	else
		object->functions[object->function_count++] = link;
	close(jump); /* the link keeps it */
	return link < 0 ? link : object->function_count - 1;
}

int core_attach_cgroup(core_object *object, const char *program, int cgroup_fd)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);

	if (!found)
		return -ENOENT;
	if (object->link_count == LINKS_MAX)
		return -E2BIG;
	return keep_link(object, bpf_program__attach_cgroup(found, cgroup_fd));
}

int64_t core_program_misses(core_object *object, const char *program)
{
	int fd = core_program_fd(object, program), err;
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	return err < 0 ? err : (int64_t)info.recursion_misses;
}

int core_is_iterator(core_object *object, const char *program)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);

	if (!found)
		return -ENOENT;
	return bpf_program__expected_attach_type(found) == BPF_TRACE_ITER;
}

int core_run_iterator(core_object *object, const char *program)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);
	struct bpf_link *link;
	char buffer[4096];
	int fd, total = 0;
	ssize_t length;

	if (!found)
		return -ENOENT;
	link = bpf_program__attach_iter(found, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		bpf_link__destroy(link);
		return fd;
	}
	while ((length = read(fd, buffer, sizeof(buffer))) > 0)
		total += (int)length;
	if (length < 0)
		total = -errno;
	close(fd);
	bpf_link__destroy(link);
	return total;
}

int core_map_lookup(int map_fd, const void *key, void *value)
{
	return bpf_map_lookup_elem(map_fd, key, value);
}

int core_map_update(int map_fd, const void *key, const void *value, uint64_t flags)
{
	return bpf_map_update_elem(map_fd, key, value, flags);
}

int core_map_delete(int map_fd, const void *key)
{
	return bpf_map_delete_elem(map_fd, key);
}

int core_map_next_key(int map_fd, const void *key, void *next)
{
	return bpf_map_get_next_key(map_fd, key, next);
}

int core_mount_bpffs(const char *directory)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	return mount("bpf", directory, "bpf", flags, "mode=700") ? -errno : 0;
}

int core_pin_map(int map_fd, const char *path)
{
	return bpf_obj_pin(map_fd, path);
}

int core_is_attached(core_object *object, int link)
{
	struct bpf_link_info info;
	int err;

	if (link < 0 || link >= object->link_count)
		return -ENOENT;
	err = link_info(object->links[link], &info);
	if (err < 0)
		return err;
	/* What was detached leads to no cgroup. */
	return info.prog_id == object->linked[link] &&
	       (info.type != BPF_LINK_TYPE_CGROUP || info.cgroup.cgroup_id);
}

int core_pin_link(core_object *object, int link, const char *path)
{
	if (link < 0 || link >= object->link_count)
		return -ENOENT;
	return bpf_obj_pin(bpf_link__fd(object->links[link]), path) ? -errno : 0;
}

int core_pin_function(core_object *object, int function, const char *path)
{
	if (function < 0 || function >= object->function_count)
		return -ENOENT;
	return bpf_obj_pin(object->functions[function], path) ? -errno : 0;
}

int core_open_pinned(const char *path, uint32_t sizes[3])
{
	struct bpf_map_info info = { 0 };
	__u32 length = sizeof(info);
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	if (err < 0) {
		close(fd);
		return err;
	}
	sizes[0] = info.key_size;
	sizes[1] = info.value_size;
	sizes[2] = info.max_entries;
	return fd;
}
