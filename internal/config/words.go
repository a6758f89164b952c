package config

import "linemark/internal/code"

// The words that a setting may have, for the checks and for the schema of editors.
var (
	languages      = []string{"ru", "uz", "en"}
	groupTables    = []string{tableSecond, tableFirst}
	closeBodies    = []string{closeNone, "{}"}
	cisTypes       = []string{string(code.Unit), string(code.Group)}
	releaseMethods = []string{"PRODUCTION", "IMPORT", "REMAINS", "COMMISSION"} // dictionary 5.3
	stationKinds   = []string{kindPrint, kindVerify, kindPack, kindDrop, kindRework}
	packModes      = []string{PackStream, PackFrame, PackHand}
	unverifieds    = []string{unverifiedAccept, unverifiedRefuse}
	reenters       = []string{reenterBehind, reenterBefore}
	emissions      = []string{"retail", "import"}
	reportCodes    = []string{codesWhole, codesShort}
	langs          = []string{"en", "az"}
	paddings       = []string{"pkcs1v15", "pss"}
	encodings      = []string{"base64", "hex"}
	signeds        = []string{"plain", "gzipped"}
	gzips          = []string{"always", "large", "never"}
	doubts         = []string{doubtResend, doubtAsk}
	usageTypes     = []string{usageVerified, usagePrinted, usageInUse} // dictionary 5.9
)
