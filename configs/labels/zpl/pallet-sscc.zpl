^XA
^FX Pallet label with a transport code (SSCC), A6, 105 x 148 mm, 203 dpi (8 dots a mm). Sizes: see configs/README.md.^FS
^PW832^LL1184^LH0,0
^FO48,48^A0N,32^FDSSCC^FS^FO48,88^A0N,64^FD{sscc}^FS
^FO48,184^A0N,32^FDLOT^FS^FO48,224^A0N,64^FD{batch}^FS
^FX A product without dates: leave these two lines out.^FS
^FO48,320^A0N,32^FDPROD^FS^FO48,360^A0N,64^FD{production_date:dd.MM.yyyy}^FS
^FO440,320^A0N,32^FDEXP^FS^FO440,360^A0N,64^FD{expiration_date:dd.MM.yyyy}^FS
^FX No: the running number of the label in its batch.^FS
^FO48,456^A0N,32^FDNo^FS^FO48,496^A0N,64^FD{count}^FS
^FX GS1-128 of (00): BY4 is 0.5 mm a module, 156 modules = 624 dots; keep 40 dots left and right white; 40 mm high.^FS
^FX Its data: start C, FNC1 (greater-than and 8), identifier 00, the 18 digits.^FS
^FO104,752^BY4^BCN,320,N,N,N,N^FD>;>800{sscc}^FS
^FO104,1088^A0N,48^FD(00){sscc}^FS
^PQ1
^XZ
