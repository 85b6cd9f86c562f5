/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a kernel object behind a pointer the verifier does not know. Where
 * bpf_rdonly_cast exists (v6.2, a35b9af4ec2c) this is a plain load; before it,
 * a helper call. Pointers the verifier does know are dereferenced directly.
 */
#ifndef STOCKADE_LIB_READ_H
#define STOCKADE_LIB_READ_H

void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* The pointer is copied first: inside bpf_core_read its own members would be relocated too. */
#define READ(type, ptr, field)                                                                     \
	({                                                                                         \
		const void *_from = (ptr);                                                         \
		typeof(((type *)0)->field) _value = {};                                            \
		if (bpf_rdonly_cast)                                                               \
			_value = ((type *)bpf_rdonly_cast(_from, bpf_core_type_id_kernel(type)))   \
					 ->field;                                                  \
		else                                                                               \
			bpf_core_read(&_value, sizeof(_value), &((type *)_from)->field);           \
		_value;                                                                            \
	})

/*
 * Global functions are verified once, on their own, which keeps their callers
 * small; they take numbers only. Read anew, an address is one to the verifier.
 */
static __always_inline __u64 address_of(const void *object)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &object);
	return address;
}

/* Eight bytes at an address, or zeros; bpf_rdonly_cast takes no type but a struct. */
static __always_inline __u64 load_word(const void *from)
{
	return READ(struct timespec64, from, tv_sec);
}

/* Before v5.11 (3ca1032ab7ab) the current task is a mere number to the verifier. */
#define TASKS_ARE_TYPED bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline struct task_struct *current_task(void)
{
	if (TASKS_ARE_TYPED)
		return bpf_get_current_task_btf();
	return (void *)bpf_get_current_task();
}

#define POINTER_CLASS 5 /* of __builtin_classify_type */

/* The same pointer, as one that the verifier does not trust. */
#define UNTRUSTED(ptr) ((typeof(ptr))bpf_rdonly_cast(ptr, bpf_core_type_id_kernel(typeof(*(ptr)))))

#define GET_FROM(base, ptr, ...)                                                                   \
	({                                                                                         \
		typeof(ptr) _ptr = (ptr);                                                          \
		___type(_ptr, __VA_ARGS__) _got = {};                                              \
		if (TASKS_ARE_TYPED)                                                               \
			_got = ___arrow(base, __VA_ARGS__);                                        \
		else                                                                               \
			BPF_CORE_READ_INTO(&_got, _ptr, __VA_ARGS__);                              \
		_got;                                                                              \
	})

#define LEADS_ON(...) (___narg(__VA_ARGS__) > 1 || __builtin_classify_type(_got) == POINTER_CLASS)

/*
 * ptr->a->b of a task, or of what was got from one: plain loads where the verifier knows
 * it. From v6.3 on (57539b1c0ac2) it looks among all of the kernel's types, by name, for
 * what a pointer that it trusts leads to, each time that it comes there: most of the time
 * that a large program takes to load. One that it does not trust is checked at each load.
 */
#define GET(ptr, ...)                                                                              \
	GET_FROM((bpf_rdonly_cast && LEADS_ON(__VA_ARGS__) ? UNTRUSTED(_ptr) : _ptr), ptr,         \
		 __VA_ARGS__)

/* The same where every event passes, and a check costs more than it is worth. */
#define GET_TRUSTED(ptr, ...) GET_FROM(_ptr, ptr, __VA_ARGS__)

#define CAPABILITIES(from, set)                                                                    \
	(bpf_core_field_exists(((struct cred *)0)->set.val)                                        \
		 ? GET(from, set.val)                                                              \
		 : GET((struct cred___array *)(from), set.cap[0]) |                                \
			   (__u64)GET((struct cred___array *)(from), set.cap[1]) << 32)

#endif
