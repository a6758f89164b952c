#!/bin/sh
# The speed figures. Every figure is a ratio to a limit or to a peer measured in the same run,
# so it means the same on a slow disk. LINEMARK_BENCH_DIR chooses the disk.
set -eu
export LINEMARK_BENCH_DIR="${LINEMARK_BENCH_DIR:-$PWD/bin/bench}"
mkdir -p "$LINEMARK_BENCH_DIR"
go test -run '^$' -bench . -benchtime 3s ./internal/ledger
go test -run '^$' -bench . -benchtime 1x ./internal/demo
go test -run '^$' -bench . -benchtime 3x ./internal/exchange ./internal/agent
go test -run '^$' -bench . ./internal/code ./internal/escape ./internal/codefile ./drivers/scanner/reading ./internal/record
go test -run '^$' -bench '^BenchmarkWire$' -benchtime 100x ./drivers/printer/...
go test -run '^$' -bench 'Format$' -benchtime 1x ./drivers/printer/zpl
go test -run '^$' -bench Read -benchtime 1s ./drivers/plc/modbus
go test -run '^$' -bench Poll -benchtime 1x ./drivers/plc/modbus
go test -run '^$' -bench OpenPages -benchtime 1x ./internal/page
go test -run '^$' -bench FirstPaint -benchtime 1x ./internal/proof/browser
go test -run '^$' -bench Start -benchtime 1x ./internal/proof/start
rm -rf "$LINEMARK_BENCH_DIR"
