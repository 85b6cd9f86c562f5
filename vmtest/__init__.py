"""Real Debian kernels under QEMU, with this host's root file system inside."""
