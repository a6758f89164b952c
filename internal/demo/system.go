package demo

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The national systems that a demonstration can have.
const (
	IZKM     = "izkm"
	SmartOne = "smartone"
)

// smartOneTable stands in the place of [izkm].
const smartOneTable = `[smartone]
url         = "http://127.0.0.1:0"
login       = "demo"
password    = "demo"   # opens nothing but the demonstration
signing_key = "signing-key.pem"
group       = "water"
department  = "PLANT-1"
timeout     = "10s"

`

// onSmartOne is a configuration of the demonstration with SmartOne as its national system.
func onSmartOne(text []byte) []byte {
	from := bytes.Index(text, []byte("[izkm]"))
	to := bytes.Index(text, []byte("[[product]]"))
	text = bytes.Join([][]byte{text[:from], []byte(smartOneTable), text[to:]}, nil)
	for _, unit := range []string{"BOTTLE", "PACK-6"} {
		text = bytes.Replace(text, []byte("template_id    = 3\n"), []byte("batches        = [101, 102, 103]\nassort         = \"WATER-05\"\nunit           = \""+unit+"\"\n"), 1)
	}
	return text
}

// signingKey makes the key by which the demonstration's requests are signed, unless it is there.
func signingKey(dir string) error {
	file := filepath.Join(dir, "signing-key.pem")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	const bits = 2048
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return fmt.Errorf("making the demonstration's key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("writing the demonstration's key: %w", err)
	}
	return nil
}
