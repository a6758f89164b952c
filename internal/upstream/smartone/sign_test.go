package smartone

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func inPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs1(key *rsa.PrivateKey) []byte {
	return inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
}

func pkcs8(t testing.TB, key any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM("PRIVATE KEY", der)
}

func publicPEM(t testing.TB, key *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM("PUBLIC KEY", der)
}

func TestParseKey(t *testing.T) {
	key := testKey()
	curve, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curveDER, _ := x509.MarshalECPrivateKey(curve)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := inPEM("CERTIFICATE", cert)
	good := pkcs8(t, key)
	locked := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x"),
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}})
	for name, tc := range map[string]struct {
		text []byte
		says string // empty: accepted
	}{
		"PKCS#1":             {pkcs1(key), ""},
		"PKCS#8":             {good, ""},
		"byte order mark":    {append([]byte("\uFEFF"), good...), ""},
		"with Windows lines": {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), ""},
		"words before it":    {append([]byte("Bag Attributes\n"), good...), ""},
		"certificate before": {append(bytes.Clone(certificate), good...), ""},
		"nothing":            {nil, "is empty"},
		"blanks":             {[]byte(" \n"), "is empty"},
		"no PEM":             {[]byte("hello"), "not a PEM file"},
		"DER":                {x509.MarshalPKCS1PrivateKey(key), "is DER, not PEM"},
		"public key":         {publicPEM(t, key), "is a public key"},
		"public key, PKCS#1": {inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey)), "is a public key"},
		"certificate":        {certificate, "is a certificate"},
		"request":            {inPEM("CERTIFICATE REQUEST", cert), "CERTIFICATE REQUEST"},
		"locked, PKCS#8":     {inPEM("ENCRYPTED PRIVATE KEY", []byte("x")), "locked with a password"},
		"locked, PKCS#1":     {locked, "locked with a password"},
		"curve":              {inPEM("EC PRIVATE KEY", curveDER), "elliptic curve"},
		"curve, PKCS#8":      {pkcs8(t, curve), "elliptic curve"},
		"Ed25519":            {pkcs8(t, edwards), "Ed25519"},
		"OpenSSH":            {inPEM("OPENSSH PRIVATE KEY", []byte("x")), "OPENSSH PRIVATE KEY"},
		"1024 bits":          {pkcs1(small), "1024 bits; at least 2048"},
		"two keys":           {append(bytes.Clone(good), good...), "more than one private key"},
		"cut":                {good[:len(good)/2], "damaged"},
		"broken inside":      {inPEM("PRIVATE KEY", []byte("garbage")), "damaged"},
	} {
		got, err := ParseKey(tc.text)
		switch {
		case tc.says == "" && (err != nil || !got.Equal(key)):
			t.Errorf("%s: %v", name, err)
		case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: got %v, want %q", name, err, tc.says)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, kind := range []string{"RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY", "CERTIFICATE"} {
		f.Add(inPEM(kind, []byte{0x30, 0x03, 0x02, 0x01, 0x05}))
	}
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := ParseKey(text); err == nil && key.N.BitLen() < minKeyBits {
			t.Fatal("a key that is too short")
		}
	})
}

// Every form of the signature is checked by crypto/rsa here and by openssl, where it is installed.
func TestSignatures(t *testing.T) {
	plain, sent := []byte(`{"request_id":"r-1"}`), packed([]byte(`{"request_id":"r-1"}`))
	for _, padding := range []Padding{PKCS1v15, PSS} {
		for _, encoding := range []Encoding{Base64, Hex} {
			for _, what := range []Signed{SignPlain, SignSent} {
				t.Run(string(padding+" "+Padding(encoding)+" "+Padding(what)), func(t *testing.T) {
					s := signer{key: testKey(), padding: padding, encoding: encoding, signed: what}
					text, err := s.sign(plain, sent)
					if err != nil {
						t.Fatal(err)
					}
					message := plain
					if what == SignSent {
						message = sent
					}
					verify(t, text, message, padding, encoding)
					byOpenSSL(t, text, message, padding, encoding)
				})
			}
		}
	}
}

func decodeSignature(t *testing.T, text string, encoding Encoding) []byte {
	t.Helper()
	decode := base64.StdEncoding.DecodeString
	if encoding == Hex {
		decode = hex.DecodeString
	}
	sig, err := decode(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return sig
}

func verify(t *testing.T, text string, message []byte, padding Padding, encoding Encoding) {
	t.Helper()
	sig, hash, public := decodeSignature(t, text, encoding), sha256.Sum256(message), &testKey().PublicKey
	err := rsa.VerifyPKCS1v15(public, crypto.SHA256, hash[:], sig)
	if padding == PSS {
		err = rsa.VerifyPSS(public, crypto.SHA256, hash[:], sig, &rsa.PSSOptions{SaltLength: 32})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func byOpenSSL(t *testing.T, text string, message []byte, padding Padding, encoding Encoding) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed; crypto/rsa has checked the signature")
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"pub.pem": publicPEM(t, testKey()), "message": message, "sig": decodeSignature(t, text, encoding),
		"other": append(bytes.Clone(message), '!'),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig"}
	if padding == PSS {
		args = append(args, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
	}
	run := func(file string) ([]byte, error) {
		cmd := exec.Command(program, append(args, file)...)
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	if out, err := run("message"); err != nil {
		t.Fatalf("openssl: %v: %s", err, out)
	}
	if out, err := run("other"); err == nil {
		t.Fatalf("openssl takes the signature for another message: %s", out)
	}
}
