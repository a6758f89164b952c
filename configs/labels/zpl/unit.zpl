^XA
^FX Unit label, 58 x 40 mm, 203 dpi (8 dots a mm). Sizes: see configs/README.md.^FS
^PW464^LL320^LH0,0
^FX Data Matrix: 5 dots a cell, up to 40 x 40 cells = 200 dots; keep 10 dots around it white.^FS
^FO24,20^BXN,5,200,,,,#^FD{code}^FS
^FO256,24^A0N,24^FDEXP^FS
^FO256,54^A0N,36^FD{expiration_date:dd.MM.yyyy}^FS
^FX Text: A0N, height in dots. A product without dates: leave the line out.^FS
^FO24,234^A0N,22^FDGTIN {gtin}^FS
^FO24,262^A0N,22^FDSN {serial}^FS
^FO24,290^A0N,22^FDLOT {batch}^FS
^PQ1
^XZ
