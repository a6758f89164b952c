#!/bin/sh
# Runs all tests with the race detector and counts what was skipped. A test whose peer program
# is missing is skipped by name; with CI=true it fails instead (internal/peers).
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The detector looks at our own code. SQLite is C that was translated to Go: watching each of its loads and
# stores would find nothing of ours and takes five times as long.
race='-race -gcflags=modernc.org/...=-race=false'
if ! command -v "${CC:-gcc}" >/dev/null; then # the race detector needs a C compiler
	if [ "${CI:-}" = true ]; then
		echo "no C compiler for the race detector"
		exit 1
	fi
	echo "no C compiler on this machine: the tests run without the race detector"
	race='' CGO_ENABLED=0
	export CGO_ENABLED
fi
# Many tests wait for devices, clocks and processes more than they compute: more packages than cores at a time.
# The linter and make vet look at the code; symbols for a debugger would be linked a hundred times for nobody.
packages=$(go list ./...) || exit 1
code=0
run() { go test $race -vet=off -ldflags=-w -timeout 20m -json "$@" >>"$log" 2>&1 || code=1; }
run -p 4 $(echo "$packages" | grep -v /internal/proof)
# What is proved with real processes against the clock comes after the rest: on a slow machine no line keeps up beside it.
run -p 2 $(echo "$packages" | grep /internal/proof)
# A line for each package, the whole output of what failed, and the skipped tests by name.
awk '
function field(name,   m) { if (match($0, "\"" name "\":\"([^\"\\\\]|\\\\.)*\"")) { m = substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5); return m } return "" }
function text(s) { gsub(/\\n/, "\n", s); gsub(/\\t/, "\t", s); gsub(/\\"/, "\"", s); gsub(/\\u003c/, "<", s); gsub(/\\u003e/, ">", s); gsub(/\\u0026/, "\\&", s); gsub(/\\\\/, "\\", s); return s }
!/^\{/ { print; next }
{
  action = field("Action"); pkg = field("Package"); test = field("Test")
  if (action == "output" || action == "build-output") { key = pkg SUBSEP test; out[key] = out[key] field("Output"); if (action == "build-output") build = build field("Output"); if (test != "") all[pkg] = all[pkg] field("Output"); else all[pkg] = all[pkg] field("Output") }
  if (test == "" && (action == "pass" || action == "fail")) { printf "%s %s\n", (action == "pass" ? "ok  " : "FAIL"), pkg; if (action == "fail") { failed++; failures = failures text(all[pkg]) } }
  if (test != "" && action == "pass") passed++
  if (test != "" && action == "fail") failedtests++
  if (test != "" && action == "skip") { skipped++; names = names "  " pkg " " test ": " text(out[pkg SUBSEP test]) "\n" }
}
END {
  if (failures != "" || build != "") printf "\n%s%s\n", text(build), failures
  if (skipped) printf "\nskipped:\n%s", names
  printf "%d passed, %d failed, %d skipped\n", passed, failedtests + (failed && !failedtests ? failed : 0), skipped
}' "$log"
exit $code
