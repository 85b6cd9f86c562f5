/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that rules are about, with arguments that tests know and that harm nobody:
 *
 *   calls FORM...     each in a child of its own, one after another, in /mnt
 *   calls serve PATH  accept connections at a unix socket, for ever
 *
 * A form is a call's name, perhaps with @ and a variant: @32 goes through int $0x80, @uring through
 * io_uring, @bad has a pointer that cannot be read, @long a path of 4095 bytes. Another process is
 * process 1, or OTHER in the environment; sockets are at ports that no other form has, descriptors
 * are 20 and 21. A file that a form needs is called after it. What the kernel could do in earnest
 * (modules, kexec, ports) is asked for in a way that fails whoever asks.
 *
 * One line comes out for each form: the form, the child's id, the result or the negative errno,
 * and NAME=VALUE for what the test cannot know.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define OTHER_FORM (-100000)
#define FIRST 20
#define SECOND 21
#define NOWHERE ((char *)8)
#define PATH_LENGTH 4095
#define LOW_BYTES 65536

static const char *form;
static char notes[8192];
static char shared[8] = "shared"; /* where it is in every process of this program */
static long other = 1;		  /* process */
static char *low;		  /* memory that 32-bit pointers reach */

static int is(const char *name)
{
	return !strcmp(form, name);
}

static void note(const char *name, const char *pattern, unsigned long value)
{
	size_t used = strlen(notes);

	used += snprintf(notes + used, sizeof(notes) - used, " %s=", name);
	snprintf(notes + used, sizeof(notes) - used, pattern, value);
}

static void *pointer(const char *name, const void *value)
{
	note(name, "0x%lx", (unsigned long)value);
	return (void *)value;
}

static int place(int fd, int number)
{
	if (fd < 0 || dup2(fd, number) < 0)
		perror(form);
	if (fd != number)
		close(fd);
	return number;
}

static const char *file(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	if (fd < 0)
		perror(path);
	close(fd);
	return path;
}

static const char *directory(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		perror(path);
	return path;
}

static int noted(int fd)
{
	struct stat st;

	fstat(fd, &st);
	note("ino", "%lu", st.st_ino);
	note("dev", "%lu", st.st_dev);
	return fd;
}

static int open_file(const char *path)
{
	return noted(place(open(file(path), O_RDWR), FIRST));
}

static char junk[4096];

static int open_junk(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	if (write(fd, junk, sizeof(junk)) != sizeof(junk))
		perror(path);
	close(fd);
	return place(open(path, O_RDONLY), FIRST);
}

static int open_directory(const char *path)
{
	return place(open(directory(path), O_RDONLY | O_DIRECTORY), FIRST);
}

static const char *mount_point(const char *path)
{
	if (mount("none", directory(path), "tmpfs", 0, NULL))
		perror(path);
	return path;
}

static char *lowly(const char *text)
{
	static size_t used;
	char *copy = low + used;

	strcpy(copy, text);
	used += strlen(text) + 1;
	return copy;
}

/* So many bytes, behind which there is nothing. */
static char *edge(size_t bytes)
{
	return low + LOW_BYTES - bytes;
}

#ifdef __x86_64__
static long call32(long number, long a, long b, long c, long d, long e)
{
	long result;

	errno = 0;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}
#else
static long call32(long number, long a, long b, long c, long d, long e)
{
	(void)number, (void)a, (void)b, (void)c, (void)d, (void)e;
	return -ENOSYS;
}
#endif

/* So many bytes that lead from a directory to a name, by way of many dots. */
static char *winding(size_t bytes, const char *start, const char *name)
{
	char *path = calloc(1, bytes + 1);
	size_t room = bytes - strlen(start) - strlen(name);

	strcpy(path, start);
	if (room % 2)
		strcat(path, "/");
	for (size_t i = 0; i < room / 2; i++)
		strcat(path, "./");
	return strcat(path, name);
}

static void go_deep(void)
{
	char name[201];

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	for (int i = 0; i < 20; i++)
		if (chdir(directory(name)))
			perror(name);
}

