^XA
^FX Shipment label with the QR code of the waybill, 100 x 80 mm, 203 dpi (8 dots a mm). Sizes: see configs/README.md.^FS
^PW800^LL640^LH0,0
^FO40,32^A0N,36^FDSHIPMENT^FS
^FO40,80^A0N,36^FD{shipment}^FS
^FO40,136^A0N,24^FDWAYBILL^FS^FO40,162^A0N,36^FD{waybill}^FS
^FO400,280^A0N,24^FDPALLETS^FS^FO400,306^A0N,64^FD{pallets}^FS
^FX The picture: 40 mm wide = 320 dots, with the white around the code. Needs dpi in the configuration.^FS
^FO40,264{picture:40}^FS
^PQ1
^XZ
