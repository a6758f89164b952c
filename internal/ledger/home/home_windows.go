package home

import (
	"fmt"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// fileID is the volume's number and the file's number on it, which counts how often its record was
// used: no other file has had it. The moment of its making would add nothing, and there are systems that
// answer with a moment that changes. FAT has no numbers that last.
func fileID(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var name [32]uint16
	if windows.GetVolumeInformationByHandle(windows.Handle(f.Fd()), nil, 0, nil, nil, nil, &name[0], uint32(len(name))) == nil {
		switch windows.UTF16ToString(name[:]) {
		case "NTFS", "ReFS":
		default:
			return "", nil
		}
	}
	var i windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &i); err != nil {
		return "", err
	}
	return fmt.Sprintf("%08x %08x%08x", i.VolumeSerialNumber, i.FileIndexHigh, i.FileIndexLow), nil
}

func install() string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return ""
	}
	defer k.Close()
	id, _, err := k.GetStringValue("MachineGuid")
	if err != nil {
		return ""
	}
	return id
}

// board reads the UUID of the system out of the tables that its firmware has left (SMBIOS, 7.2).
func board() string {
	call := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetSystemFirmwareTable")
	const provider = 'R'<<24 | 'S'<<16 | 'M'<<8 | 'B'
	if call.Find() != nil {
		return ""
	}
	size, _, _ := call.Call(provider, 0, 0, 0)
	if size == 0 || size > 1<<20 {
		return ""
	}
	b := make([]byte, size)
	got, _, _ := call.Call(provider, 0, uintptr(unsafe.Pointer(&b[0])), size)
	if got == 0 || got > size {
		return ""
	}
	return systemUUID(b[:got])
}

// cards are those that stand for a piece of hardware. One that a program makes up, as for a VPN, has its
// address in the registry, and a clone of the disk has the same.
func cards() []string {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var found []string
	for _, i := range all {
		if hardware(i.Index) {
			found = append(found, maker(i.HardwareAddr))
		}
	}
	return set(found)
}

// hardware says what Windows knows of a card; one of which it tells nothing may be hardware.
func hardware(index int) bool {
	const isHardware = 1 // InterfaceAndOperStatusFlags.HardwareInterface
	if windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetIfEntry2Ex").Find() != nil {
		return true
	}
	row := windows.MibIfRow2{InterfaceIndex: uint32(index)}
	err := windows.GetIfEntry2Ex(windows.MibIfEntryNormalWithoutStatistics, &row)
	return err != nil || row.InterfaceAndOperStatusFlags&isHardware != 0
}

// disks are not told to an account without rights: the board's number stands for them.
func disks(string) []string { return nil }