static long act_names(void)
{
	if (is("rename"))
		return syscall(SYS_rename, file("rename.a"), "rename.b");
	if (is("rename@long"))
		return go_deep(), syscall(SYS_rename, winding(PATH_LENGTH - 2, "", file("a")),
					  winding(PATH_LENGTH - 2, "", "b"));
	if (is("renameat"))
		return file("d/renameat.a"), syscall(SYS_renameat, open_directory("d"),
						     "renameat.a", AT_FDCWD, "renameat.b");
	if (is("renameat2"))
		return file("d/renameat2.a"), syscall(SYS_renameat2, open_directory("d"),
						      "renameat2.a", FIRST, "../renameat2.b", 1);
	if (is("renameat2@exchange"))
		return file("exchange.a"), syscall(SYS_renameat2, AT_FDCWD, "exchange.a", AT_FDCWD,
						   file("exchange.b"), 2);
	if (is("link"))
		return syscall(SYS_link, file("link.a"), "/mnt/link.b");
	if (is("linkat"))
		return syscall(SYS_linkat, AT_FDCWD, file("linkat.a"), open_directory("d"),
			       "linkat.b", AT_SYMLINK_FOLLOW);
	if (is("symlink"))
		return syscall(SYS_symlink, "else/where", "symlink.a");
	if (is("symlink@bad"))
		return syscall(SYS_symlink, NOWHERE, "symlink.b");
	if (is("symlinkat"))
		return syscall(SYS_symlinkat, "../where", open_directory("d"), "symlinkat.a");
	if (is("unlink"))
		return syscall(SYS_unlink, file("unlink.a"));
	if (is("unlink@bytes"))
		return syscall(SYS_unlink, file("unlink.\xff\xfe"));
	if (is("unlink@bad"))
		return syscall(SYS_unlink, NOWHERE);
	if (is("unlink@null"))
		return syscall(SYS_unlink, NULL);
	if (is("unlink@long"))
		return file("unlink.long"),
		       syscall(SYS_unlink, winding(PATH_LENGTH, "/mnt/", "unlink.long"));
	if (is("unlink@nearly"))
		return file("unlink.nearly"),
		       syscall(SYS_unlink, winding(PATH_LENGTH - 1, "/mnt/", "unlink.nearly"));
	if (is("unlink@32"))
		return call32(10, (long)lowly(file("unlink.32")), 0, 0, 0, 0);
	if (is("unlink@jail"))
		return file("unlink.jail"), chroot("/mnt") ?: syscall(SYS_unlink, "/unlink.jail");
	if (is("unlinkat"))
		return directory("d/unlinkat.d"),
		       syscall(SYS_unlinkat, open_directory("d"), "unlinkat.d", AT_REMOVEDIR);
	if (is("rmdir"))
		return syscall(SYS_rmdir, directory("rmdir.d"));
	if (is("mkdir"))
		return syscall(SYS_mkdir, "mkdir.d", 0750);
	if (is("mkdirat"))
		return syscall(SYS_mkdirat, open_directory("d"), "mkdirat.d", 0);
	if (is("mkdirat@closed"))
		return syscall(SYS_mkdirat, SECOND, "mkdirat.e", 01700);
	if (is("mkdirat@32"))
		return call32(296, AT_FDCWD, (long)lowly("mkdirat.32"), 0700, 0, 0);
	if (is("mknod"))
		return syscall(SYS_mknod, "mknod.c", S_IFCHR | 0600, makedev(8, 300));
	if (is("mknodat"))
		return syscall(SYS_mknodat, open_directory("d"), "mknodat.p", S_IFIFO | 0600, 0);
	return OTHER_FORM;
}

static long act_inodes(void)
{
	static char value[] = "value";
	static struct vfs_cap_data capabilities = {
		.magic_etc = VFS_CAP_REVISION_2,
		.data = { { .permitted = 1 << CAP_NET_BIND_SERVICE } },
	};

	if (is("chmod"))
		return syscall(SYS_chmod, file("chmod.f"), 04644);
	if (is("fchmod"))
		return syscall(SYS_fchmod, open_file("fchmod.f"), 0755);
	if (is("fchmodat"))
		return file("d/fchmodat.f"),
		       syscall(SYS_fchmodat, open_directory("d"), "fchmodat.f", 0600);
	if (is("fchmodat2"))
		return syscall(SYS_fchmodat2, AT_FDCWD, file("fchmodat2.f"), 0600,
			       AT_SYMLINK_NOFOLLOW);
	if (is("chown"))
		return syscall(SYS_chown, file("chown.f"), -1, 0);
	if (is("lchown"))
		return symlink("nowhere", "lchown.l"), syscall(SYS_lchown, "lchown.l", 1, 2);
	if (is("fchown"))
		return syscall(SYS_fchown, open_file("fchown.f"), 0, -1);
	if (is("fchown@other"))
		return syscall(SYS_fchown, open_file("fchown.f"), 7, -1);
	if (is("fchownat"))
		return syscall(SYS_fchownat, open_directory("d"), "", 0, 0, AT_EMPTY_PATH);
	if (is("setxattr"))
		return syscall(SYS_setxattr, file("setxattr.f"), "user.calls",
			       pointer("value", value), 5, 1);
	if (is("setxattr@capability"))
		return syscall(SYS_setxattr, file("capability.f"), "security.capability",
			       &capabilities, XATTR_CAPS_SZ_2, 0);
	if (is("fsetxattr@capability"))
		return syscall(SYS_fsetxattr, open_file("capability.f"), "security.capability",
			       &capabilities, XATTR_CAPS_SZ_2, 0);
	if (is("lsetxattr"))
		return symlink("nowhere", "lsetxattr.l"),
		       syscall(SYS_lsetxattr, "lsetxattr.l", "user.calls", pointer("value", value),
			       5, 0);
	if (is("fsetxattr"))
		return syscall(SYS_fsetxattr, open_file("fsetxattr.f"), "user.calls",
			       pointer("value", value), 5, 0);
	if (is("truncate"))
		return syscall(SYS_truncate, file("truncate.f"), 1L << 33);
	if (is("truncate@negative"))
		return syscall(SYS_truncate, file("truncate.n"), -1L);
	if (is("truncate@32"))
		return call32(193, (long)lowly(file("truncate.32")), 5, 2, 0, 0);
	if (is("ftruncate"))
		return syscall(SYS_ftruncate, open_file("ftruncate.f"), 7);
	if (is("ftruncate@gone"))
		return open_file("ftruncate.g"), unlink("ftruncate.g"),
		       syscall(SYS_ftruncate, FIRST, 7);
	if (is("ftruncate@closed"))
		return syscall(SYS_ftruncate, SECOND, 7);
	if (is("memfd_create"))
		return syscall(SYS_memfd_create, "calls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return OTHER_FORM;
}

static int fs_context(void)
{
	return place(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), FIRST);
}

