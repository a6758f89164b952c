package shipping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
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
	dead bool      // taken or refused, and it could not be moved away
}

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
		if known && had.dead && had.size == is.size && had.at.Equal(is.at) {
			now[name] = had
			continue
		}
		if !known || had.size != is.size || !had.at.Equal(is.at) {
			now[name] = is
			continue
		}
		moved, err := c.dropped(ctx, name, is)
		if err != nil {
			errs = append(errs, err)
		}
		if !moved {
			is.dead = err == nil
			now[name] = is
		}
	}
	c.looks = now
	return errors.Join(errs...)
}

// dropped takes one file, or refuses it, and moves it away. Its error is none of the file's: it will be tried again.
func (c *Clerk) dropped(ctx context.Context, name string, is seen) (moved bool, err error) {
	path := filepath.Join(c.Inbox, name)
	text, err := readForm(path)
	if err != nil {
		return false, err
	}
	if stat, err := os.Stat(path); err != nil || stat.Size() != is.size || !stat.ModTime().Equal(is.at) {
		return false, nil //nolint:nilerr // it is being written after all: the next looks tell
	}
	o, err := ReadOrder(name, text)
	if err == nil {
		_, err = c.Add(ctx, o, "file "+name)
	}
	var refused *InputError
	if err != nil && !errors.As(err, &refused) {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	folder := doneFolder
	if refused != nil {
		folder = refusedFolder
		c.alarm("inbox "+name, fmt.Sprintf("the file %s is refused: %s", name, refused.What))
	}
	if err := c.away(path, folder, refused); err != nil {
		c.alarm("inbox "+name, fmt.Sprintf("the file %s was read and cannot be moved to %s: %s", name, folder, oneLine(err.Error())))
		return false, nil
	}
	return true, nil
}

// readForm reads no more than a form may have, and one byte.
func readForm(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, longestForm+1))
}

// away moves a file that was read; one that is refused has a text beside it that says why.
func (c *Clerk) away(path, folder string, refused *InputError) error {
	dir := filepath.Join(filepath.Dir(path), folder)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	name := filepath.Base(path)
	end := filepath.Ext(name)
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
