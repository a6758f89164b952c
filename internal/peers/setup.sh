#!/bin/sh
# Installs the programs of others that the tests talk to, where this machine allows it, and
# says what became of each. Quick when all are there. With CI=true a missing one is an error.
set -u
cd "$(dirname "$0")" || exit 1

python_modules() { /usr/bin/python3 -c 'import pymodbus, serial_asyncio' 2>/dev/null; }

# present PEER: is it there, and does it start?
present() {
	case $1 in
	pymodbus) python_modules ;;
	zpl-renderer-js | modbus-serial) command -v npm >/dev/null && npm ls --omit=dev >/dev/null 2>&1 ;;
	nfpm) ../../bin/nfpm --version >/dev/null 2>&1 ;;
	mosquitto) command -v mosquitto /usr/sbin/mosquitto >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# packages PEER: the Debian packages that bring it.
packages() {
	case $1 in
	gcc) echo gcc libc6-dev ;; # the race detector links with it
	socat) echo socat ;;
	dmtxread | dmtxwrite) echo dmtx-utils ;;
	ZXingReader) echo zxing-cpp-tools ;;
	pymodbus) echo python3-pymodbus python3-serial-asyncio ;;
	systemd-analyze) echo systemd ;;
	wine) echo wine wine64 ;;
	x86_64-w64-mingw32-gcc) echo gcc-mingw-w64-x86-64 ;; # makes the one library that wine lacks for Go
	wixl) echo wixl ;;
	msibuild) echo msitools ;;
	dpkg | rpm | mosquitto | chromium) echo "$1" ;;
	promtool) echo prometheus ;;
	node) echo nodejs ;;
	npm) echo npm ;;
	esac
}

updated=
apt() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	export DEBIAN_FRONTEND=noninteractive
	[ -n "$updated" ] || apt-get update -qq || true # a mirror that fails is no reason not to try
	updated=yes
	apt-get install -qq -y --no-install-recommends "$@"
}

install_peer() {
	case $1 in
	# modbus-serial is used over TCP: what it needs for serial ports would have to be compiled.
	zpl-renderer-js | modbus-serial) command -v npm >/dev/null && npm ci --omit=optional --no-audit --no-fund ;;
	nfpm) ${MAKE:-make} -s -C ../.. bin/nfpm ;; # the Makefile knows which
	*) apt $(packages "$1") ;; # unquoted: one word for each package
	esac
}

missing=0
for peer in gcc socat dmtxread dmtxwrite ZXingReader pymodbus node npm zpl-renderer-js modbus-serial systemd-analyze wine x86_64-w64-mingw32-gcc wixl msibuild dpkg rpm promtool mosquitto chromium nfpm; do
	if present "$peer"; then
		echo "$peer: present"
	elif install_peer "$peer" >&2 && present "$peer"; then
		echo "$peer: installed"
	else
		echo "$peer: cannot be installed (tests that need it will be skipped)"
		missing=$((missing + 1))
	fi
done
[ "${CI:-}" = true ] && [ "$missing" -gt 0 ] && exit 1
exit 0