static long act_mounts(void)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID };

	if (is("mount"))
		return directory("mount.p"), syscall(SYS_mount, "/mnt/d", "mount.p", "none",
						     MS_BIND | MS_RDONLY, pointer("data", shared));
	if (is("mount@32"))
		return call32(21, (long)lowly("none"), (long)lowly(directory("mount.32")),
			      (long)lowly("tmpfs"), MS_NOSUID | MS_NODEV, 0);
	if (is("mount@null"))
		return syscall(SYS_mount, NULL, directory("mount.n"), "tmpfs", 0, NULL);
	if (is("umount2@old"))
		return call32(22, (long)lowly(mount_point("umount.p")), MNT_DETACH | MNT_FORCE, 0,
			      0, 0);
	if (is("umount2"))
		return syscall(SYS_umount2, mount_point("umount2.p"), MNT_DETACH);
	if (is("pivot_root"))
		return syscall(SYS_pivot_root, directory("pivot.a"), directory("pivot.b"));
	if (is("chroot"))
		return syscall(SYS_chroot, directory("chroot.d"));
	if (is("chdir"))
		return syscall(SYS_chdir, "/mnt/d");
	if (is("chdir@relative"))
		return syscall(SYS_chdir, "d");
	if (is("fchdir"))
		return syscall(SYS_fchdir, open_directory("d"));
	if (is("fsopen"))
		return syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (is("fsconfig"))
		return syscall(SYS_fsconfig, fs_context(), FSCONFIG_SET_STRING, "size",
			       pointer("value", "4k"), 0);
	if (is("fsmount"))
		return syscall(SYS_fsconfig, fs_context(), FSCONFIG_CMD_CREATE, NULL, NULL, 0)
			       ?: syscall(SYS_fsmount, FIRST, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID);
	if (is("fspick"))
		return mount_point("fspick.p"), open_directory("."),
		       syscall(SYS_fspick, FIRST, "fspick.p", FSPICK_CLOEXEC);
	if (is("open_tree"))
		return file("d/open_tree.f"),
		       syscall(SYS_open_tree, open_directory("d"), "open_tree.f",
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (is("move_mount"))
		return directory("move_mount.p"),
		       place(syscall(SYS_open_tree, AT_FDCWD, "d", OPEN_TREE_CLONE), SECOND),
		       open_directory("."),
		       syscall(SYS_move_mount, SECOND, "", FIRST, "move_mount.p",
			       MOVE_MOUNT_F_EMPTY_PATH);
	if (is("mount_setattr"))
		return mount_point("setattr.p"), open_directory("."),
		       syscall(SYS_mount_setattr, FIRST, "setattr.p", AT_SYMLINK_NOFOLLOW,
			       &attributes, sizeof(attributes));
	return OTHER_FORM;
}

static int open_namespace(const char *path)
{
	return noted(place(open(path, O_RDONLY), FIRST));
}

static void note_user_namespace(const char *name)
{
	struct stat st;

	stat("/proc/self/ns/user", &st);
	note(name, "%lu", st.st_ino);
}

static long waited_for(long child)
{
	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
	return child;
}

static long act_namespaces(void)
{
	struct clone_args arguments = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long result;

	if (is("setns"))
		return syscall(SYS_setns, open_namespace("/proc/self/ns/uts"), CLONE_NEWUTS);
	if (is("setns@any"))
		return syscall(SYS_setns, open_namespace("/proc/self/ns/ipc"), 0);
	if (is("unshare"))
		return syscall(SYS_unshare, CLONE_NEWUTS | CLONE_NEWNS);
	if (is("unshare@time"))
		return syscall(SYS_unshare, 0x80);
	if (is("unshare@user")) {
		note_user_namespace("before");
		result = syscall(SYS_unshare, CLONE_NEWUSER);
		note_user_namespace("after");
		return result;
	}
	if (is("clone@user"))
		return waited_for(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	if (is("clone3@user"))
		return waited_for(syscall(SYS_clone3, &arguments, sizeof(arguments)));
	if (is("unshare@denied"))
		return syscall(SYS_unshare, CLONE_NEWNET);
	return OTHER_FORM;
}

static void *tell_and_wait(void *out)
{
	pid_t own = gettid();

	if (write(*(int *)out, &own, sizeof(own)) != sizeof(own))
		perror(form);
	pause();
	return NULL;
}

/* The number of a thread that waits. */
static pid_t thread(void)
{
	static int ends[2];
	pthread_t made;
	pid_t number;

	if (pipe(ends) || pthread_create(&made, NULL, tell_and_wait, &ends[1]) ||
	    read(ends[0], &number, sizeof(number)) != sizeof(number))
		perror(form);
	note("tid", "%lu", number);
	return number;
}

/* So many children, each of which has told its numbers by a call of its own. */
static long kill_each(int count)
{
	pid_t children[count];
	int ends[2];

	if (pipe(ends))
		perror(form);
	for (int i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			syscall(SYS_setfsuid, 0);
			tell_and_wait(&ends[1]);
		}
		if (read(ends[0], &children[i], sizeof(pid_t)) != sizeof(pid_t))
			perror(form);
	}
	for (int i = 0; i < count; i++)
		syscall(SYS_kill, children[i], 0);
	for (int i = 0; i < count; i++)
		syscall(SYS_tkill, children[i], SIGKILL);
	return 0;
}

