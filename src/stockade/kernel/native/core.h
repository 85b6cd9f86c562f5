/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little of libbpf that the agent needs, in a shape that cffi can read: the
 * lines below the include guard's end marker are its cdef. Functions return 0
 * or a count on success and a negative errno on failure.
 */
#ifndef STOCKADE_CORE_H
#define STOCKADE_CORE_H
#include <stddef.h>
#include <stdint.h>
/* cdef */
typedef struct core_object core_object;
typedef struct core_ring core_ring;

const char *core_libbpf_version(void);
int core_possible_cpus(void);
/* What libbpf and the verifier said on this thread since the last call; returns its length. */
size_t core_take_log(char *buffer, size_t capacity);

/* Objects: a copy of the ELF image is kept until close. NULL on failure, with *error set. */
core_object *core_open(const void *elf, size_t size, const char *name, int *error);
void core_close(core_object *object);
/* The index-th program's name, NULL after the last. */
const char *core_program_name(core_object *object, size_t index);
/* Set a variable of .rodata, .data or .bss before load; its size must match. */
int core_set_variable(core_object *object, const char *name, const void *value, size_t size);
int core_set_autoload(core_object *object, const char *program, int on);
int core_set_max_entries(core_object *object, const char *map, uint32_t entries);
/* Before load: use a map that is there already, instead of a new one. */
int core_use_map(core_object *object, const char *map, int map_fd);
/* Before load: have the verifier count. Its reasons are then lost where it refuses. */
int core_measure(core_object *object);
int core_load(core_object *object);
/* After a measured load: how many instructions the verifier looked at. */
int core_verified(core_object *object, const char *program);
int core_map_fd(core_object *object, const char *map);
/* sizes: of a key, of a value (in bytes), and max_entries. */
int core_map_sizes(core_object *object, const char *map, uint32_t sizes[3]);
int core_program_fd(core_object *object, const char *program);
/* How often it was left out, because it ran already on that CPU. */
int64_t core_program_misses(core_object *object, const char *program);

/* Whether there are ring buffers: 0, or why not. */
int core_try_ring(void);

/* Links are counted from 0 in the order of attaching. */
int core_attach(core_object *object, const char *program);
/* Before load: the function of the kernel that a trampoline program is loaded for. */
int core_set_target(core_object *object, const char *program, const char *function);
/* The number of a function's type, which those that look alike share; -ENOENT for no such function
 * that trampolines can know. Needs the kernel's BTF. */
int core_function_type(const char *function);
int core_function_arguments(const char *function);
/* Whether a trampoline can pass on what a function gets: 0, or why a program for it is refused.
 * @reads: whether the program reads the first argument. */
int core_try_function(const char *function, int reads);
/* After load: have what jumps through a map of programs get to this one. */
int core_lead_to(core_object *object, const char *jumps, const char *program);
/* After load: have a map's program called at the end of a function. */
int core_attach_function(core_object *object, const char *jumps, const char *function);
int core_attach_cgroup(core_object *object, const char *program, int cgroup_fd);

/* Whether what core_attach or core_attach_cgroup attached is still there, and nothing in its place.
 */
int core_is_attached(core_object *object, int link);

/* Iterators are run, not attached. Returns how many bytes the program wrote. */
int core_is_iterator(core_object *object, const char *program);
int core_run_iterator(core_object *object, const char *program);

int core_map_lookup(int map_fd, const void *key, void *value);
int core_map_update(int map_fd, const void *key, const void *value, uint64_t flags);
int core_map_delete(int map_fd, const void *key);
/* key NULL: the first. -ENOENT after the last. */
int core_map_next_key(int map_fd, const void *key, void *next);

/* Names for maps in a BPF file system, under which they outlive us. */
int core_mount_bpffs(const char *directory);
int core_pin_map(int map_fd, const char *path);
/* Of what core_attach and core_attach_function attached, by their order. */
int core_pin_link(core_object *object, int link, const char *path);
int core_pin_function(core_object *object, int function, const char *path);
/* Returns a descriptor; sizes as in core_map_sizes. */
int core_open_pinned(const char *path, uint32_t sizes[3]);

/* A map of its own. Returns a descriptor. */
int core_create_hash(const char *name, uint32_t key_size, uint32_t value_size, uint32_t entries);
/* A map of one read-only value. Returns a descriptor. */
int core_create_table(const void *data, size_t size);
/*
 * Load count instructions that a program attached to a hook can tail-call: to a tracepoint (way 0),
 * the end of a function (1), a security hook (2), or instead of a function's result (3). Without a
 * hook, ones that core_run_filter can run. Returns a descriptor; on failure log says why.
 */
int core_load_filter(const char *hook, int way, const void *code, size_t count, char *log,
		     size_t log_size);
int core_run_filter(int program_fd);
/* Wait until no program runs that has begun before; -errno where the kernel cannot tell. */
int core_synchronize(void);
/* Have the kernel measure its programs for as long as the returned descriptor is open. */
int core_enable_stats(void);
/* times: nanoseconds that a program ran while that was measured, and how often. */
int core_program_times(int program_fd, uint64_t times[2]);
/* sizes: instructions, those that the verifier went through (0: not told), bytes of machine code.
 */
int core_program_sizes(int program_fd, uint32_t sizes[3]);

/* Rings: NULL on failure, with *error set. size is the map's max_entries. */
core_ring *core_ring_open(int map_fd, size_t size, int *error);
void core_ring_close(core_ring *ring);
/*
 * Copy finished records into buffer, each at a multiple of 8 bytes, and their
 * places into offsets (records + 1 of them, the last being the end). Stops at
 * max_records, at a full buffer or at a record still being written.
 */
size_t core_ring_drain(core_ring *ring, void *buffer, size_t capacity, uint32_t *offsets,
		       size_t max_records);
size_t core_ring_available(core_ring *ring);
/* end */
#endif
