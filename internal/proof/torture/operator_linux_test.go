package torture

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// operator changes the batch of the line. When the agent dies meanwhile, the next one is told what is left of it.
type operator struct {
	h       *history
	changes int
	ended   bool // the last batch, and the next one has not started for certain
	busy    bool // a change is not over
	cancel  context.CancelFunc
	gone    chan struct{} // nil: nobody is there
}

// come lets the operator change the batch beside the test, or go on with a change that a kill has interrupted.
func (o *operator) come(change bool) {
	if !change && !o.busy {
		return
	}
	o.busy = true
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(context.Background())
	o.gone = make(chan struct{})
	go func() {
		defer close(o.gone)
		o.change(ctx)
	}()
}

// leave sends the operator away.
func (o *operator) leave() {
	if o.gone != nil {
		o.cancel()
		<-o.gone
		o.gone = nil
	}
}

// finish lets the operator finish what was begun.
func (o *operator) finish() {
	if o.gone == nil {
		return
	}
	select {
	case <-o.gone:
		o.gone = nil
	case <-o.h.Agent.Done:
		o.leave()
	}
}

func (o *operator) change(ctx context.Context) {
	for ctx.Err() == nil {
		switch {
		case !o.ended:
			o.ended = o.tell(ctx, "runs no batch", "end", "--line", "3")
		case o.tell(ctx, "is running since", "start", "--line", "3", "--name", fmt.Sprintf("B%d", o.changes+2)):
			o.changes++
			o.ended, o.busy = false, false
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tell says whether the agent has done it, or had done it before: then it answers with the words already.
func (o *operator) tell(ctx context.Context, already string, args ...string) bool {
	out, err := exec.CommandContext(ctx, o.h.Program, append([]string{"batch", args[0], "--config", o.h.File}, args[1:]...)...).CombinedOutput()
	return err == nil || strings.Contains(string(out), already)
}
