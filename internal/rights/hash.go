package rights

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
)

// The costs of a hash: OWASP's smallest set for argon2id, some 40 ms of one processor. A PIN of few digits is guarded by the
// lockout, and its hash by the rights of the file.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	threads = 1
	keySize = 32
)

// hashing lets one hash be made at a time: logins must take neither the line's processors nor its memory.
var hashing sync.Mutex

// hash makes what is kept of a password, in the form of PHC strings.
func hash(password string) string {
	salt := random(16)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key(password, salt, passes, memory, threads)))
}

func key(password string, salt []byte, t, m uint32, p uint8) []byte {
	hashing.Lock()
	defer hashing.Unlock()
	return argon2.IDKey([]byte(password), salt, t, m, p, keySize)
}

// matches compares a password with what was kept of one.
func matches(kept, password string) (bool, error) {
	parts := strings.Split(kept, "$")
	var version int
	var m, t uint32
	var p uint8
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("this hash is none of argon2id")
	}
	_, err := fmt.Sscanf(parts[2], "v=%d", &version)
	if err == nil {
		_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p)
	}
	salt, err2 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err3 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err, err2, err3); err != nil || version != argon2.Version || len(want) != keySize || m > 1<<20 || t == 0 || t > 64 || p == 0 {
		return false, errors.Join(errors.New("this hash is damaged"), err)
	}
	return subtle.ConstantTimeCompare(key(password, salt, t, m, p), want) == 1, nil
}

// random bytes; the system always has some.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// word is a random text for cookies, tokens and forms.
func word() string { return base64.RawURLEncoding.EncodeToString(random(32)) }
