package service

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// sidOf is whom an entry of an access list is about.
func sidOf(ace *windows.ACCESS_ALLOWED_ACE) string {
	return (*windows.SID)(unsafe.Pointer(&ace.SidStart)).String()
}
