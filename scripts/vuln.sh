#!/bin/sh
# Looks for known vulnerabilities in what the program calls. Where the tool or its database cannot be had it says so and
# is content: a network that is closed says nothing of the program.
set -u
cd "$(dirname "$0")/.." || exit 1
if [ ! -x bin/govulncheck ]; then
	GOBIN=$PWD/bin go install golang.org/x/vuln/cmd/govulncheck@v1.1.4 || { echo "govulncheck cannot be had here"; exit 0; }
fi
out=$(bin/govulncheck ./... 2>&1)
code=$?
case $code in
0) echo "no known vulnerability is called" ;;
3) echo "$out"; exit 1 ;;
*) echo "govulncheck has nothing to compare with here: $(echo "$out" | tail -1)" ;;
esac
