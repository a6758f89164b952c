"""Answers of getStackQrCode as Python's zipfile writes them: make.py DIRECTORY"""
import io
import os
import sys
import zipfile

AT = (2023, 5, 3, 13, 39, 44)
INVENTORY = "<?xml version='1.0' encoding='windows-1251'?><Опись><Документ ид='1' файл='QR_АТ-1_03052023133944.zip'/></Опись>"


class Pipe(io.RawIOBase):
    """A stream that cannot go back, so that sizes follow the bytes."""

    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, b):
        self.out.write(b)
        return len(b)


class OEM(zipfile.ZipInfo):
    """A name in CP866 without a mark, as the older packers write it."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("cp866"), self.flag_bits & ~0x800


def put(z, name, data, kind=zipfile.ZipInfo, method=zipfile.ZIP_DEFLATED, zip64=False):
    e = kind(name, AT)
    e.compress_type = method
    e.external_attr = 0o644 << 16
    with z.open(e, "w", force_zip64=zip64) as f:
        f.write(data)


def inner(n, **how):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        put(z, "qr.png", b"\x89PNG\r\n\x1a\n" + n.encode(), **how)
    return b.getvalue()


def answer(where, out=None, **how):
    b = io.BytesIO()
    with zipfile.ZipFile(out(b) if out else b, "w") as z:
        put(z, "Inventory.xml", INVENTORY.encode("cp1251"), **how)
        for n in "1", "2":
            put(z, "QR_АТ-%s_03052023133944.zip" % n, inner(n, **how), **how)
    with open(os.path.join(sys.argv[1], where), "wb") as f:
        f.write(b.getvalue())


answer("python.zip")
answer("python-stored.zip", method=zipfile.ZIP_STORED)
answer("python-stream.zip", out=Pipe)
answer("python-zip64.zip", zip64=True)
answer("python-cp866.zip", kind=OEM)
answer("python-bzip2.zip", method=zipfile.ZIP_BZIP2)
