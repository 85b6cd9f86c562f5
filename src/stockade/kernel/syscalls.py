"""System call numbers of both ABIs of each architecture (arch/*/entry/syscalls/*.tbl)."""

from __future__ import annotations

from collections.abc import Container, Iterator

from stockade.events import EventType

SYSCALL_COUNT = 1024
# The kernel's own ABI, then the 32-bit one; columns of the table below.
ARCHITECTURES = {"x86_64": (0, 1), "aarch64": (2, 3)}

# Name, then numbers on x86-64, i386, arm64 and arm; several where a call has variants (of 16-bit
# ids, of 64-bit lengths, x32's).
_TABLE = """
    open 2 5 - 5
    openat 257 295 56 322
    openat2 437 437 437 437
    creat 85 8 - 8
    open_by_handle_at 304 342 265 371
    execve 59/520 11 221 11
    execveat 322/545 358 281 387
    setns 308 346 268 375
    unshare 272 310 97 337
    rename 82 38 - 38
    renameat 264 302 38 329
    renameat2 316 353 276 382
    link 86 9 - 9
    linkat 265 303 37 330
    symlink 88 83 - 83
    symlinkat 266 304 36 331
    unlink 87 10 - 10
    unlinkat 263 301 35 328
    rmdir 84 40 - 40
    mkdir 83 39 - 39
    mkdirat 258 296 34 323
    mknod 133 14 - 14
    mknodat 259 297 33 324
    chmod 90 15 - 15
    fchmod 91 94 52 94
    fchmodat 268 306 53 333
    fchmodat2 452 452 452 452
    chown 92 212/182 - 212
    lchown 94 198/16 - 198
    fchown 93 207/95 55 207
    fchownat 260 298 54 325
    setxattr 188 226 5 226
    lsetxattr 189 227 6 227
    fsetxattr 190 228 7 228
    truncate 76 92/193 45 92
    ftruncate 77 93/194 46 93
    memfd_create 319 356 279 385
    mount 165 21 40 21
    umount2 166 52/22 39 52
    pivot_root 155 217 41 218
    chroot 161 61 51 61
    chdir 80 12 49 12
    fchdir 81 133 50 133
    fsopen 430 430 430 430
    fsconfig 431 431 431 431
    fsmount 432 432 432 432
    fspick 433 433 433 433
    open_tree 428 428 428 428
    move_mount 429 429 429 429
    mount_setattr 442 442 442 442
    ptrace 101/521 26 117 26
    process_vm_readv 310/539 347 270 376
    process_vm_writev 311/540 348 271 377
    pidfd_open 434 434 434 434
    pidfd_getfd 438 438 438 438
    pidfd_send_signal 424 424 424 424
    kill 62 37 129 37
    tkill 200 238 130 238
    tgkill 234 270 131 268
    rt_sigqueueinfo 129/524 178 138 178
    capset 126 185 91 185
    setuid 105 213/23 146 213
    setgid 106 214/46 144 214
    setreuid 113 203/70 145 203
    setregid 114 204/71 143 204
    setresuid 117 208/164 147 208
    setresgid 119 210/170 149 210
    setfsuid 122 215/138 151 215
    setfsgid 123 216/139 152 216
    setgroups 116 206/81 159 206
    prctl 157 172 167 172
    seccomp 317 354 277 383
    bpf 321 357 280 386
    perf_event_open 298 336 241 364
    init_module 175 128 105 128
    finit_module 313 350 273 379
    delete_module 176 129 106 129
    kexec_load 246/528 283 104 347
    kexec_file_load 320 - 294 401
    iopl 172 110 - -
    ioperm 173 101 - -
    syslog 103 103 116 103
    userfaultfd 323 374 282 388
    add_key 248 286 217 309
    request_key 249 287 218 310
    keyctl 250 288 219 311
    io_uring_setup 425 425 425 425
    io_uring_register 427 427 427 427
    socket 41 359 198 281
    bind 49 361 200 282
    connect 42 362 203 283
    listen 50 363 201 284
    accept 43 - 202 285
    accept4 288 364 242 366
    sendto 44 369 206 290
    sendmsg 46/518 370 211 296
    recvmsg 47/519 372 212 297
    recvmmsg 299/537 337/417 243 365/417
    socketcall - 102 - -
"""


def _rows() -> Iterator[tuple[EventType, list[list[int]]]]:
    for line in _TABLE.split("\n"):
        if line:
            name, *columns = line.split()
            yield (
                EventType[name.upper()],
                [[int(each) for each in column.split("/") if each != "-"] for column in columns],
            )


NUMBERS = dict(_rows())


def pack_table(machine: str, wanted: Container[EventType]) -> bytes:
    """The bytes of syscall_types[]: the event types of each number, where they are wanted.

    Args:
        machine: as os.uname() names it.
        wanted: the event types that some rule asks for.

    Raises:
        KeyError: an unsupported architecture.
    """
    packed = bytearray(2 * SYSCALL_COUNT)
    columns = ARCHITECTURES[machine]
    for kind, numbers in NUMBERS.items():
        if kind not in wanted:
            continue
        for byte, column in enumerate(columns):
            for number in numbers[column]:
                packed[2 * number + byte] = kind
    return bytes(packed)


# What the kernel's functions are called after the prefixes of an ABI, where that is not the call's
# own name; i386's variants come first.
_STEMS = {EventType.UMOUNT2: ("umount", "oldumount")}
_PREFIXES = {
    "x86_64": (("__x64_sys_", "__x64_compat_sys_"), ("__ia32_compat_sys_", "__ia32_sys_")),
    # Most of the 32-bit calls are the kernel's own.
    "aarch64": (("__arm64_sys_",), ("__arm64_compat_sys_", "__arm64_sys_")),
}


def functions(machine: str, kind: EventType) -> list[str]:
    """What the functions behind a call may be called, in the kernel's own ABI and the 32-bit one.

    Args:
        machine: as os.uname() names it.
        kind: the call.

    Raises:
        KeyError: an unsupported architecture, or no call.
    """
    native, compat = ARCHITECTURES[machine]
    name, numbers = kind.name.lower(), NUMBERS[kind]
    stems = _STEMS.get(kind, (name,))
    old = (f"{name}16", f"ia32_{name}64", f"{name}_time32", f"{name}_time64")
    of_native, of_compat = _PREFIXES[machine]
    found = []
    if numbers[native]:
        found += [prefix + stem for prefix in of_native for stem in stems]
    if numbers[compat]:
        found += [prefix + stem for prefix in of_compat for stem in (*stems, *old)]
    return found
