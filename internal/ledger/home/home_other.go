//go:build !linux && !windows

package home

func fileID(string) (string, error) { return "", nil }
func install() string               { return "" }
func board() string                 { return "" }
func cards() []string               { return nil }
func disks(string) []string         { return nil }
