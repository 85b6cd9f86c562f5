/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test wants a process to do, by the very system call it names:
 *
 *   acts FORM PATH [FLAGS]     open, openat, openat2, creat, handle, open32
 *   acts relative DIR NAME     openat from a descriptor of DIR
 *   acts tmpfile DIR           open with O_TMPFILE
 *   acts detached NAME         make a file in a tmpfs that is mounted nowhere
 *   acts memfd PROGRAM ARGS    run a program from a memfd
 *   acts thread PATH           open from a second thread
 *   acts deep DIR N            open a file N directories of 200 letters below DIR
 *   acts handle PATH 0 MOUNT   by handle, through a descriptor of MOUNT
 *   acts uring PATH [FLAGS]    openat by io_uring, without the system call
 *   acts spin N                end while N threads are busy
 *   acts race PATH OTHER N     open PATH N times while a thread replaces the descriptors
 *   acts beside PATH N         open PATH N times while a thread makes processes
 *
 * One line comes out: the result, and for an open file its inode, its device, its link in
 * /proc/self/fd and the process's id.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int report(long fd)
{
	char link[64], path[8192] = "";
	struct stat st;

	if (fd < 0) {
		printf("%d - - - %d\n", -errno, getpid());
		return 1;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		strcpy(path, "?");
	fstat(fd, &st);
	printf("%ld %lu %lu %s %d\n", fd, st.st_ino, st.st_dev, path, getpid());
	return 0;
}

static long open_by_handle(const char *path, int flags, const char *mount)
{
	struct file_handle *handle = calloc(1, sizeof(*handle) + MAX_HANDLE_SZ);
	int mount_id, mount_fd;
	char directory[4096];

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, handle, &mount_id, 0))
		return -1;
	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = 0;
	if (!mount)
		mount = *directory ? directory : "/";
	mount_fd = open(mount, O_RDONLY | O_DIRECTORY);
	return open_by_handle_at(mount_fd, handle, flags);
}

static long open_in_no_tree(const char *name)
{
	int context = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return openat(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0), name, O_CREAT | O_RDWR,
		      0600);
}

static long open_32bit(const char *path, int flags)
{
#ifdef __x86_64__
	/* The 32-bit entry takes 32-bit pointers. */
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result;

	strcpy(low, path);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(5L), "b"(low), "c"((long)flags), "d"(0L)
			 : "r8", "r9", "r10", "r11", "memory");
	if (result < 0) {
		errno = -result;
		return -1;
	}
	return result;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static void *open_in_thread(void *path)
{
	return (void *)(long)open(path, O_RDONLY);
}

static long open_deep(const char *base, int depth)
{
	char name[201];
	int at = open(base, O_RDONLY | O_DIRECTORY);

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	for (int i = 0; i < depth; i++) {
		int next;

		mkdirat(at, name, 0755);
		next = openat(at, name, O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	return openat(at, "leaf", O_CREAT | O_RDWR, 0600);
}

static long open_by_uring(const char *path, int flags)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *rings;
	size_t size;

	if (ring < 0)
		return -1;
	size = params.sq_off.array + sizeof(__u32);
	if (size < params.cq_off.cqes + 2 * sizeof(*cqe))
		size = params.cq_off.cqes + 2 * sizeof(*cqe);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (unsigned long)path;
	sqe->open_flags = flags;
	*(__u32 *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((__u32 *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	cqe = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
	errno = cqe->res < 0 ? -cqe->res : 0;
	return cqe->res < 0 ? -1 : cqe->res;
}

static int race_fd, benign_fd;
static volatile int racing = 1, made;

static void *spin(void *unused)
{
	while (racing)
		;
	return unused;
}

static void *replace(void *unused)
{
	(void)unused;
	while (racing)
		dup2(benign_fd, race_fd);
	return NULL;
}

static void *make_processes(void *unused)
{
	while (racing) {
		pid_t child = vfork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
		made++;
	}
	return unused;
}

static long race(const char *path, int count, void *(*beside)(void *))
{
	char done[] = "/nonexistent/done";
	pthread_t thread;

	race_fd = open(path, O_RDONLY);
	pthread_create(&thread, NULL, beside, NULL);
	while (beside == make_processes && made < 10)
		;
	for (int i = 0; i < count; i++) {
		int fd;

		/* The lowest free number is given next: free the one that the thread replaces. */
		close(race_fd);
		fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
		if (fd != race_fd)
			close(fd);
	}
	racing = 0;
	pthread_join(thread, NULL);
	open(done, O_RDONLY);
	return 0;
}

static long run_from_memory(char **argv)
{
	int from = open(argv[0], O_RDONLY), to = memfd_create("payload", MFD_CLOEXEC);
	char *empty[] = { NULL };
	char buffer[65536];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, got) != got)
			return -1;
	return fexecve(to, argv, empty);
}

static long act(int argc, char **argv)
{
	const char *form = argv[1], *path = argv[2];
	int flags = argc > 3 ? (int)strtol(argv[3], NULL, 0) : O_RDONLY;
	struct open_how how = { .flags = (unsigned int)flags, .mode = flags & O_CREAT ? 0640 : 0 };
	pthread_t thread;
	void *result;

	if (!strcmp(form, "open"))
		return syscall(SYS_open, path, flags, 0640);
	if (!strcmp(form, "openat"))
		return syscall(SYS_openat, AT_FDCWD, path, flags, 0640);
	if (!strcmp(form, "openat2"))
		return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (!strcmp(form, "creat"))
		return syscall(SYS_creat, path, 0640);
	if (!strcmp(form, "handle"))
		return open_by_handle(path, flags, argc > 4 ? argv[4] : NULL);
	if (!strcmp(form, "open32"))
		return open_32bit(path, flags);
	if (!strcmp(form, "uring"))
		return open_by_uring(path, flags);
	if (!strcmp(form, "relative"))
		return openat(open(path, O_RDONLY | O_DIRECTORY), argv[3], O_RDONLY);
	if (!strcmp(form, "tmpfile"))
		return open(path, O_TMPFILE | O_RDWR, 0600);
	if (!strcmp(form, "detached"))
		return open_in_no_tree(path);
	if (!strcmp(form, "memfd"))
		return run_from_memory(argv + 2);
	if (!strcmp(form, "spin")) {
		for (int i = 0; i < atoi(path); i++)
			pthread_create(&thread, NULL, spin, NULL);
		_exit(0);
	}
	if (!strcmp(form, "race"))
		return (benign_fd = open(argv[3], O_RDONLY)) < 0
			       ? -1
			       : race(path, atoi(argv[4]), replace);
	if (!strcmp(form, "beside"))
		return race(path, atoi(argv[3]), make_processes);
	if (!strcmp(form, "deep"))
		return open_deep(path, atoi(argv[3]));
	if (!strcmp(form, "thread")) {
		pthread_create(&thread, NULL, open_in_thread, argv[2]);
		pthread_join(thread, &result);
		return (long)result;
	}
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	return report(act(argc, argv));
}
