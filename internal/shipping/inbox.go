package shipping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// lookEvery is how often the watched folder is looked at. A file that stands the same at two looks is whole.
const lookEvery = 2 * time.Second

// The folders in the watched folder that files go to.
const (
	doneFolder    = "done"
	refusedFolder = "refused"
)

// seen is a file as it was at the last look.
type seen struct {
	size int64
	at   time.Time // of its last change
	next time.Time // not looked at before; zero: it is
}

const (
	// moveAgain is when a file is tried again that was read and could not be moved away.
	moveAgain = time.Minute
	// breaksOff is how long a file must rest that ends in the middle: who copies it may be slow.
	breaksOff = 30 * time.Second
	// longestFile is the longest name of a file that is moved away, in bytes: a number, an end and what a file is
	// called while it is written go into the 255 of usual file systems.
	longestFile = 200
)

// watch takes the files that are dropped in the watched folder.
func (c *Clerk) watch(ctx context.Context) {
	if c.Inbox == "" {
		return
	}
	for ctx.Err() == nil {
		err := c.look(ctx)
		text := ""
		if err != nil && ctx.Err() == nil {
			text = "the watched folder " + c.Inbox + ": " + oneLine(err.Error())
			c.alarm("inbox", text)
		} else if err == nil {
			c.well("inbox")
		}
		c.mu.Lock()
		c.inbox = text
		c.mu.Unlock()
		wait(ctx, nil, time.Now().Add(lookEvery))
	}
}

// look takes what is whole. Its error is of the folder, or of the disk: the files stay where they are.
func (c *Clerk) look(ctx context.Context) error {
	entries, err := os.ReadDir(c.Inbox)
	if err != nil {
		return err
	}
	now := map[string]seen{}
	var errs []error
	for _, e := range entries {
		name := e.Name()
		if end := strings.ToLower(filepath.Ext(name)); end != ".json" && end != ".csv" || strings.HasPrefix(name, ".") {
			continue
		}
		stat, err := e.Info()
		if err != nil || !stat.Mode().IsRegular() { // it is gone meanwhile, or no file
			continue
		}
		is := seen{size: stat.Size(), at: stat.ModTime()}
		had, known := c.looks[name]
		if !known || had.size != is.size || !had.at.Equal(is.at) {
			now[name] = is
			continue
		}
		if time.Now().Before(had.next) {
			now[name] = had
			continue
		}
		wait, err := c.dropped(ctx, name, stat, !had.next.IsZero())
		if err != nil {
			errs = append(errs, err)
		}
		if err != nil || wait > 0 {
			if is.next = had.next; wait > 0 {
				is.next = time.Now().Add(wait)
			}
			now[name] = is
		}
	}
	c.looks = now
	return errors.Join(errs...)
}

// dropped takes one file, or refuses it, and moves it away. It returns when to look at it again, where it stays; 0:
// it is gone. Its error is none of the file's: it will be tried again. rested says that it was waited for already.
func (c *Clerk) dropped(ctx context.Context, name string, is fs.FileInfo, rested bool) (again time.Duration, err error) {
	path := filepath.Join(c.Inbox, name)
	text, same, err := readForm(path, is)
	if err != nil {
		return 0, err
	}
	if !same {
		return lookEvery, nil // it is being written after all: the next looks tell
	}
	o, err := ReadOrder(name, text)
	if !rested && brokenOff(name, text, err) {
		return breaksOff, nil
	}
	if err == nil {
		_, err = c.Add(ctx, o, "file "+oneLine(name))
	}
	var refused *InputError
	if err != nil && !errors.As(err, &refused) {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	about := "inbox " + name
	folder := doneFolder
	if refused != nil {
		folder = refusedFolder
		c.alarm(about, fmt.Sprintf("the file %s is refused: %s", oneLine(name), refused.What))
	}
	if err := c.away(path, folder, refused); err != nil {
		c.alarm(about+" stays", fmt.Sprintf("the file %s was read and cannot be moved to %s, which is tried again every minute: %s", oneLine(name), folder, oneLine(err.Error())))
		return moveAgain, nil
	}
	c.well(about) // the same once more is told once more
	c.well(about + " stays")
	return 0, nil
}

// brokenOff says whether a file may be the beginning of one that is still being copied.
func brokenOff(name string, text []byte, err error) bool {
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return len(text) > 0 && text[len(text)-1] != '\n'
	}
	return err != nil && !json.Valid(text)
}

// readForm reads no more than a form may have, and one byte; same is false where the file is no longer as it was
// looked at.
func readForm(path string, is fs.FileInfo) (text []byte, same bool, err error) {
	if now, err := os.Lstat(path); err != nil || !now.Mode().IsRegular() { // to open a pipe would wait for ever
		return nil, false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	if text, err = io.ReadAll(io.LimitReader(f, longestForm+1)); err != nil {
		return nil, false, err
	}
	now, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	return text, now.Mode().IsRegular() && now.Size() == is.Size() && now.ModTime().Equal(is.ModTime()), nil
}

// away moves a file that was read; one that is refused has a text beside it that says why.
func (c *Clerk) away(path, folder string, refused *InputError) error {
	dir := filepath.Join(filepath.Dir(path), folder)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	name := filepath.Base(path)
	end := filepath.Ext(name)
	for stem := strings.TrimSuffix(name, end); len(name) > longestFile; {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
		name = stem + end
	}
	to := filepath.Join(dir, name)
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
		to = filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, end), n, end))
	}
	if refused != nil {
		why := refused.What + "\r\n"
		if refused.Hint != "" {
			why += refused.Hint + "\r\n"
		}
		if err := c.Store.disk.write(to+".txt", []byte(why)); err != nil {
			return err
		}
	}
	return c.Store.disk.rename(path, to)
}
