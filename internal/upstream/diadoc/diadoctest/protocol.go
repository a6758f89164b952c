package diadoctest

import (
	"encoding/binary"
	"net/http"
	"strconv"
	"time"
)

// reply is an answer.
type reply struct {
	status     int
	kind       string // Content-Type
	retryAfter string
	body       []byte
}

func text(status int, message string) reply {
	return reply{status: status, kind: "text/plain; charset=utf-8", body: []byte(message)}
}

// protocol carries out GenerateDocumentProtocol. The order of the checks is that of the document's statuses.
func (s *Server) protocol(r *http.Request, body []byte) reply {
	if r.Method != http.MethodGet {
		s.breach("GenerateDocumentProtocol was asked with %s", r.Method)
		return text(http.StatusMethodNotAllowed, "Используется неподходящий HTTP-метод")
	}
	if len(body) > 0 {
		s.breach("a GET with a body")
	}
	q, good := s.query(r, "boxId", "messageId", "documentId")
	if !good {
		return text(http.StatusBadRequest, "Данные в запросе имеют неверный формат или отсутствуют обязательные параметры")
	}
	if !s.authorized(r) {
		return text(http.StatusUnauthorized, "В запросе отсутствует HTTP-заголовок Authorization, или в этом заголовке содержатся некорректные авторизационные данные")
	}
	box, message, id := q["boxId"], q["messageId"], q["documentId"]
	d := s.documents[[3]string{box, message, id}]
	switch {
	case s.boxes[box].Unpaid:
		return text(http.StatusPaymentRequired, "У указанного ящика закончилась подписка на API")
	case s.boxes[box].Closed:
		return text(http.StatusForbidden, "Доступ к ящику с предоставленным авторизационным токеном запрещен")
	case !s.messages[[2]string{box, message}]:
		return text(http.StatusNotFound, "В указанном ящике нет сообщения с идентификатором "+message)
	case d == nil:
		return text(http.StatusNotFound, "В указанном сообщении нет сущности с идентификатором "+id)
	case d.Denied:
		return text(http.StatusForbidden, "У пользователя нет доступа к документу")
	}
	return s.make(d)
}

// make answers for a document that may be asked for.
func (s *Server) make(d *document) reply {
	now := s.opt.Now()
	if now.Before(d.again) {
		s.breach("document %s was asked for %s before its Retry-After was over", d.ID, d.again.Sub(now))
	}
	if d.Conflicts < 0 || d.refused < d.Conflicts {
		d.refused++
		said := d.ConflictText
		if said == "" {
			said = "Формирование протокола передачи для данного документа невозможно"
		}
		return text(http.StatusConflict, said)
	}
	if d.first.IsZero() {
		d.first = now
	}
	if left := d.first.Add(d.Making).Sub(now); left > 0 {
		told := (left + time.Second - 1).Truncate(time.Second)
		if d.RetryAfter > 0 {
			told = d.RetryAfter
		}
		d.again = now.Add(told)
		return reply{status: s.opt.NotReadyStatus, retryAfter: strconv.Itoa(int(told / time.Second))}
	}
	body := d.Body
	if body == nil {
		body = Encode(d.PrintForm, d.Signature)
	}
	return reply{status: http.StatusOK, kind: "application/x-protobuf", body: body}
}

// Encode writes the message DocumentProtocol: field 1 PrintForm, field 2 Signature, both bytes.
func Encode(printForm, signature []byte) []byte {
	b := binary.AppendUvarint([]byte{0x0A}, uint64(len(printForm)))
	b = append(b, printForm...)
	b = binary.AppendUvarint(append(b, 0x12), uint64(len(signature)))
	return append(b, signature...)
}