static long act_processes(void)
{
	struct iovec here = { pointer("here", shared), sizeof(shared) };
	siginfo_t info = { .si_code = SI_QUEUE };
	struct rlimit limit = {};
	pid_t child;

	if (is("ptrace"))
		return syscall(SYS_ptrace, PTRACE_SEIZE, other, 0, 0);
	if (is("ptrace@traceme"))
		return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
	if (is("ptrace@peek"))
		return syscall(SYS_ptrace, PTRACE_PEEKDATA, other, shared, pointer("data", &here));
	if (is("ptrace@32"))
		return call32(26, PTRACE_SEIZE, other, 0, 0, 0);
	if (is("process_vm_readv"))
		return syscall(SYS_process_vm_readv, other, &here, 1, &here, 1, 0);
	if (is("process_vm_writev"))
		return syscall(SYS_process_vm_writev, other, &here, 1, &here, 1, 0);
	if (is("pidfd_open"))
		return syscall(SYS_pidfd_open, other, 0);
	if (is("pidfd_getfd"))
		return syscall(SYS_pidfd_getfd, place(syscall(SYS_pidfd_open, other, 0), FIRST), 1,
			       0);
	if (is("pidfd_send_signal"))
		return syscall(SYS_pidfd_send_signal,
			       place(syscall(SYS_pidfd_open, other, 0), FIRST), SIGUSR1, NULL, 0);
	if (is("pidfd_send_signal@proc"))
		return syscall(SYS_pidfd_send_signal,
			       place(open("/proc/1", O_RDONLY | O_DIRECTORY), FIRST), SIGUSR1, NULL,
			       0);
	if (is("kill"))
		return syscall(SYS_kill, other, SIGUSR1);
	if (is("kill@group"))
		return syscall(SYS_kill, 0, 0);
	if (is("kill@leader")) {
		setpgid(0, 0);
		note("group", "%lu", getpid());
		return syscall(SYS_kill, -getpid(), 0);
	}
	if (is("kill@nobody"))
		return syscall(SYS_kill, 99999, SIGKILL);
	if (is("kill@each"))
		return kill_each(150);
	if (is("kill@zombie")) {
		child = fork();
		if (child == 0)
			_exit(0);
		note("child", "%lu", child);
		waitid(P_PID, child, &info, WEXITED | WNOWAIT);
		return syscall(SYS_kill, child, 0);
	}
	if (is("kill@32"))
		return call32(37, other, SIGUSR2, 0, 0, 0);
	if (is("tkill@thread"))
		return syscall(SYS_tkill, thread(), 0);
	if (is("tkill"))
		return syscall(SYS_tkill, other, SIGWINCH);
	if (is("tgkill"))
		return syscall(SYS_tgkill, other, other, SIGURG);
	if (is("rt_sigqueueinfo"))
		return syscall(SYS_rt_sigqueueinfo, other, SIGUSR2, &info);
	if (is("rt_tgsigqueueinfo"))
		return syscall(SYS_rt_tgsigqueueinfo, other, other, SIGURG, &info);
	if (is("prlimit64"))
		return syscall(SYS_prlimit64, other, RLIMIT_CORE, pointer("limit", &limit), NULL);
	return OTHER_FORM;
}

static long act_capset(void)
{
	static struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	static struct __user_cap_data_struct data[2] = {
		{ 1 << CAP_KILL, 1 << CAP_KILL | 1 << CAP_NET_BIND_SERVICE, 0 },
	};

	pointer("header", &header);
	if (is("capset@denied"))
		data[1] = (struct __user_cap_data_struct){ 1 << (CAP_BPF - 32), 0,
							   1 << (CAP_PERFMON - 32) };
	if (is("capset@v1")) {
		header.version = _LINUX_CAPABILITY_VERSION_1;
		memset(&data[1], 0xff, sizeof(data[1]));
	}
	if (is("capset@edge")) {
		header.version = _LINUX_CAPABILITY_VERSION_1;
		return syscall(SYS_capset, &header,
			       memcpy(edge(sizeof(*data)), data, sizeof(*data)));
	}
	if (is("capset@bad"))
		return syscall(SYS_capset, &header, NOWHERE);
	if (is("capset@32")) {
		pointer("header", memcpy(low, &header, sizeof(header)));
		memcpy(low + 64, data, sizeof(data));
		return call32(185, (long)low, (long)low + 64, 0, 0, 0);
	}
	return syscall(SYS_capset, &header, data);
}

static long act_credentials(void)
{
	static gid_t groups[] = { 1, 2 };
	static unsigned int action = SECCOMP_RET_ALLOW;

	if (!strncmp(form, "capset", 6))
		return act_capset();
	if (is("setuid"))
		return syscall(SYS_setuid, 1000);
	if (is("setuid@32"))
		return call32(213, 1000, 0, 0, 0, 0);
	if (is("setuid@16"))
		return call32(23, 1000, 0, 0, 0, 0);
	if (is("setgid"))
		return syscall(SYS_setgid, 0);
	if (is("setreuid"))
		return syscall(SYS_setreuid, -1, 0);
	if (is("setregid"))
		return syscall(SYS_setregid, 5, 6);
	if (is("setresuid"))
		return syscall(SYS_setresuid, 1, 2, 3);
	if (is("setresgid"))
		return syscall(SYS_setresgid, 0, -1, 0);
	if (is("setfsuid"))
		return syscall(SYS_setfsuid, 7);
	if (is("setfsgid"))
		return syscall(SYS_setfsgid, 8);
	if (is("setgroups"))
		return syscall(SYS_setgroups, 2, pointer("list", groups));
	if (is("prctl"))
		return syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 3, 4, 5);
	if (is("prctl@name"))
		return syscall(SYS_prctl, PR_SET_NAME, "kworker/0:1", 0, 0, 0);
	if (is("seccomp@listener")) {
		static struct sock_filter allow = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
		static struct sock_fprog program = { 1, &allow };

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			       SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	}
	if (is("seccomp"))
		return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
	return OTHER_FORM;
}

