package feedtest

// Buffer holds a printer's jobs in their order, each with the copies that are still to come out, and the head
// that prints the oldest. The zero value is empty. Its methods are called under the printer's lock.
type Buffer[L any] struct {
	Head
	jobs []job[L]
}

type job[L any] struct {
	label   L
	copies  int
	spoiled bool
}

// Add puts a job behind the others.
func (b *Buffer[L]) Add(label L, copies int) {
	b.jobs = append(b.jobs, job[L]{label: label, copies: copies})
}

// Next returns the label that comes out next and how many copies of it; zero copies where nothing waits.
func (b *Buffer[L]) Next() (label L, copies int) {
	if len(b.jobs) == 0 {
		return label, 0
	}
	return b.jobs[0].label, b.jobs[0].copies
}

// Jobs counts the jobs.
func (b *Buffer[L]) Jobs() int { return len(b.jobs) }

// Waiting counts the labels, copies each by itself.
func (b *Buffer[L]) Waiting() (n int) {
	for _, j := range b.jobs {
		n += j.copies
	}
	return n
}

// Take removes one copy of the oldest job from under the head; done tells that it was the last.
func (b *Buffer[L]) Take() (done bool) {
	b.Free()
	j := &b.jobs[0]
	j.spoiled = false
	if j.copies--; j.copies > 0 {
		return false
	}
	b.jobs = b.jobs[1:]
	return true
}

// Spoil ends the copy under the head, which came out half and is to be printed again.
func (b *Buffer[L]) Spoil() {
	b.Free()
	b.jobs[0].spoiled = true
}

// Spoiled tells whether the oldest job begins with a copy that came out half.
func (b *Buffer[L]) Spoiled() bool { return len(b.jobs) > 0 && b.jobs[0].spoiled }

// Behind drops everything but the copy under the head, and returns the labels of which copies were dropped.
func (b *Buffer[L]) Behind() (dropped []L) {
	kept := 0
	if b.Busy() {
		kept = 1
	}
	for i := range b.jobs {
		if i < kept && b.jobs[i].copies == 1 {
			continue
		}
		dropped = append(dropped, b.jobs[i].label)
		b.jobs[i].copies = 1
	}
	b.jobs = b.jobs[:min(kept, len(b.jobs))]
	return dropped
}

// Empty drops everything and returns the labels of the jobs that were dropped.
func (b *Buffer[L]) Empty() (dropped []L) {
	b.Free()
	for _, j := range b.jobs {
		dropped = append(dropped, j.label)
	}
	b.jobs = nil
	return dropped
}
