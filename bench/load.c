/* SPDX-License-Identifier: Apache-2.0 */
/* load OPERATION COUNT: repeat a system call, print nanoseconds per repetition. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[2]) : 0;
	double start;

	if (count <= 0)
		return 2;
	start = now_ns();
	if (!strcmp(argv[1], "getppid"))
		for (long i = 0; i < count; i++)
			syscall(SYS_getppid);
	else if (!strcmp(argv[1], "open"))
		for (long i = 0; i < count; i++)
			close(open("/etc/passwd", O_RDONLY));
	else
		return 2;
	printf("%.2f\n", (now_ns() - start) / count);
	return 0;
}