static long act_kernel(void)
{
	static struct io_uring_params parameters;
	static struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static union bpf_attr program = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = 2,
		.license = (unsigned long)"GPL",
	};
	static union bpf_attr first, no_link = { .link_detach.link_fd = -1 };
	static struct perf_event_attr clock = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(clock),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};

	if (is("bpf"))
		return syscall(SYS_bpf, 5, NOWHERE, 16);
	if (is("bpf@next"))
		return syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &first, sizeof(first));
	if (is("bpf@detach"))
		return syscall(SYS_bpf, BPF_LINK_DETACH, &no_link, sizeof(no_link));
	if (is("bpf@load"))
		return program.insns = (unsigned long)nothing,
		       syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof(program));
	if (is("perf_event_open@all"))
		return syscall(SYS_perf_event_open, &clock, -1, 0, -1, 8);
	if (is("perf_event_open"))
		return syscall(SYS_perf_event_open, NOWHERE, 0, -1, -1, 8);
	if (is("init_module"))
		return syscall(SYS_init_module, NULL, 0, "arg=1");
	if (is("init_module@junk"))
		return syscall(SYS_init_module, junk, sizeof(junk), "");
	if (is("finit_module@junk"))
		return syscall(SYS_finit_module, open_junk("junk.ko"), "", 0);
	if (is("kexec_file_load@junk"))
		return syscall(SYS_kexec_file_load, open_junk("junk.ko"), -1, 4, "x=y", 4);
	if (is("finit_module"))
		return syscall(SYS_finit_module, open_file("finit_module.f"), "arg=2", 1);
	if (is("delete_module"))
		return syscall(SYS_delete_module, "stockade_test_none", O_NONBLOCK);
	if (is("kexec_load"))
		return syscall(SYS_kexec_load, 0x1000, 4096, NULL, 0);
	if (is("kexec_file_load"))
		return syscall(SYS_kexec_file_load, open_file("kexec_file_load.f"), -1, 4, "x=y",
			       0);
	if (is("iopl"))
		return syscall(SYS_iopl, 4);
	if (is("ioperm"))
		return syscall(SYS_ioperm, 0x10000, 2, 1);
	if (is("syslog"))
		return syscall(SYS_syslog, 3, NULL, 7);
	if (is("syslog@size"))
		return syscall(SYS_syslog, 10, NULL, 0);
	if (is("userfaultfd"))
		return syscall(SYS_userfaultfd, O_CLOEXEC | 1);
	/* The kernel's faults, too. */
	if (is("userfaultfd@kernel"))
		return syscall(SYS_userfaultfd, O_CLOEXEC);
	if (is("add_key"))
		return syscall(SYS_add_key, "user", pointer("description", "calls"),
			       pointer("payload", shared), 6, -2);
	if (is("request_key"))
		return syscall(SYS_request_key, "user", pointer("description", "calls.none"), NULL,
			       0);
	if (is("keyctl"))
		return syscall(SYS_keyctl, 0, -3, 0);
	if (is("io_uring_setup"))
		return syscall(SYS_io_uring_setup, 4, pointer("params", &parameters));
	if (is("io_uring_register"))
		return syscall(SYS_io_uring_register, SECOND, 1, NULL, 0);
	return OTHER_FORM;
}

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
} address;
static socklen_t length;

static struct sockaddr *v4(const char *ip, int port)
{
	address.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, ip, &address.v4.sin_addr);
	length = sizeof(address.v4);
	return &address.any;
}

static struct sockaddr *v6(const char *ip, int port)
{
	address.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
	inet_pton(AF_INET6, ip, &address.v6.sin6_addr);
	length = sizeof(address.v6);
	return &address.any;
}

/* An abstract one for a name that begins with @. */
static struct sockaddr *local(const char *name)
{
	memset(&address, 0, sizeof(address));
	address.local.sun_family = AF_UNIX;
	strcpy(address.local.sun_path, name);
	length = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	if (*name == '@')
		*address.local.sun_path = 0;
	return &address.any;
}

static int new_socket(int family, int type, int number)
{
	return place(socket(family, type, 0), number);
}

/* FIRST, bound to where the address says. */
static int bound(int type, const struct sockaddr *at)
{
	new_socket(at->sa_family, type, FIRST);
	if (bind(FIRST, at, length))
		perror(form);
	return FIRST;
}

/* SECOND listens, FIRST is to connect to it. */
static int served(const struct sockaddr *at)
{
	new_socket(at->sa_family, SOCK_STREAM, SECOND);
	if (bind(SECOND, at, length) || listen(SECOND, 4))
		perror(form);
	return new_socket(at->sa_family, SOCK_STREAM, FIRST);
}

static int connected(const struct sockaddr *at)
{
	served(at);
	if (connect(FIRST, at, length))
		perror(form);
	return SECOND;
}

/* The port that the kernel has given to FIRST. */
static void note_port(void)
{
	struct sockaddr_in6 own = { 0 };
	socklen_t size = sizeof(own);

	getsockname(FIRST, (struct sockaddr *)&own, &size);
	note("port", "%lu", ntohs(own.sin6_port));
}

static long bind_to(const struct sockaddr *at)
{
	return syscall(SYS_bind, FIRST, at, length);
}

static long connect_to(const struct sockaddr *at)
{
	return syscall(SYS_connect, FIRST, at, length);
}

static long connect_and_note(const struct sockaddr *at)
{
	long result = connect_to(at);

	if (result == 0)
		note_port();
	return result;
}

