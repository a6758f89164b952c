//go:build !linux

package main

func removeMade() {}
