#!/bin/sh
# Before the files of the package are removed. deb calls it with remove, or upgrade; rpm with 0, or 1. In an
# upgrade the program runs on: postinst of the new package decides.
set -e
case "$1" in
remove | 0)
	if [ -d "${DPKG_ROOT:-}/run/systemd/system" ]; then
		systemctl disable --now linemark.service
	elif command -v systemctl >/dev/null; then
		systemctl --root="${DPKG_ROOT:-}/" disable linemark.service || true
	fi
	;;
esac
