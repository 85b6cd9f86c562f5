/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load OPERATION COUNT [PATH...]      repeat a system call, print nanoseconds per repetition
 * load paced RATE SECONDS [PATH...]   so many opens a second, print how many there were
 * load most SECONDS [PATH...]         as many opens as can be, print how many a second
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BURSTS 1000 /* a second, of a paced load */

static char *usual[] = { "/etc/passwd" };
static char **paths = usual;
static long path_count = 1;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static void open_one(long number, int flags)
{
	close(open(paths[number % path_count], flags));
}

static double pace(long rate, long seconds)
{
	double start = now_ns(), due = start;
	long done = 0;

	for (long burst = 0; burst < seconds * BURSTS; burst++) {
		for (long i = 0; i < rate / BURSTS; i++)
			open_one(done++, O_RDONLY);
		due += 1e9 / BURSTS;
		if (due > now_ns())
			usleep((due - now_ns()) / 1000);
	}
	return done / ((now_ns() - start) / 1e9);
}

static double rush(long seconds)
{
	double start = now_ns();
	long done = 0;

	while (now_ns() - start < seconds * 1e9)
		for (long i = 0; i < 100; i++)
			open_one(done++, O_RDONLY);
	return done / ((now_ns() - start) / 1e9);
}

static double repeat(const char *operation, long count)
{
	double start = now_ns();

	for (long i = 0; i < count; i++) {
		if (!strcmp(operation, "getppid"))
			syscall(SYS_getppid);
		else
			open_one(i, strcmp(operation, "write") ? O_RDONLY : O_WRONLY);
	}
	return (now_ns() - start) / count;
}

int main(int argc, char **argv)
{
	const char *operation = argc > 2 ? argv[1] : "";
	int first = strcmp(operation, "paced") ? 3 : 4;
	long count = argc >= first ? atol(argv[2]) : 0;

	if (count <= 0)
		return 2;
	if (argc > first) {
		paths = argv + first;
		path_count = argc - first;
	}
	if (!strcmp(operation, "paced"))
		printf("%.2f\n", pace(count, atol(argv[3])));
	else if (!strcmp(operation, "most"))
		printf("%.2f\n", rush(count));
	else
		printf("%.2f\n", repeat(operation, count));
	return 0;
}
