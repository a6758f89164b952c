#!/bin/sh -e
# Answers of getStackQrCode as Info-ZIP writes them: make.sh DIRECTORY, in which it works too.
cd "$1"
export LC_ALL=C.UTF-8 TZ=UTC
mkdir in out
for n in 1 2; do
	printf '\211PNG\r\n\032\n%s' $n >in/qr.png
	(cd in && zip -q -X ../out/QR_АТ-${n}_03052023133944.zip qr.png)
done
printf '<Inventory><d id="1" n="QR_АТ-1_03052023133944.zip"/></Inventory>' >out/Inventory.xml
(cd out && zip -q -r ../zip.zip . && zip -q -r - . | cat >../zip-stream.zip)
(cd out && zip -q -0 -r ../zip-stored.zip . && zip -q -r -P secret ../zip-encrypted.zip .)
ln -s /etc/passwd out/link
(cd out && zip -q -r -y ../zip-link.zip .)
rm -r in out
