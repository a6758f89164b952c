package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// counter shows on a terminal how far a long file is. Elsewhere, in a log or a pipe, it keeps silent.
type counter struct {
	w     io.Writer // nil: silent
	thing string
	last  time.Time
	shown bool
}

func progress(w io.Writer, thing string) *counter {
	f, ok := w.(*os.File)
	if !ok {
		return &counter{}
	}
	if s, err := f.Stat(); err != nil || s.Mode()&os.ModeCharDevice == 0 {
		return &counter{}
	}
	return &counter{w: f, thing: thing, last: time.Now()}
}

// tell shows a count, four times a second at most.
func (c *counter) tell(n int) {
	if c.w == nil || time.Since(c.last) < 250*time.Millisecond {
		return
	}
	c.last, c.shown = time.Now(), true
	fmt.Fprintf(c.w, "\r%d %s", n, c.thing)
}

// clear makes room for other lines.
func (c *counter) clear() {
	if c.shown {
		fmt.Fprint(c.w, "\r\033[K")
		c.shown = false
	}
}
