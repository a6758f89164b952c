package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"linemark/internal/trend"
)

// trend answers what a line did in the last hours; the query may say how many.
func (h *handler) trend(w http.ResponseWriter, r *http.Request) {
	back := trend.ShiftLength
	if text := r.URL.Query().Get("hours"); text != "" {
		most := int(trend.Kept / time.Hour)
		hours, err := strconv.Atoi(text)
		if err != nil || hours < 1 || hours > most {
			writeJSON(w, http.StatusBadRequest, Fault{Error: fmt.Sprintf("hours is %q", text), Hint: fmt.Sprintf("a whole number from 1 to %d", most)})
			return
		}
		back = time.Duration(hours) * time.Hour
	}
	s, ok := h.plant.Trend(r.PathValue("name"), back)
	if !ok {
		writeJSON(w, http.StatusNotFound, Fault{Error: fmt.Sprintf("there is no line %q", r.PathValue("name")), Hint: "linemark status shows the lines"})
		return
	}
	writeJSON(w, http.StatusOK, s)
}
