// Keeps the live part of a page up to date, and says when the agent is not heard any more. Without this the page is
// loaded anew every few seconds.
"use strict";
(function () {
  const lost = document.getElementById("lost");
  const clock = document.getElementById("clock");
  const live = document.getElementById("live");
  const silent = 3000; // milliseconds without a sign of life
  let heard = Date.now();

  const shown = document.getElementById("again");
  if (shown) setTimeout(function () { location.reload(); }, 1000 * Number(shown.dataset.again));

  document.addEventListener("click", function (e) {
    if (e.target.dataset && e.target.dataset.print) window.print();
  });

  if (!live) return;

  function alive(time) {
    heard = Date.now();
    if (!lost.hidden) lost.hidden = true;
    document.body.classList.remove("gone");
    if (time) clock.textContent = time;
  }

  // Only what differs is put in the place of what is there: what a person has marked or is on stays.
  function take(html) {
    const next = document.createElement("template");
    next.innerHTML = html;
    const old = Array.from(live.children), now = Array.from(next.content.children);
    const same = old.length === now.length && old.every(function (e, i) { return e.id === now[i].id; });
    const focus = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    if (!same) {
      live.replaceChildren(...now);
    } else {
      old.forEach(function (e, i) { if (!e.isEqualNode(now[i])) e.replaceWith(now[i]); });
    }
    if (focus !== null && !live.contains(document.activeElement)) {
      const again = live.querySelector("[href=\"" + CSS.escape(focus) + "\"]");
      if (again) again.focus({preventScroll: true});
    }
  }

  const events = new EventSource(live.dataset.live);
  events.addEventListener("part", function (e) { take(e.data); alive(""); });
  events.addEventListener("alive", function (e) { alive(e.data); });
  events.addEventListener("gone", function (e) { document.getElementById("lost-since").textContent = e.data; });
  events.onerror = function () {
    // A browser that was answered with no stream does not come back by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(function () { location.reload(); }, 5000);
  };

  setInterval(function () {
    if (Date.now() - heard < silent || !lost.hidden) return;
    document.getElementById("lost-since").textContent = new Date(heard).toTimeString().slice(0, 8);
    lost.hidden = false;
    document.body.classList.add("gone");
  }, 250);
})();
