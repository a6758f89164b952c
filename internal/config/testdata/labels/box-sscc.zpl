^XA
^FX Box label with a transport code (SSCC), 100 x 70 mm, 203 dpi (8 dots a mm). Sizes: see configs/README.md.^FS
^PW800^LL560^LH0,0
^FX GS1 Data Matrix of (00): 8 dots a cell, 16 x 16 cells = 128 dots; FNC1 is #1.^FS
^FO40,32^BXN,8,200,,,,#^FD#100{sscc}^FS
^FO224,32^A0N,24^FDLOT^FS^FO224,58^A0N,36^FD{batch}^FS
^FX No: the running number of the label in its batch.^FS
^FO224,104^A0N,24^FDNo^FS^FO224,130^A0N,36^FD{count}^FS
^FX GS1-128 of (00): BY4 is 0.5 mm a module, 156 modules = 624 dots; keep 40 dots left and right white; 32 mm high.^FS
^FX Its data: start C, FNC1 (greater-than and 8), identifier 00, the 18 digits.^FS
^FO88,192^BY4^BCN,256,N,N,N,N^FD>;>800{sscc}^FS
^FO88,468^A0N,48^FD(00){sscc}^FS
^PQ1
^XZ
