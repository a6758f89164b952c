#!/bin/sh
# Before the files of the package are unpacked. deb calls it with install or upgrade, rpm with 1 or 2.
set -e
mkdir -p "${DPKG_ROOT:-}/run"
case "$1" in
upgrade | 2) : >"${DPKG_ROOT:-}/run/linemark.upgrade" ;; # for postinst
*) rm -f "${DPKG_ROOT:-}/run/linemark.upgrade" ;;
esac
