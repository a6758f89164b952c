package failpoint

import (
	"runtime"
	"slices"
	"strings"
)

// Method names a change that a caller asks for: the method that was called from outside of the package that
// calls Method, the function in it that makes the change where that is another, and who called. So "Claim
// (line.carryOut)" and "BuildUtilisation/freeze (report.build)". Functions in skip only pass the change on.
func Method(skip ...string) string {
	pcs := make([]uintptr, 24)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	inside, makes, method := "", "", ""
	for {
		f, more := frames.Next()
		if inside == "" {
			inside = packageOf(f.Function)
		}
		if packageOf(f.Function) != inside {
			return named(makes, method) + " (" + by(f.Function) + ")"
		}
		method = short(f.Function)
		if makes == "" && !slices.Contains(skip, method) {
			makes = method
		}
		if !more {
			return named(makes, method)
		}
	}
}

func named(makes, method string) string {
	if makes == "" || makes == method {
		return method
	}
	return method + "/" + makes
}

// packageOf is the import path in a function's name.
func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + name
}

// short is a function's name without its package, its receiver and what the compiler calls a closure.
func short(function string) string {
	name := strings.TrimPrefix(function, packageOf(function)+".")
	for part := range strings.SplitSeq(name, ".") {
		if !strings.HasPrefix(part, "(") {
			return part
		}
	}
	return name
}

// by is short with the last part of the package.
func by(function string) string {
	in := packageOf(function)
	return in[strings.LastIndexByte(in, '/')+1:] + "." + short(function)
}

// Commit says that a commit which these calls share has come to a place.
func Commit(calls []string, where string) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(calls))) {
		At("commit " + name + " " + where)
	}
}
