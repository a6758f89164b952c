package smartone

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Padding of the RSA signature. The vendor says "SHA256 with RSA", which elsewhere means PKCS1v15.
type Padding string

// The two paddings; empty is PKCS1v15. PSS has a salt as long as the hash, 32 bytes.
const (
	PKCS1v15 Padding = "pkcs1v15"
	PSS      Padding = "pss"
)

// Encoding is the text form of X-Signature, which the vendor does not name.
type Encoding string

// The two encodings; empty is Base64, the standard alphabet with padding. Hex is in small letters.
const (
	Base64 Encoding = "base64"
	Hex    Encoding = "hex"
)

// Signed says which bytes are signed. One page of the vendor's speaks of a "signature with gzipped
// parameters", which may mean either.
type Signed string

// What is signed; empty is SignPlain. SignSent signs the gzipped bytes where they go out gzipped.
const (
	SignPlain Signed = "plain"
	SignSent  Signed = "gzipped"
)

// minKeyBits is what RSA is still trusted with.
const minKeyBits = 2048

// signer makes X-Signature.
type signer struct {
	key      *rsa.PrivateKey
	padding  Padding
	encoding Encoding
	signed   Signed
}

// sign signs a body; sent is the same as it goes out.
func (s *signer) sign(plain, sent []byte) (string, error) {
	message := plain
	if s.signed == SignSent {
		message = sent
	}
	hash := sha256.Sum256(message)
	var sig []byte
	var err error
	if s.padding == PSS {
		sig, err = rsa.SignPSS(rand.Reader, s.key, crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		sig, err = rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, hash[:])
	}
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	if s.encoding == Hex {
		return hex.EncodeToString(sig), nil
	}
	return base64.StdEncoding.EncodeToString(sig), nil
}

// ParseKey reads the manufacturer's private key from the text of a PEM file: RSA of at least 2048
// bits, PKCS#1 or PKCS#8, without a password. The error is one line that says what the file is
// instead; nothing of the key is in it.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	var found *pem.Block
	other := "" // what the first block is that is no private key
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			if other == "" {
				other = block.Type
			}
			continue
		}
		if found != nil {
			return nil, errors.New("the file holds more than one private key; leave the one whose public key the system has")
		}
		found = block
	}
	if found == nil {
		return nil, noPrivateKey(text, other)
	}
	return privateKey(found)
}

func noPrivateKey(text []byte, other string) error {
	switch {
	case strings.HasSuffix(other, "PUBLIC KEY"):
		return errors.New("the file is a public key; signing needs the private one that belongs to it")
	case strings.HasSuffix(other, "CERTIFICATE"):
		return errors.New("the file is a certificate; signing needs the private key that belongs to it")
	case other != "":
		return fmt.Errorf("the file is a %.40q, not a private key", other)
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("the file is empty")
	case bytes.Contains(text, []byte("PRIVATE KEY-----")):
		return errors.New("the private key is damaged: its PEM block cannot be read")
	case text[0] == 0x30:
		return errors.New("the file is DER, not PEM; convert it: openssl pkey -inform DER -in FILE -out key.pem")
	}
	return errors.New("the file is not a PEM file")
}

func privateKey(block *pem.Block) (*rsa.PrivateKey, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, errors.New("the private key is locked with a password; take it off: openssl pkey -in FILE -out key.pem")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key = (*ecdsa.PrivateKey)(nil)
	default:
		return nil, fmt.Errorf("the file is a %.40q; the system takes RSA in PKCS#1 or PKCS#8", block.Type)
	}
	if err != nil {
		if strings.Contains(err.Error(), "rsa: ") { // too short, or numbers that do not belong together
			return nil, fmt.Errorf("the private key is of no use: %w", err)
		}
		return nil, errors.New("the private key is damaged: what is in its PEM block is no key")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minKeyBits {
			return nil, fmt.Errorf("the private key has %d bits; at least %d", bits, minKeyBits)
		}
		return key, nil
	case *ecdsa.PrivateKey:
		return nil, errors.New("the private key is an elliptic curve's; the system takes RSA")
	case ed25519.PrivateKey:
		return nil, errors.New("the private key is Ed25519; the system takes RSA")
	}
	return nil, fmt.Errorf("the private key is a %T; the system takes RSA", key)
}
