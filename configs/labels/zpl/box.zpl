^XA
^FX Box label with a group code, 100 x 60 mm, 203 dpi (8 dots a mm). Sizes: see configs/README.md.^FS
^PW800^LL480^LH0,0
^FX Data Matrix: 8 dots a cell, up to 36 x 36 cells = 288 dots; keep 16 dots around it white.^FS
^FO40,40^BXN,8,200,,,,#^FD{code}^FS
^FO368,40^A0N,24^FDGTIN^FS^FO368,66^A0N,36^FD{gtin}^FS
^FO368,112^A0N,24^FDSN^FS^FO368,138^A0N,36^FD{serial}^FS
^FO368,184^A0N,24^FDLOT^FS^FO368,210^A0N,36^FD{batch}^FS
^FX A product without dates: leave these two lines out.^FS
^FO368,256^A0N,24^FDPROD^FS^FO368,282^A0N,36^FD{production_date:dd.MM.yyyy}^FS
^FO368,328^A0N,24^FDEXP^FS^FO368,354^A0N,36^FD{expiration_date:dd.MM.yyyy}^FS
^FX No: the running number of the label in its batch.^FS
^FO368,400^A0N,24^FDNo^FS^FO368,426^A0N,36^FD{count}^FS
^PQ1
^XZ
