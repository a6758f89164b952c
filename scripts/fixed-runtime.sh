#!/bin/sh
# Writes a Go overlay in which nothing of the runtime is left to chance: selects, maps, timers of one moment
# and math/rand draw from one fixed sequence, and no goroutine is interrupted for its time. With GOMAXPROCS=1
# and GOGC=off a program of virtual time then runs the same way every time. Prints the overlay's path.
set -eu
go=${GO:-go}
out=${1:?usage: fixed-runtime.sh FOLDER}
src=$($go env GOROOT)/src/runtime
mkdir -p "$out"
out=$(cd "$out" && pwd)

# change FILE PATTERN REPLACEMENT: exactly one line of the runtime is replaced, or this Go is not known here.
change() {
	[ -f "$out/$1" ] || cp "$src/$1" "$out/$1"
	n=$(grep -cF -- "$2" "$out/$1") || true
	[ "$n" = 1 ] || { echo "fixed-runtime: $($go version): runtime/$1 has '$2' $n times, not once" >&2; exit 1; }
	awk -v was="$2" -v now="$3" '{ at = index($0, was); if (at) $0 = substr($0, 1, at-1) now substr($0, at+length(was)); print }' "$out/$1" >"$out/$1.new"
	mv "$out/$1.new" "$out/$1"
}
rm -f "$out"/*.go
change rand.go 'func rand() uint64 {' 'func rand() uint64 { if fixedRand != 0 { return fixed() }'
change rand.go 'mp.cheaprand = rand()' 'mp.cheaprand = bootstrapRand()'
change select.go 'cheaprandn(uint32(norder + 1))' 'uint32(fixed() % uint64(norder + 1))'
change time.go 't.rand = cheaprand()' 't.rand = uint32(fixed())'
change proc.go 'func retake(now int64) uint32 {' 'func retake(now int64) uint32 { if fixedRand != 0 { return 0 }'
cat >>"$out/rand.go" <<'EOF'

var fixedRand uint64 = 1

//go:nosplit
func fixed() uint64 {
	fixedRand += 0xa0761d6478bd642f
	hi, lo := math.Mul64(fixedRand, fixedRand^0xe7037ed1a0b428db)
	return hi ^ lo
}
EOF
{
	echo '{"Replace": {'
	comma=
	for f in rand.go select.go time.go proc.go; do
		printf '%s  "%s/%s": "%s/%s"' "$comma" "$src" "$f" "$out" "$f"
		comma=',
'
	done
	printf '\n}}\n'
} >"$out/overlay.json"
echo "$out/overlay.json"
