^XA
^FO20,20^BXN,4,200,,,,#^FD{cod}^FS
^PQ1
^XZ
