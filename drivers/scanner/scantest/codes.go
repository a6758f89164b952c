package scantest

// codes are samples of every product group's form (the formats that the national operator
// publishes) and of a pallet's label. Between them they hold every character that a serial number
// may hold (GS1 character set 82); GS stands between the elements. They are nobody's codes.
var codes = []string{
	// tobacco
	"04780012345677!\"%&'()*+,-./01",
	"0460123456789323456789:;<=>?A",
	"05900012345012BCDEFGHIJKLMNOP",
	"04780012345677QRSTUVWXYZ_abcd",
	"04601234567893efghijklmnopqrs",
	"05900012345012tuvwxyz!\"%&'()*",
	// tobacco, group
	"0104780012345677210123456\x1d8005125000\x1d93789:",
	"010460123456789321;<=>?AB\x1d8005125001\x1d93CDEF",
	"010590001234501221GHIJKLM\x1d8005125002\x1d93NOPQ",
	"010478001234567721RSTUVWX\x1d8005125003\x1d93YZ_a",
	"010460123456789321bcdefgh\x1d8005125004\x1d93ijkl",
	// alcohol and beer
	"010478001234567721rstuvwx\x1d93yz!\"",
	"010460123456789321%&'()*+\x1d93,-./",
	"0105900012345012210123456\x1d93789:",
	"010478001234567721;<=>?AB\x1d93CDEF",
	"010460123456789321GHIJKLM\x1d93NOPQ",
	"010590001234501221RSTUVWX\x1d93YZ_a",
	"010478001234567721bcdefgh\x1d93ijkl",
	"010460123456789321mnopqrs\x1d93tuvw",
	// pharma
	"010478001234567721%&'()*+,-./01\x1d912345\x1d926789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefg",
	"010460123456789321hijklmnopqrst\x1d91uvwx\x1d92yz!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLM",
	"010590001234501221NOPQRSTUVWXYZ\x1d91_abc\x1d92defghijklmnopqrstuvwxyz!\"%&'()*+,-./01234567",
	// appliances
	"010478001234567721=>?ABCDEFGHIJKLMNOPQ\x1d91RSTU\x1d92VWXYZ_abcdefghijklmnopqrstuvwxyz!\"%&'()*+,-.",
	"010460123456789321/0123456789:;<=>?ABC\x1d91DEFG\x1d92HIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwx",
	"010590001234501221yz!\"%&'()*+,-./01234\x1d915678\x1d929:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghij",
	// water
	"010478001234567721pqrstuvwxyz!\"\x1d93%&'(",
	"010460123456789321)*+,-./012345\x1d936789",
	"010590001234501221:;<=>?ABCDEFG\x1d93HIJK",
	"010478001234567721LMNOPQRSTUVWX\x1d93YZ_a",
	"010460123456789321bcdefghijklmn\x1d93opqr",
	// SSCC of a pallet
	"00378001230000000123",
}
