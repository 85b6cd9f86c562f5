#!/bin/sh
# Install the system packages of a purpose on Debian or Ubuntu: those that are missing, listed
# first. Elsewhere, say what is needed and go on: the build finds out whether it is there.
#
#   install-packages.sh build|test|kernels
set -eu

case "${1-}" in
build | test | kernels) purpose=$1 ;;
*)
	echo "usage: install-packages.sh build|test|kernels" >&2
	exit 2
	;;
esac

# The first of some packages that this release has.
first_known() {
	for package in "$@"; do
		if apt-cache show "$package" >/dev/null 2>&1; then
			echo "$package"
			return
		fi
	done
	echo "$1"
}

build_packages() {
	clang=$(first_known clang-19 clang-20 clang-18 clang)
	echo "ca-certificates gcc libc6-dev make libbpf-dev libelf-dev zlib1g-dev"
	echo "$clang" "llvm${clang#clang}"
	# A Python that does not come from the distribution brings its own of these.
	python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
	python3 -c 'import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists())' ||
		echo python3-dev
}

test_packages() {
	echo "runc crun podman busybox-static util-linux kmod iproute2"
	echo "qemu-system-x86 debian-archive-keyring"
}

# What the virtual machines of other kernels need beyond that.
kernels_packages() {
	clang=$(first_known clang-19 clang-20 clang-18 clang)
	echo "qemu-system-arm zstd lld${clang#clang}"
}

installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "This needs root: run make as root, or install sudo" >&2
		exit 3
	fi
}

if ! command -v apt-get >/dev/null; then
	echo "No apt-get here. To $purpose, Stockade needs what these Debian packages hold:" >&2
	"${purpose}_packages" >&2
	exit 0
fi
# A machine that was never updated knows no package at all.
apt-cache show libbpf-dev >/dev/null 2>&1 || as_root apt-get -q update

missing=
for package in $("${purpose}_packages"); do
	installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then exit 0; fi

echo "To $purpose, Stockade installs these packages:$missing"
if ! as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get -q install -y --no-install-recommends $missing; then
	# The lists may be older than the archive.
	as_root apt-get -q update
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends $missing
fi
