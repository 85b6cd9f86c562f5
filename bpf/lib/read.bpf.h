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

#endif
