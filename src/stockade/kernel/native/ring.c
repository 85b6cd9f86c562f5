/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own consumer of a BPF ring buffer: whole batches are copied out with the
 * GIL released, where libbpf's calls back for each record. The layout is the
 * kernel's (kernel/bpf/ringbuf.c): a consumer page, a producer page, then the
 * data, mapped twice in a row so that no record wraps.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"

struct core_ring {
	unsigned long *consumer;
	unsigned long *producer;
	char *data;
	size_t size;
	size_t page;
};

core_ring *core_ring_open(int map_fd, size_t size, int *error)
{
	core_ring *ring = calloc(1, sizeof(*ring));

	if (!ring) {
		*error = -ENOMEM;
		return NULL;
	}
	ring->size = size;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->consumer = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (ring->consumer == MAP_FAILED) {
		*error = -errno;
		free(ring);
		return NULL;
	}
	ring->producer =
		mmap(NULL, ring->page + 2 * size, PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
	if (ring->producer == MAP_FAILED) {
		*error = -errno;
		munmap(ring->consumer, ring->page);
		free(ring);
		return NULL;
	}
	ring->data = (char *)ring->producer + ring->page;
	return ring;
}

void core_ring_close(core_ring *ring)
{
	munmap(ring->consumer, ring->page);
	munmap(ring->producer, ring->page + 2 * ring->size);
	free(ring);
}

size_t core_ring_available(core_ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer;
}

size_t core_ring_drain(core_ring *ring, void *buffer, size_t capacity, uint32_t *offsets,
		       size_t max_records)
{
	unsigned long consumed = *ring->consumer, released = consumed;
	unsigned long produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	size_t count = 0, used = 0;

	while (count < max_records && consumed < produced) {
		char *record = ring->data + (consumed & (ring->size - 1));
		uint32_t header = __atomic_load_n((uint32_t *)record, __ATOMIC_ACQUIRE);
		uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		size_t rounded = (length + 7) & ~(size_t)7;

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
			if (rounded > capacity - used)
				break;
			memcpy((char *)buffer + used, record + BPF_RINGBUF_HDR_SZ, length);
			offsets[count++] = (uint32_t)used;
			used += rounded;
		}
		consumed += BPF_RINGBUF_HDR_SZ + rounded;
		/* Give room back before the batch ends, or a burst fills the ring meanwhile. */
		if (consumed - released >= ring->size / 8) {
			__atomic_store_n(ring->consumer, consumed, __ATOMIC_RELEASE);
			released = consumed;
		}
	}
	offsets[count] = (uint32_t)used;
	__atomic_store_n(ring->consumer, consumed, __ATOMIC_RELEASE);
	return count;
}
