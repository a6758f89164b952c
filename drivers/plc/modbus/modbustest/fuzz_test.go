package modbustest

import (
	"bytes"
	"testing"
	"testing/iotest"
)

// Any bytes are either taken apart exactly, however they arrive, or refused; and whatever was asked, the
// answer fits a frame and belongs to its request.
func FuzzFrame(f *testing.F) {
	for _, s := range []string{
		"1501 0000 0006 11 03 006B 0003", "1501 0000 0008 11 0F 0013 000A 02 CD 01", "0001 0000 000B 00 10 0001 0002 04 000A 0102",
		"0001 0000 0006 FF 05 00AC FF00 0002 0000 0006 FF 06 0001 0003", "0001 0001 0006 11 03 0000 0001", "0001 0000 0002 11 83",
		"0001 0000 0001 11", "0001 0000 00FF 11 01", "0001 0000 0006 11 01 0000 07D0", "0001 0000 0006 11 03 FFFF FFFF", "0001",
	} {
		f.Add(raw(f, s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		p := New(Options{Coils: 2000, Discretes: 2000, Holding: 200, Inputs: 200})
		whole, single := bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in))
		var back []byte
		for {
			got, err := readFrame(whole)
			again, err2 := readFrame(single)
			if (err == nil) != (err2 == nil) || !bytes.Equal(got.bytes(), again.bytes()) {
				t.Fatalf("cut into bytes it is %+v, %v instead of %+v, %v", again, err2, got, err)
			}
			if err != nil {
				break
			}
			back = append(back, got.bytes()...)
			request := bytes.Clone(got.pdu)
			answer := p.carryOut(got.pdu)
			if len(answer) < 2 || len(answer) > maxPDU || answer[0]&0x7F != request[0]&0x7F {
				t.Errorf("% X is answered with % X", request, answer)
			}
			if answer[0]&0x80 != 0 && (len(answer) != 2 || answer[1] < 1 || answer[1] > 3) {
				t.Errorf("% X is refused with % X", request, answer)
			}
		}
		if !bytes.HasPrefix(in, back) {
			t.Errorf("% X was taken apart into % X", in, back)
		}
	})
}
