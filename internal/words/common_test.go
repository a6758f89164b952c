package words

import "testing"

// What devices, systems and the page's own guard say most, in sentences that are put together at run time. The
// numbers stand for what varies.
func TestCommonSentences(t *testing.T) {
	for _, sentence := range []string{
		// drivers
		"the printer: connecting to 10.0.0.5:9100: dial tcp 10.0.0.5:9100: i/o timeout",
		"the printer: connecting to 10.0.0.5:9100: dial tcp 10.0.0.5:9100: connect: no route to host",
		"the printer: connecting to 10.0.0.5:9100: dial tcp 10.0.0.5:9100: connectex: No connection could be made because the target machine actively refused it.",
		"the printer: connecting to 10.0.0.5:9100: dial tcp 10.0.0.5:9100: connectex: A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond.",
		"the printer: preparing the printer 5: write tcp 1->2: write: broken pipe",
		"the printer: sending labels 5: read tcp 1->2: read: connection reset by peer",
		"the printer: the printer reports: paper out, head up",
		"the printer: the printer reports: ribbon out",
		"the printer: the printer reports: head open, paper jam",
		"the printer: the printer is paused",
		"the printer: the printer keeps silent: look for paper, ribbon and an open head, then at its cable and the network",
		"the printer: the printer is offline: press its online key",
		"the printer: the printer counts 5 labels since the start, 4 were sent",
		"the printer: the printer's job is 5, the configuration names 6",
		"the scanner is gone: reading from the scanner: EOF",
		"the scanner is gone: the scanner was silent for 5s, though it should send a heartbeat",
		"the scanner is gone: the port has vanished: its plug was pulled or its device is off",
		"product rejected: there is no code in the frame",
		"product rejected: the AIM identifier is missing",
		"the PLC is gone: connecting to 10.0.0.5:502: dial tcp 10.0.0.5:502: connect: connection refused",
		"the PLC is gone: its beat (input 5) has stood still for 2: its program does not run",
		"printer 5 is down: connecting to 5: context deadline exceeded",
		"scanner 5 is down: not connected yet",
		"plc 5 is down: the PLC is not connected",
		// files
		"the backup has failed: reading 5: permission denied",
		"ledger storage: database or disk is full (13)",
		"line stopped: the ledger did not answer: ledger storage: disk I/O error",
		"no backup can be made: the folder is not there: 5",
		// systems
		"lookup 5 on 6: no such host",
		"reports: no connection: dial tcp 5: i/o timeout",
		"reports: answer lost: unexpected EOF",
		"reports: access denied (HTTP 401)",
		"reports: server fault (HTTP 503)",
		"reports: too many requests (HTTP 429)",
		"reports: not the document's answer (HTTP 200), it begins 5",
		"not asked: the system has not answered since 10:00:00: reports: no connection: the certificate of the server is not trusted: 5",
		"reports: request 5 is still in progress; it is asked again",
		"5: access denied; check the login, the password and the user's rights in the system",
		"the broker refuses the connection: bad user name or password",
		// the page's guard
		"5 may not do this: it needs the right to operate",
		"nobody says who asks: this needs the right to maintain",
		"log in on the page, or send Authorization: Bearer with a token (linemark user token); commands on this PC need an administrator's rights",
		"too many wrong passwords: wait 30",
		"the name or the password is wrong",
		"another site's page asks for this",
		"the form's own word is missing or old",
		"5 (operator) has logged in",
		"nobody is let in as 5: too many wrong passwords: wait 30",
		"5 (engineer) at 6 asks for 7: 8",
		// values as they come
		"in_stock", "doubtful", "frozen", "doubt", "to print", "needs a person", "national system", "DEFECT",
	} {
		if left := untranslated(sentence); len(left) > 0 && !onlySpans(left) {
			t.Errorf("%q: nothing for %q", sentence, left)
		}
	}
}

// onlySpans says whether nothing but spans of time is left: they stay as they are.
func onlySpans(left []string) bool {
	for _, one := range left {
		if one != "5s" {
			return false
		}
	}
	return true
}
