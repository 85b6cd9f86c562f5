/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways in which a task comes into being or moves, each told by an open of
 * /born/FORM, which does not exist:
 *
 *   births thread|fork|vfork|double|parent|newns|worker
 *   births into CGROUP     clone3 into a directory of cgroup v2
 *   births move CGROUP     written to that directory's cgroup.procs
 *   births unshare         into new namespaces of every kind
 *   births setns PID       into all namespaces of another process
 *   births lawful          the same task, with other credentials and namespaces each time
 *   births forks N         N children, one after another
 *   births storm N         the same, each a grandchild that outlives its parent
 *
 * "ready" comes out at the start, "done" at the end; with a path in the environment as HOLD, the
 * last task waits until that file exists.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *form;

static void *born(void *unused)
{
	const char *hold = getenv("HOLD");
	char path[64];

	snprintf(path, sizeof(path), "/born/%s", form);
	open(path, O_RDONLY);
	while (hold && access(hold, F_OK))
		usleep(10000);
	return unused;
}

static int born_child(void *unused)
{
	born(unused);
	_exit(0);
}

static void wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, __WALL) < 0)
		perror(form);
}

/* A child with the stack and memory of its own, made with these flags. */
static pid_t make(unsigned long flags)
{
	char *stack = malloc(65536);

	return clone(born_child, stack + 65536, flags | SIGCHLD, NULL);
}

static void into(const char *cgroup)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = open(cgroup, O_RDONLY | O_DIRECTORY),
	};
	pid_t child = syscall(SYS_clone3, &args, sizeof(args));

	if (child == 0)
		born_child(NULL);
	wait_for(child);
}

static void move(const char *cgroup)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		perror(path);
	born(NULL);
}

static void join(const char *pid)
{
	static const char *const kinds[] = { "ipc", "uts", "net", "pid", "cgroup", "mnt" };
	int fds[6];
	char path[64];

	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kinds[i]);
		fds[i] = open(path, O_RDONLY);
	}
	for (int i = 0; i < 6; i++)
		if (setns(fds[i], 0))
			perror(kinds[i]);
	wait_for(make(0));
}

/* Every way that the kernel has; whether it is allowed is tested by the caller's doing it. */
static void change_lawfully(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	gid_t group = 1;
	int failed = 0;

	failed |= prctl(PR_CAPBSET_DROP, CAP_SYSLOG);
	born(NULL);
	failed |= setgroups(1, &group) | syscall(SYS_setresgid, 1, 2, 3);
	born(NULL);
	failed |= syscall(SYS_setregid, 2, 1) | syscall(SYS_setgid, 0);
	born(NULL);
	syscall(SYS_setfsgid, 5);
	born(NULL);
	failed |= syscall(SYS_setresuid, 1, 0, 0);
	born(NULL);
	failed |= syscall(SYS_setreuid, 0, 0);
	syscall(SYS_setfsuid, 5);
	born(NULL);
	failed |= syscall(SYS_capget, &header, data);
	data[0].effective &= ~(1 << CAP_KILL);
	failed |= syscall(SYS_capset, &header, data);
	born(NULL);
	failed |= unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);
	born(NULL);
	wait_for(make(CLONE_NEWIPC));
	if (failed)
		puts("failed");
}

/* The kernel makes a thread for the submission queue; no fork or clone is called. */
static void worker(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL };

	if (syscall(SYS_io_uring_setup, 4, &params) < 0)
		perror("io_uring_setup");
	born(NULL);
}

static void double_fork(void)
{
	pid_t child = fork();

	if (child == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			/* Until another has taken its parent's place. */
			while (getppid() == parent)
				usleep(1000);
			born_child(NULL);
		}
		_exit(0);
	}
	wait_for(child);
	usleep(100000);
}

static void many(int count, int grandchildren)
{
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			if (grandchildren)
				fork();
			_exit(0);
		}
		wait_for(child);
	}
	born(NULL);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2)
		return 2;
	form = argv[1];
	puts("ready");
	fflush(stdout);
	if (!strcmp(form, "thread")) {
		pthread_create(&thread, NULL, born, NULL);
		pthread_join(thread, NULL);
	} else if (!strcmp(form, "fork")) {
		wait_for(make(0));
	} else if (!strcmp(form, "vfork")) {
		wait_for(make(CLONE_VM | CLONE_VFORK));
	} else if (!strcmp(form, "double")) {
		double_fork();
	} else if (!strcmp(form, "parent")) {
		make(CLONE_PARENT);
		usleep(200000);
	} else if (!strcmp(form, "newns")) {
		wait_for(make(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
			      CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP));
	} else if (!strcmp(form, "worker")) {
		worker();
	} else if (!strcmp(form, "lawful")) {
		change_lawfully();
	} else if (!strcmp(form, "unshare")) {
		if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
			    CLONE_NEWCGROUP | CLONE_NEWPID))
			perror(form);
		wait_for(make(0));
	} else if (argc < 3) {
		return 2;
	} else if (!strcmp(form, "into")) {
		into(argv[2]);
	} else if (!strcmp(form, "move")) {
		move(argv[2]);
	} else if (!strcmp(form, "setns")) {
		join(argv[2]);
	} else {
		many(atoi(argv[2]), !strcmp(form, "storm"));
	}
	puts("done");
	return 0;
}
