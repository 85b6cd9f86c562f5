/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stress SECONDS: in the working directory, all at once, as fast as they go:
 * opens by the longest paths that there are, opens at the bottom of a deep tree,
 * names that are renamed and removed while others open them, descriptors that
 * are replaced, programs that start, and calls with paths that cannot be read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_LENGTH 4095
#define DEPTH 200
#define NOWHERE ((const char *)8)

static time_t end;
static char longest[PATH_LENGTH + 1];
static int bottom;
static const char *self;

static int goes_on(void)
{
	return time(NULL) < end;
}

static int touch(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	return fd < 0 ? fd : close(fd);
}

/* As many ./ before a name as a path may have. */
static void make_longest(void)
{
	const char name[] = "x/y";

	memset(longest, '/', PATH_LENGTH);
	for (int i = 0; i < PATH_LENGTH - 4; i += 2)
		longest[i] = '.';
	strcpy(longest + PATH_LENGTH - 3, name);
	mkdir("x", 0700);
	touch("x/y");
}

static void make_deep(void)
{
	int home = open(".", O_RDONLY | O_DIRECTORY);
	char name[101];

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	for (int i = 0; i < DEPTH; i++)
		if ((mkdir(name, 0700) && errno != EEXIST) || chdir(name))
			perror(name);
	touch("file");
	bottom = open(".", O_RDONLY | O_DIRECTORY);
	if (fchdir(home))
		perror("home");
	close(home);
}

static void *open_long(void *unused)
{
	while (goes_on())
		close(open(longest, O_RDONLY));
	return unused;
}

static void *open_deep(void *unused)
{
	while (goes_on())
		close(openat(bottom, "file", O_RDONLY));
	return unused;
}

static void *move(void *unused)
{
	while (goes_on()) {
		touch("a");
		rename("a", "b");
		link("b", "c");
		unlink("b");
		unlink("c");
		mkdir("e", 0700);
		rename("e", "f");
		rmdir("f");
	}
	return unused;
}

static void *open_moved(void *unused)
{
	while (goes_on()) {
		close(open("a", O_RDONLY));
		close(open("b", O_RDONLY));
		close(open("c", O_RDONLY));
		close(open("e", O_RDONLY | O_DIRECTORY));
	}
	return unused;
}

static void *open_nowhere(void *unused)
{
	while (goes_on()) {
		open(NOWHERE, O_RDONLY);
		rename(NOWHERE, "x");
		unlink(NOWHERE);
	}
	return unused;
}

static void *start(void *unused)
{
	while (goes_on()) {
		pid_t child = fork();

		if (!child) {
			execl(self, self, "0", longest, longest, longest, NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
	return unused;
}

int main(int argc, char **argv)
{
	void *(*const work[])(void *) = { open_long,  open_deep,    move, move,
					  open_moved, open_nowhere, start };
	pthread_t threads[sizeof(work) / sizeof(*work)];
	int seconds = argc > 1 ? atoi(argv[1]) : 0;

	if (!seconds)
		return 0;
	self = argv[0];
	end = time(NULL) + seconds;
	make_longest();
	make_deep();
	for (size_t i = 0; i < sizeof(work) / sizeof(*work); i++)
		pthread_create(&threads[i], NULL, work[i], NULL);
	for (size_t i = 0; i < sizeof(work) / sizeof(*work); i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
