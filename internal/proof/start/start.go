// Package start measures a start of the real program.
package start