static long act_binds(void)
{
	struct sockaddr_un own = { 0 };
	socklen_t size = sizeof(own);
	long result;

	if (is("bind"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST), bind_to(v4("127.0.0.1", 4001));
	if (is("bind@foreign"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST), bind_to(v4("192.0.2.1", 4002));
	if (is("bind@any"))
		return new_socket(AF_INET, SOCK_DGRAM, FIRST), bind_to(v4("0.0.0.0", 4003));
	if (is("bind@6"))
		return new_socket(AF_INET6, SOCK_STREAM, FIRST), bind_to(v6("::1", 4004));
	if (is("bind@mapped"))
		return new_socket(AF_INET6, SOCK_STREAM, FIRST),
		       bind_to(v6("::ffff:127.0.0.1", 4005));
	if (is("bind@unix"))
		return new_socket(AF_UNIX, SOCK_STREAM, FIRST), bind_to(local("/mnt/bind.s"));
	if (is("bind@abstract"))
		return new_socket(AF_UNIX, SOCK_STREAM, FIRST), bind_to(local("@calls.bind"));
	if (is("bind@auto")) {
		new_socket(AF_UNIX, SOCK_DGRAM, FIRST);
		result = syscall(SYS_bind, FIRST, local(""), sizeof(sa_family_t));
		getsockname(FIRST, (struct sockaddr *)&own, &size);
		note("name", "@%s", (unsigned long)(own.sun_path + 1));
		return result;
	}
	if (is("bind@bad"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST),
		       syscall(SYS_bind, FIRST, NOWHERE, sizeof(address.v4));
	if (is("listen"))
		return syscall(SYS_listen, bound(SOCK_STREAM, v4("127.0.0.1", 4006)), 7);
	if (is("listen@unix"))
		return syscall(SYS_listen, bound(SOCK_STREAM, local("/mnt/listen.s")), 7);
	return OTHER_FORM;
}

static long act_connects(void)
{
	unsigned int words[3];
	long result;

	if (is("connect"))
		return served(v4("127.0.0.1", 4011)), connect_and_note(&address.any);
	if (is("connect@public"))
		return served(v4("203.0.113.7", 443)), connect_to(&address.any);
	if (is("connect@refused"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST), connect_to(v4("127.0.0.1", 4012));
	if (is("connect@6"))
		return served(v6("::1", 4013)), connect_and_note(&address.any);
	if (is("connect@mapped"))
		return served(v6("::ffff:127.0.0.1", 4014)), connect_and_note(&address.any);
	if (is("connect@udp"))
		return new_socket(AF_INET, SOCK_DGRAM, FIRST),
		       connect_and_note(v4("127.0.0.1", 4015));
	if (is("connect@away"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST), connect_to(v4("192.0.2.7", 4016));
	if (is("connect@dissolve")) {
		new_socket(AF_INET, SOCK_DGRAM, FIRST);
		connect_to(v4("127.0.0.1", 4017));
		address.any.sa_family = AF_UNSPEC;
		return connect_to(&address.any);
	}
	if (is("connect@unix"))
		return served(local("/mnt/connect.s")), connect_to(&address.any);
	if (is("connect@abstract"))
		return served(local("@calls.connect")), connect_to(&address.any);
	if (is("connect@nowhere"))
		return new_socket(AF_UNIX, SOCK_STREAM, FIRST), connect_to(local("/mnt/nowhere.s"));
	if (is("connect@shared")) {
		char accepted;

		new_socket(AF_UNIX, SOCK_STREAM, FIRST);
		result = connect_to(local("/share/s"));
		/* Whose peer has exited, accept cannot tell. */
		return read(FIRST, &accepted, 1) == 1 ? result : -1;
	}
	if (is("connect@engine"))
		return new_socket(AF_UNIX, SOCK_STREAM, FIRST),
		       connect_to(local("/run/docker.sock"));
	if (is("connect@shim"))
		return new_socket(AF_UNIX, SOCK_STREAM, FIRST),
		       connect_to(local("@/containerd-shim/stockade-test.sock"));
	if (is("connect@bad"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST),
		       syscall(SYS_connect, FIRST, NOWHERE, sizeof(address.v4));
	if (is("connect@huge"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST),
		       syscall(SYS_connect, FIRST, v4("127.0.0.1", 4018), 1 << 20);
	if (is("connect@32"))
		return new_socket(AF_INET, SOCK_STREAM, FIRST), v4("127.0.0.1", 4019),
		       call32(362, FIRST, (long)memcpy(low, &address, length), length, 0, 0);
	if (is("connect@socketcall") || is("connect@edge")) {
		char *at = is("connect@edge") ? edge(sizeof(words)) : low + 256;

		new_socket(AF_INET, SOCK_STREAM, FIRST);
		v4("127.0.0.1", is("connect@edge") ? 4024 : 4020);
		words[0] = FIRST;
		words[1] = (long)memcpy(low, &address, length);
		words[2] = length;
		return call32(102, 3, (long)memcpy(at, words, sizeof(words)), 0, 0, 0);
	}
	return OTHER_FORM;
}

static long act_sockets(void)
{
	static struct sockaddr_in peer;
	static socklen_t size = sizeof(peer);

	if (is("socket"))
		return syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	if (is("socket@6"))
		return syscall(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (is("socket@unix"))
		return syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET, 0);
	if (is("socket@netlink"))
		return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 15);
	if (is("socket@netfilter"))
		return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 12);
	if (is("socket@vsock"))
		return syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
	if (is("socket@alg"))
		return syscall(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0);
	if (is("socket@packet"))
		return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0x300);
	if (is("socket@raw"))
		return syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (is("socket@32"))
		return call32(359, AF_INET, SOCK_DGRAM, 0, 0, 0);
	if (is("accept"))
		return connected(v4("127.0.0.1", 4021)), note_port(),
		       syscall(SYS_accept, SECOND, NULL, NULL);
	if (is("accept@unix"))
		return connected(local("/mnt/accept.s")), syscall(SYS_accept, SECOND, NULL, NULL);
	if (is("accept@none"))
		return served(v4("127.0.0.1", 4022)), fcntl(SECOND, F_SETFL, O_NONBLOCK),
		       syscall(SYS_accept, SECOND, NULL, NULL);
	if (is("accept4"))
		return connected(v4("127.0.0.1", 4023)), note_port(),
		       syscall(SYS_accept4, SECOND, pointer("addr", &peer),
			       pointer("addrlen", &size), SOCK_CLOEXEC);
	return OTHER_FORM;
}

/* struct msghdr of the 32-bit ABI, at the beginning of low, with room for each of its parts. */
struct low_message {
	unsigned int name, name_length, data, data_count, control, control_length, flags;
	unsigned int data_at, data_length;
	char address[16], bytes[4];
	unsigned int control_head[3];
	int fds[4];
};

static struct low_message *low_message(void)
{
	struct low_message *message = (void *)low;
	unsigned int at = (unsigned long)low;

	memset(message, 0, sizeof(*message));
	message->data = at + offsetof(struct low_message, data_at);
	message->data_count = 1;
	message->data_at = at + offsetof(struct low_message, bytes);
	message->data_length = sizeof(message->bytes);
	return message;
}

static long act_dups(void)
{
	if (strncmp(form, "dup", 3))
		return OTHER_FORM;
	connected(v4("127.0.0.1", 4051));
	note_port();
	if (is("dup"))
		return syscall(SYS_dup, FIRST);
	if (is("dup2"))
		return syscall(SYS_dup2, FIRST, 30);
	if (is("dup2@stdin"))
		return syscall(SYS_dup2, FIRST, 0);
	if (is("dup2@closed"))
		return syscall(SYS_dup2, 31, 30);
	if (is("dup3"))
		return syscall(SYS_dup3, FIRST, 30, O_CLOEXEC);
	return OTHER_FORM;
}

static long act_sends(void)
{
	long result;

	pointer("buf", shared);
	if (is("sendto")) {
		new_socket(AF_INET, SOCK_DGRAM, FIRST);
		v4("127.0.0.1", 4031);
		result = syscall(SYS_sendto, FIRST, shared, 5, MSG_NOSIGNAL, &address, length);
		note_port();
		return result;
	}
	if (is("sendto@connected")) {
		connected(v4("127.0.0.1", 4032));
		note_port();
		return syscall(SYS_sendto, FIRST, shared, 6, 0, NULL, 0);
	}
	if (is("sendto@unix")) {
		bound(SOCK_DGRAM, local("/mnt/sendto.s"));
		new_socket(AF_UNIX, SOCK_DGRAM, SECOND);
		return syscall(SYS_sendto, SECOND, shared, 3, 0, &address, length);
	}
	if (is("sendmsg")) {
		struct iovec data = { shared, 4 };
		struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

		new_socket(AF_INET, SOCK_DGRAM, FIRST);
		message.msg_name = v4("127.0.0.1", 4033);
		message.msg_namelen = length;
		return syscall(SYS_sendmsg, FIRST, pointer("msg", &message), MSG_NOSIGNAL);
	}
	if (is("sendmsg@32")) {
		struct low_message *message = low_message();

		new_socket(AF_INET, SOCK_DGRAM, FIRST);
		v4("127.0.0.1", 4034);
		memcpy(message->address, &address, length);
		message->name = (unsigned long)message->address;
		message->name_length = length;
		return call32(370, FIRST, (long)pointer("msg", message), 0, 0, 0);
	}
	return OTHER_FORM;
}

/* ---- descriptors over sockets ---- */

/* Two ends of a socket: what comes at SECOND was sent at FIRST. */
static void new_pair(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		perror(form);
	place(ends[0], FIRST);
	place(ends[1], SECOND);
}

static void pass(int to, const int *fds, int count)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec data = { shared, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	if (sendmsg(to, &message, 0) < 0)
		perror(form);
}

static char room[256];
static struct iovec taken = { shared, 1 };
static struct mmsghdr messages[2];

static struct msghdr *to_receive(int at)
{
	messages[at].msg_hdr = (struct msghdr){
		.msg_iov = &taken,
		.msg_iovlen = 1,
		.msg_control = room + at * 128,
		.msg_controllen = 128,
	};
	return &messages[at].msg_hdr;
}

static long note_received(int at)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(to_receive(at));
	int fd;

	/* What else comes may come first. */
	while (head->cmsg_type != SCM_RIGHTS)
		head = (struct cmsghdr *)((char *)head + CMSG_ALIGN(head->cmsg_len));
	memcpy(&fd, CMSG_DATA(head) + (head->cmsg_len - CMSG_LEN(sizeof(fd))), sizeof(fd));
	note("num", "%lu", fd);
	return 0;
}

static long receive_by_request(struct msghdr *message);

static long act_receives(void)
{
	int fds[2], one = 1;

	if (strncmp(form, "receive_fd", strlen("receive_fd")))
		return OTHER_FORM;
	if (is("receive_fd@shared")) {
		/* The other end is in another container, or the host's. */
		new_socket(AF_UNIX, SOCK_STREAM, SECOND);
		local("/share/s");
		if (connect(SECOND, &address.any, length) ||
		    syscall(SYS_recvmsg, SECOND, to_receive(0), 0) < 0)
			return -1;
		return note_received(0);
	}
	new_pair();
	fds[0] = open(file("receive_fd.a"), O_RDWR);
	fds[1] = open(file("receive_fd.b"), O_RDONLY);
	if (is("receive_fd@credentials"))
		setsockopt(SECOND, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	pass(FIRST, fds, 2);
	if (is("receive_fd@mmsg")) {
		pass(FIRST, fds, 1);
		to_receive(0);
		to_receive(1);
		if (syscall(SYS_recvmmsg, SECOND, messages, 2, 0, NULL) != 2)
			return -1;
		return note_received(1);
	}
	if (is("receive_fd@32")) {
		struct low_message *message = low_message();

		message->control = (unsigned long)message->control_head;
		message->control_length = sizeof(message->control_head) + sizeof(message->fds);
		if (call32(372, SECOND, (long)message, 0, 0, 0) < 0)
			return -1;
		note("num", "%lu", message->fds[1]);
		return 0;
	}
	if (is("receive_fd@uring") ? receive_by_request(to_receive(0))
				   : syscall(SYS_recvmsg, SECOND, to_receive(0), 0) < 0)
		return -1;
	return note_received(0);
}

/* ---- io_uring ---- */

/* Make a request, and wait until it is complete. Returns its result. */
static long request(const struct io_uring_sqe *wanted)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);
	struct io_uring_sqe *entry;
	struct io_uring_cqe *done;
	unsigned int *tail;
	char *rings;

	if (ring < 0)
		return -errno;
	rings = mmap(NULL, params.cq_off.cqes + 2 * sizeof(*done), PROT_READ | PROT_WRITE,
		     MAP_SHARED, ring, IORING_OFF_SQ_RING);
	entry = mmap(NULL, sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		     IORING_OFF_SQES);
	*entry = *wanted;
	tail = (unsigned int *)(rings + params.sq_off.tail);
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	done = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
	return done->res;
}

static long receive_by_request(struct msghdr *message)
{
	struct io_uring_sqe entry = { .opcode = IORING_OP_RECVMSG, .fd = SECOND };

	entry.addr = (unsigned long)message;
	entry.len = 1;
	return request(&entry) < 0;
}

/* @to, @by: a second path and what it starts from, in the places that renameat has for them. */
static long request_path(int opcode, int from, const char *path, const char *to, int by, int flags)
{
	struct io_uring_sqe entry = { .opcode = opcode, .fd = from, .rename_flags = flags };

	entry.addr = (unsigned long)path;
	entry.addr2 = (unsigned long)to;
	entry.len = by;
	return request(&entry);
}

static long request_socket(int opcode, int fd, unsigned long to, unsigned long size, int len)
{
	struct io_uring_sqe entry = { .opcode = opcode, .fd = fd, .addr = to, .len = len };

	entry.off = size;
	return request(&entry);
}

static long act_requests(void)
{
	if (is("renameat2@uring"))
		return open_directory("d"), request_path(IORING_OP_RENAMEAT, AT_FDCWD,
							 file("rename.uring"), "renamed", FIRST, 1);
	if (is("unlinkat@uring"))
		return request_path(IORING_OP_UNLINKAT, AT_FDCWD, directory("unlink.uring"), NULL,
				    0, AT_REMOVEDIR);
	if (is("mkdirat@uring"))
		return request_path(IORING_OP_MKDIRAT, AT_FDCWD, "mkdir.uring", NULL, 0700, 0);
	if (is("symlinkat@uring"))
		return request_path(IORING_OP_SYMLINKAT, AT_FDCWD, "else/where", "symlink.uring", 0,
				    0);
	if (is("linkat@uring"))
		return request_path(IORING_OP_LINKAT, AT_FDCWD, file("link.uring"),
				    "/mnt/linked.uring", AT_FDCWD, 0);
	if (is("connect@uring")) {
		served(v4("127.0.0.1", 4041));
		return request_socket(IORING_OP_CONNECT, FIRST, (unsigned long)&address, length, 0);
	}
	if (is("accept4@uring")) {
		connected(v4("127.0.0.1", 4042));
		note_port();
		return request_socket(IORING_OP_ACCEPT, SECOND, 0, 0, 0);
	}
	if (is("socket@uring"))
		return request_socket(45, AF_INET, 0, SOCK_STREAM, 0);
	if (is("io_uring@read"))
		return request_socket(IORING_OP_READ, open_file("read.uring"),
				      (unsigned long)shared, 0, 4);
	if (is("io_uring@nop"))
		return request_socket(IORING_OP_NOP, -1, 0, 0, 0);
	return OTHER_FORM;
}

static long act(void)
{
	static long (*const acts[])(void) = {
		act_names,    act_inodes,    act_mounts,   act_namespaces,  act_kernel,
		act_dups,     act_binds,     act_sockets,  act_credentials, act_sends,
		act_connects, act_processes, act_receives, act_requests,
	};

	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		long result;

		*notes = 0;
		errno = 0;
		result = acts[i]();
		if (result != OTHER_FORM)
			return result == -1 && errno ? -errno : result;
	}
	fprintf(stderr, "no form %s\n", form);
	return OTHER_FORM;
}

static void serve(const char *path)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	local(path);
	if (bind(listener, &address.any, length) || listen(listener, 4))
		perror(path);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (write(fd, "", 1) != 1)
			perror(path);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	low = mmap(NULL, LOW_BYTES + 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	munmap(low + LOW_BYTES, 4096);
	if (chdir("/mnt"))
		perror("/mnt");
	directory("d");
	if (getenv("OTHER"))
		other = atol(getenv("OTHER"));
	for (int i = 1; i < argc; i++) {
		pid_t child = fork();
		long result;

		form = argv[i];
		if (child) {
			waitpid(child, NULL, 0);
			continue;
		}
		result = act();
		dprintf(STDOUT_FILENO, "%s %d %ld%s\n", form, getpid(), result, notes);
		_exit(0);
	}
	return 0;
}
