package ledger

import (
	"errors"
	"os"
)

// logSize is what the log grows to before SQLite begins it anew: 1,000 pages and what one large commit
// may add.
const logSize = 1128*(4096+24) + 32

// reserveLog writes the log's file to its full length with zeros, which SQLite reads as the end of the
// log. A commit then changes no size and no list of blocks, which ext4 would have to bring through its
// own journal. When ext4 finds a fault and gives its journal up, it tells a flush that is just under way
// that it went well, although what was added to the file's length is lost.
//
// Without room the log grows as it can.
func reserveLog(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() >= logSize {
		return err
	}
	_, err = f.WriteAt(make([]byte, logSize-info.Size()), info.Size())
	if err = errors.Join(err, f.Sync()); err != nil {
		_ = f.Truncate(info.Size()) // SQLite says what is wrong with the disk, when it comes to that
	}
	return nil
}
