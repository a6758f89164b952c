package words

import (
	"strings"
	"testing"
)

func TestSay(t *testing.T) {
	for _, test := range []struct{ in, ru, uz string }{
		{"codes: none in stock", "коды: в запасе нет", "kodlar: zaxirada yo‘q"},
		{"line stopped: the scanner is gone: EOF", "линия остановлена: сканер пропал: соединение закрыто", "liniya to‘xtatildi: skaner yo‘qoldi: aloqa yopildi"},
		{"while the line stands: 3 failures in a row, the last: duplicate", "пока линия стоит: подряд — неудач: 3, последняя: повтор кода", "liniya turganida: ketma-ket — xatolar: 3, oxirgisi: kod takrorlangan"},
		{"product rejected: duplicate: used long ago: it is in the archive", "изделие отбраковано: повтор кода: использован давно: он в архиве", "mahsulot brakka chiqdi: kod takrorlangan: ancha oldin ishlatilgan: u arxivda"},
		{"1 product passed without a reading", "прошли без чтения: изделий: 1", "o‘qilmasdan o‘tdi: mahsulotlar: 1"},
		{"5 failures among the last 20 products, the last: no read", "неудач: 5, среди последних изделий: 20, последняя: не прочитан", "xatolar: 5, oxirgi mahsulotlar: 20 ichida, oxirgisi: o‘qilmadi"},
		{"2 rejections not counted within 500ms: the product may have passed", "не подтверждено за 500ms: отбраковок: 2; изделие могло пройти", "500ms ichida tasdiqlanmadi: braklar: 2; mahsulot o‘tib ketgan bo‘lishi mumkin"},
		{"the printer: connecting to tcp://10.0.0.5:9100: dial tcp 10.0.0.5:9100: connect: connection refused",
			"принтер: подключение к tcp://10.0.0.5:9100: связь с 10.0.0.5:9100: подключение: в соединении отказано",
			"printer: tcp://10.0.0.5:9100 ga ulanish: 10.0.0.5:9100 bilan aloqa: ulanish: ulanish rad etildi"},
		{"the printer: the printer reports: paper out, ribbon out", "принтер: принтер сообщает: кончились этикетки, кончилась лента", "printer: printer xabari: yorliqlar tugadi, lenta tugadi"},
		{"12 codes of unknown fate after: the printer's session began anew", "неизвестно, напечатаны ли (кодов: 12); причина: связь с принтером началась заново", "bosilgani noma’lum (kodlar: 12); sababi: printer bilan aloqa qaytadan boshlandi"},
		{"3 codes between 0104A!21x and 0104B!21y never read: taken off the belt before the scanner, or not printed; 1 product there could not be read; set aside as doubtful: 3 codes",
			"между 0104A!21x и 0104B!21y не прочитано (кодов: 3): сняты с ленты до сканера или не напечатаны; там не удалось прочитать: изделий: 1; отложено как сомнительное: кодов: 3",
			"0104A!21x va 0104B!21y orasida o‘qilmadi (kodlar: 3): skanergacha lentadan olingan yoki bosilmagan; u yerda o‘qib bo‘lmadi: mahsulotlar: 1; shubhali deb ajratildi: kodlar: 3"},
		{"container 7: 3 of 10; refused: 0104A: in this container already", "упаковка 7: 3 из 10; не принято: 0104A: уже в этой упаковке", "7-qadoq: 10 dan 3 ta; qabul qilinmadi: 0104A: allaqachon shu qadoqda"},
		{"cam-1 is a scanner, no printer", "cam-1: это сканер, а не принтер", "cam-1: bu skaner, printer emas"},
		{`there is no scanner "printer"`, "нет сканера «printer»", "«printer» skaneri yo‘q"}, // a name stays as it is
		{"refused: empty: nothing is in the open container", "не принято: опустошить: в открытой упаковке ничего нет", "qabul qilinmadi: bo‘shatish: ochiq qadoqda hech narsa yo‘q"},
		{"a container is refused, nothing of it is packed: 11 codes of 12; no read", "упаковка не принята, ничего из неё не упаковано: кодов: 11 из 12; не прочитан", "qadoq qabul qilinmadi, undan hech narsa qadoqlanmadi: 12 dan kodlar: 11; o‘qilmadi"},
		{`GET /orders: no connection: Get "https://x/orders": dial tcp: lookup omsint.uz: no such host`,
			`GET /orders: нет связи: Get "https://x/orders": dial tcp: адрес omsint.uz не найден`,
			`GET /orders: aloqa yo‘q: Get "https://x/orders": dial tcp: omsint.uz manzili topilmadi`},
		{"POST /utilisation: answer lost: EOF; POST /aggregation: server fault (HTTP 502)", "POST /utilisation: ответ потерян: соединение закрыто; POST /aggregation: ошибка сервера (HTTP 502)", "POST /utilisation: javob yo‘qoldi: aloqa yopildi; POST /aggregation: server xatosi (HTTP 502)"},
		{"order 17 is rejected: no money", "заказ 17 (отклонён): no money", "17 buyurtmasi (rad etilgan): no money"},
		{"codes of order 17: 500 of 1000 stored", "коды заказа 17: сохранено 500 из 1000", "17 buyurtmasi kodlari: 1000 dan 500 tasi saqlandi"},
		{"since 09:00 station print 1,204 printed, station check 1,200 read: 4 are missing at station check",
			"с 09:00 станция print: напечатано 1,204, станция check: прочитано 1,200: не хватает: 4 на станции check",
			"09:00 dan beri print stansiyasi: 1,204 bosildi, check stansiyasi: 1,200 o‘qildi: yetishmaydi: 4, check stansiyasida"},
		{"production date is missing: utilisation reports of water need it", "не указано: дата производства; это нужно отчётам о нанесении группы water", "ko‘rsatilmagan: ishlab chiqarilgan sana; bu water guruhining qo‘llash hisobotlariga kerak"},
		{"code 5 is in_stock: it is on no label", "код 5 (в запасе): он ни на одной этикетке", "5 kodi (zaxirada): hech bir yorliqda emas"},
		{"report 5 sent  ", "отчёт 5 выполнен  ", "5-hisobot bajarilgan  "},
		{"first\nno read\n", "first\nне прочитан\n", "first\no‘qilmadi\n"},
		{"", "", ""},
		{"an ordinary sentence that nobody knows", "an ordinary sentence that nobody knows", "an ordinary sentence that nobody knows"},
		{"many codes", "many codes", "many codes"}, // no number
	} {
		for code, want := range map[string]string{"ru": test.ru, "uz": test.uz, "en": test.in} {
			if got := Of(code).Say(test.in); got != want {
				t.Errorf("%s: %q\nsaid %q\nwant %q", code, test.in, got, want)
			}
		}
	}
}

