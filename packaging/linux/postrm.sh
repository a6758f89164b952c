#!/bin/sh
# After the files of the package are removed. deb calls it with remove, and with purge when the
# configuration is to go too; rpm with 0 or 1 and never removes the configuration.
#
# The ledger in /var/lib/linemark stays, whatever is removed: it holds codes that were paid for, and what
# became of every other. It goes with a purge only if somebody has made the file /var/lib/linemark/REMOVE.
set -e
root=${DPKG_ROOT:-}
case "$1" in
remove | 0 | purge)
	if [ -d "$root/run/systemd/system" ]; then
		systemctl daemon-reload || true
	fi
	;;
esac
if [ "$1" = purge ]; then
	rm -rf "$root/etc/linemark" "$root/var/log/linemark"
	if [ -e "$root/var/lib/linemark/REMOVE" ]; then
		rm -rf "$root/var/lib/linemark"
	fi
fi
if [ "$1" = remove ] || [ "$1" = 0 ] || [ "$1" = purge ]; then
	if [ -d "$root/var/lib/linemark" ]; then
		echo "linemark: the ledger stays in /var/lib/linemark"
	fi
fi
