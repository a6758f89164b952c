//go:build !linux && !windows

package service

import "context"

// Run runs the program until ctx or the program ends and returns its error.
func Run(ctx context.Context, _ bool, program func(ctx context.Context, life *Life) error) error {
	return foreground(ctx, nobody{}, program)
}
