^XA
^FX Unit code alone, 20 x 20 mm, 203 dpi (8 dots a mm). Sizes: see configs/README.md.^FS
^PW160^LL160^LH0,0
^FX Data Matrix: 3 dots a cell, up to 40 x 40 cells = 120 dots; keep 6 dots around it white.^FS
^FO20,20^BXN,3,200,,,,#^FD{code}^FS
^PQ1
^XZ
