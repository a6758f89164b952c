#!/bin/sh
# Makes the release twice, the second time from a copy of the sources in another folder and without anything
# that was built before, and compares. It takes minutes: everything is compiled anew.
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/linemark-release.XXXXXX")
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
VERSION=${VERSION:-$(git describe --tags --match 'v[0-9]*' 2>/dev/null || echo "v0.0.0-$(git rev-list --count HEAD)-g$(git rev-parse --short HEAD)")}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export VERSION SOURCE_DATE_EPOCH

go run ./packaging/release --out "$work/first"
mkdir "$work/sources"
git ls-files -z --cached --others --exclude-standard | tar -c --null --files-from=- | tar -x -C "$work/sources"
nfpm=$PWD/bin/nfpm
(
	cd "$work/sources"
	umask 077
	TZ=Asia/Tashkent GOCACHE="$work/cache" go run ./packaging/release --out "$work/second" --nfpm "$nfpm"
)
if cmp "$work/first/SHA256SUMS" "$work/second/SHA256SUMS"; then
	cat "$work/first/SHA256SUMS"
	echo "both times the same"
else
	diff "$work/first/SHA256SUMS" "$work/second/SHA256SUMS" || true
	echo "not the same both times" >&2
	exit 1
fi
