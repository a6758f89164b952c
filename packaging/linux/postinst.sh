#!/bin/sh
# After the files of the package are unpacked. deb calls it with configure, rpm with 1 or 2. DPKG_ROOT is
# the folder that dpkg --root installs into when the scripts stay outside of it.
set -e
root=${DPKG_ROOT:-}
etc=$root/etc/linemark
upgrade=$root/run/linemark.upgrade

case "$1" in
configure | 1 | 2) ;;
*) # an upgrade that was broken off: the old program is back, and nothing was restarted
	rm -f "$upgrade"
	exit 0
	;;
esac

say() { echo "linemark: $*"; }

if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers --root="$root/" linemark.conf
	systemd-tmpfiles --root="$root/" --create linemark.conf
elif ! grep -q '^linemark:' "$root/etc/passwd"; then
	say "there is no systemd-sysusers here: make the account linemark, a member of dialout, before the first start"
fi

# The starter is written once, and never over what is there. It is no file of the package: dpkg
# would ask about it, and rpm lay another beside it, whenever a later package brings another starter.
put() {
	[ -e "$2" ] || [ -L "$2" ] && return 0
	(umask 027 && cp "$1" "$2.new")
	chmod 0640 "$2.new"
	chgrp "$(stat -c %g "$etc")" "$2.new"
	mv "$2.new" "$2"
}
if ! [ -d "$etc" ]; then
	mkdir -m 2750 "$etc"
fi
if ! [ -e "$etc/linemark.toml" ]; then
	[ -d "$etc/labels" ] || mkdir -m 2750 "$etc/labels"
	for label in "$root"/usr/share/linemark/labels/*; do
		put "$label" "$etc/labels/${label##*/}"
	done
	put "$root/usr/share/linemark/linemark.toml" "$etc/linemark.toml"
fi

# In an image that is being made, or another machine's root, nothing runs.
if ! [ -d "$root/run/systemd/system" ]; then
	if ! [ -e "$upgrade" ] && command -v systemctl >/dev/null; then
		systemctl --root="$root/" enable linemark.service || say "it will not start with the machine: is its unit masked?"
	fi
	rm -f "$upgrade"
	exit 0
fi

systemctl daemon-reload
if [ -f "$root/etc/systemd/system/linemark.service" ] && ! [ -L "$root/etc/systemd/system/linemark.service" ]; then
	say "the unit that linemark service install has written is in force, with the program that it names."
	say "For the package's own: linemark service uninstall, then systemctl enable --now linemark"
elif ! [ -e "$upgrade" ]; then
	systemctl enable linemark.service || say "it will not start with the machine: is its unit masked?"
	systemctl start linemark.service || say "it has not started: journalctl -u linemark says why"
	say "edit /etc/linemark/linemark.toml and put the token into /etc/linemark/izkm.token; http://127.0.0.1:8480/ says what is missing"
else
	case "$(systemctl show --property=ActiveState linemark.service || true)" in
	*=inactive | *=failed | *=deactivating) ;; # it did not run and is not started
	*)
		if [ "${LINEMARK_FORCE_RESTART:-}" = 1 ] || [ -e "$etc/restart-on-upgrade" ]; then
			why=forced
		elif why=$("$root/usr/bin/linemark" service may-restart --config "$etc/linemark.toml" 2>&1); then
			why=${why#yes: }
		else
			say "${why#no: }"
			say "the old program goes on. For the new one, when the lines stand: systemctl restart linemark"
			why=
		fi
		if [ -n "$why" ]; then
			systemctl restart linemark.service || say "it has not started again: journalctl -u linemark says why"
			say "started again ($why)"
		fi
		;;
	esac
fi
rm -f "$upgrade"
