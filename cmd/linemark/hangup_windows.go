package main

import "context"

// hangups never asks: a Windows service is told by its manager.
func hangups(context.Context) <-chan struct{} { return nil }
