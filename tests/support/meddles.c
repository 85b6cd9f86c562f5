/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process does to another one:
 *
 *   meddles FORM [PID]   do it to a child called "victim", or to another process
 *
 * A form is a call's name, perhaps with @ and a variant: @32 goes through int $0x80. One line comes
 * out: the result or the negative errno, and whether what was done has an effect on the child.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define OURS 1
#define THEIRS 2
#define SHORTLY 20000 /* us */

/* What both see; and what each has for itself, at the same place. */
static volatile struct {
	int ready, signalled, word, traced, done;
} *shared;
static volatile int word = OURS;
static const char *form;
static int own_pipe[2];

static int is(const char *name)
{
	return !strcmp(form, name);
}

#ifdef __x86_64__
static long call32(long number, long a, long b, long c, long d)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "r8", "r9", "r10", "r11", "memory");
	if (result < 0)
		errno = -result;
	return result < 0 ? -1 : result;
}
#else
static long call32(long number, long a, long b, long c, long d)
{
	(void)number, (void)a, (void)b, (void)c, (void)d;
	errno = ENOSYS;
	return -1;
}
#endif

static void on_signal(int number)
{
	(void)number;
	shared->signalled = 1;
}

static int tracer_of(pid_t pid)
{
	char path[64], line[128];
	int tracer = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "r");
	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "TracerPid: %d", &tracer);
	if (status)
		fclose(status);
	return tracer;
}

static void be_victim(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	prctl(PR_SET_NAME, "victim");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &action, NULL);
	setpgid(0, 0);
	word = THEIRS;
	if (write(own_pipe[1], "v", 1) != 1)
		perror("victim");
	if (is("ptrace@traceme"))
		shared->traced = ptrace(PTRACE_TRACEME, 0, 0, 0) ? -errno : tracer_of(getpid());
	shared->ready = 1;
	while (!shared->done) {
		shared->word = word;
		usleep(SHORTLY / 10);
	}
	_exit(0);
}

/* What reaches into it sees, or changes, its word. */
static long reach(pid_t pid, int *effect)
{
	int mine = OURS;
	struct iovec here = { &mine, sizeof(mine) }, there = { (void *)&word, sizeof(word) };
	long result;

	if (is("process_vm_readv")) {
		result = syscall(SYS_process_vm_readv, pid, &here, 1, &there, 1, 0);
		*effect = mine == THEIRS;
		return result;
	}
	result = syscall(SYS_process_vm_writev, pid, &here, 1, &there, 1, 0);
	usleep(SHORTLY);
	*effect = shared->word == OURS;
	return result;
}

/* Its end of a pipe, of which it has the only one, tells what it wrote there. */
static long take_descriptor(pid_t pid, int *effect)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0), end = own_pipe[0];
	char found = 0;
	long fd;

	close(end);
	fd = syscall(SYS_pidfd_getfd, pidfd, end, 0);
	*effect = fd >= 0 && read(fd, &found, 1) == 1 && found == 'v';
	return fd < 0 ? -1 : 0;
}

static long attach(pid_t pid, int *effect)
{
	long result;

	if (is("ptrace@traceme")) {
		*effect = shared->traced > 0;
		errno = shared->traced < 0 ? -shared->traced : 0;
		return shared->traced < 0 ? -1 : 0;
	}
	if (is("ptrace@32"))
		result = call32(26, PTRACE_SEIZE, pid, 0, 0);
	else
		result = ptrace(is("ptrace@attach") ? PTRACE_ATTACH : PTRACE_SEIZE, pid, 0, 0);
	*effect = tracer_of(pid) != 0;
	return result;
}

static long send_signal(pid_t pid, int *effect)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	long result = -1;

	if (is("kill"))
		result = syscall(SYS_kill, pid, SIGUSR1);
	else if (is("kill@group"))
		result = syscall(SYS_kill, -pid, SIGUSR1);
	else if (is("kill@32"))
		result = call32(37, pid, SIGUSR1, 0, 0);
	else if (is("tkill"))
		result = syscall(SYS_tkill, pid, SIGUSR1);
	else if (is("tgkill"))
		result = syscall(SYS_tgkill, pid, pid, SIGUSR1);
	else if (is("rt_sigqueueinfo"))
		result = syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &info);
	else if (is("rt_tgsigqueueinfo"))
		result = syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1, &info);
	else if (is("pidfd_send_signal"))
		result = syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0);
	usleep(SHORTLY);
	*effect = shared->signalled;
	return result;
}

static long meddle(pid_t pid, int *effect)
{
	if (!strncmp(form, "ptrace", 6))
		return attach(pid, effect);
	if (!strncmp(form, "process_vm", 10))
		return reach(pid, effect);
	if (is("pidfd_getfd"))
		return take_descriptor(pid, effect);
	return send_signal(pid, effect);
}

int main(int argc, char **argv)
{
	pid_t child = 0, pid;
	int effect = 0;
	long result;

	if (argc < 2)
		return 2;
	form = argv[1];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (pipe(own_pipe))
		return 1;
	if (argc == 2) {
		child = fork();
		if (child == 0)
			be_victim();
		/* Who asked to be traced does not stop by itself. */
		while (!shared->ready)
			usleep(1000);
	}
	pid = child ?: atoi(argv[2]);
	errno = 0;
	result = meddle(pid, &effect);
	printf("%ld %d\n", result < 0 ? -(long)errno : result, effect);
	fflush(stdout);
	/* Whom it traces goes on when it has ended. */
	shared->done = 1;
	if (child && !tracer_of(child))
		waitpid(child, NULL, 0);
	return 0;
}