func TestSayLeavesTheLongAlone(t *testing.T) {
	long := strings.Repeat("no read; ", 1+longest/9)
	if got := Of("ru").Say(long); got != long {
		t.Error("a sentence of no end was taken apart")
	}
	if got := Of("ru").Do(long); got != "" {
		t.Errorf("and there is something to do about it: %q", got)
	}
	deep := strings.Repeat("no read: ", 200) + "x"
	if got := Of("ru").Say(deep); !strings.HasPrefix(got, "не прочитан: не прочитан: ") || !strings.HasSuffix(got, "no read: x") {
		t.Errorf("a deep sentence became %q", got)
	}
}

func TestDo(t *testing.T) {
	for _, test := range []struct{ in, en, ru, uz string }{
		{"the scanner is gone: EOF", "Check the camera's power and cable. When it is back, take off what passed unread and restart the line.",
			"Проверьте питание и кабель камеры. Когда она появится, снимите непрочитанное и запустите линию.",
			"Kamera quvvati va kabelini tekshiring. U qaytgach, o‘qilmagan mahsulotlarni oling va liniyani ishga tushiring."},
		// The sentence inside knows better than the one around it.
		{"the printer: the printer reports: head up", "Close the printer's head.", "Закройте головку принтера.", "Printer kallagini yoping."},
		{"line stopped: 3 failures in a row, the last: no read", "Look at the print and the camera's lens, take the bad products off, then restart the line.",
			"Посмотрите на печать и объектив камеры, снимите бракованные изделия и запустите линию.",
			"Bosma va kamera obyektivini ko‘ring, brak mahsulotlarni oling va liniyani ishga tushiring."},
		// Nothing is known of what stands inside.
		{"the printer: something odd", "Look at the printer's panel, its power and its cable.", "Посмотрите на панель принтера, его питание и кабель.", "Printer paneli, quvvati va kabelini ko‘ring."},
		{"nothing known\ncodes: none in stock", "Check the internet connection: codes come by themselves. If it works, call the engineer.",
			"Проверьте интернет: коды приходят сами. Если он есть, позовите инженера.", "Internetni tekshiring: kodlar o‘zi keladi. Internet bo‘lsa, muhandisni chaqiring."},
		{"an ordinary sentence", "", "", ""},
		{"the line is starting", "", "", ""},
		{"", "", "", ""},
	} {
		for code, want := range map[string]string{"en": test.en, "ru": test.ru, "uz": test.uz} {
			if got := Of(code).Do(test.in); got != want {
				t.Errorf("%s: %q\ndo   %q\nwant %q", code, test.in, got, want)
			}
		}
	}
}

// Of what stops a line or makes it wait, the page says what to do.
func TestDoForWhatStopsALine(t *testing.T) {
	for _, cause := range []string{
		"codes: none in stock", "group codes: none in stock", "the scanner and the PLC", "the printer: odd", "the scanner: odd", "the PLC: odd", "the label printer behind",
		"the label printer behind: 9 full containers", "a stop that the PLC has not taken", "the scanner is gone: odd", "the PLC is gone: odd", "restarted while the scanner is gone: odd",
		"the verdict on product 4 came after the next product was read: it has passed the rejector", "the reject output could not be set: odd",
		"a verdict could not be given to the PLC: odd", "3 products passed without a reading", "product 3 (odd) had passed the rejector before its verdict",
		"4 failures in a row, the last: odd", "4 failures among the last 10 products, the last: odd", "1 rejection not counted within 2s: the product may have passed",
		"the ledger did not answer: odd", "ledger storage: odd", "3 readings wait for the number of their product: the products cannot be told apart",
		"the disk of /var is almost full (1.0 MiB left, disk.stop is 2.0 MiB): nothing is printed until there is room",
		"a batch to be started: reports of water say of which one a product is", `the next batch to be started: "5" has ended`,
		"the label cannot be made in batch \"5\": odd: start a batch that has it, or take it off the label",
		"container 5 will be set aside: odd", "the code of container 5, which holds 3 of 3", "container set aside, its label is in doubt: odd",
	} {
		for _, l := range languages {
			if Of(l.Code).Do(cause) == "" {
				t.Errorf("%s: nothing is to be done about %q", l.Code, cause)
			}
		}
		if said := Of("ru").Say(cause); said == cause {
			t.Errorf("%q is not translated", cause)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	ru := Of("ru")
	for b.Loop() {
		ru.Say("the printer: connecting to tcp://10.0.0.5:9100: dial tcp 10.0.0.5:9100: connect: connection refused")
	}
}
