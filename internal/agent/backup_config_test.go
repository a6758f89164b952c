package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
)

// A backup takes the configuration's file as it is now: a token that was written into it since it was loaded, or
// stands behind a #, does not go to a stick with it.
func TestBackupTakesNoTokenAlong(t *testing.T) {
	const token = "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f"
	t.Setenv("LINEMARK_IZKM_TOKEN", token)
	whole := strings.Replace(siteConfig, `"token"`, `"${LINEMARK_IZKM_TOKEN}"`, 1)
	for name, c := range map[string]struct {
		change func(text string) string
		kept   bool
	}{
		"unchanged":      {func(text string) string { return text }, true},
		"a reference":    {func(text string) string { return text + "\n# client_token = \"secret:izkm\"\n" }, true},
		"in clear":       {func(text string) string { return strings.Replace(text, "${LINEMARK_IZKM_TOKEN}", token, 1) }, false},
		"behind a #":     {func(text string) string { return text + "\n#client_token='" + token + "'\n" }, false},
		"in broken TOML": {func(text string) string { return strings.Replace(text, `"${LINEMARK_IZKM_TOKEN}"`, token+`"`, 1) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir, to := t.TempDir(), t.TempDir()
			cfg := configIn(t, dir, whole)
			l, err := ledger.Open(t.Context(), dir, ledger.Options{Agent: "line-3"})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			text, err := os.ReadFile(cfg.File)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(cfg.File, []byte(c.change(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
			k, err := Backup(t.Context(), cfg, to, time.Now, func(string) {})
			if err != nil || (k.Config != "") != c.kept || (k.NoConfig == "") != c.kept {
				t.Errorf("%+v, %v", k, err)
			}
			all, err := filepath.Glob(filepath.Join(to, "*"))
			if err != nil || len(all) < 2 {
				t.Errorf("%v, %v", all, err)
			}
			for _, path := range all {
				if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), token) {
					t.Errorf("the token is in %s, %v", filepath.Base(path), err)
				}
			}
		})
	}
}
