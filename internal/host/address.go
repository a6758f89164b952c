package host

import (
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/config"
	"linemark/internal/ledger"
)

// addressName is the file in the data folder that says where the running agent's page is: the configuration may have
// been changed since, and is not in force yet.
const addressName = "page.address"

// Address is where the agent of a configuration answers: where it says that it does while it runs, else where it would.
func Address(cfg *config.Config) string {
	said, err := os.ReadFile(filepath.Join(cfg.Agent.DataDir, addressName))
	if address := strings.TrimSpace(string(said)); err == nil && address != "" && ledger.Locked(cfg.Agent.DataDir) {
		return address
	}
	return cfg.HTTP.Listen
}

// tellAddress writes where the page is. Without it commands ask where the configuration says.
func (h *Host) tellAddress(address string) {
	dir := h.file.cfg.Agent.DataDir
	if dir == "" {
		return
	}
	if _, err := os.Stat(dir); err != nil {
		return // it is told again when the ledger is open
	}
	if err := os.WriteFile(filepath.Join(dir, addressName), []byte(address+"\n"), 0o644); err != nil {
		h.o.Log.Warn("commands will ask for the page where the configuration says", "error", err)
	}
}
