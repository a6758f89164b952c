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

  // A form goes once: who presses twice would undo two products. A stop goes as often as it is pressed.
  document.addEventListener("submit", function (e) {
    const form = e.target;
    if (form.method !== "post" || form.action.endsWith("/stop")) return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(function () { delete form.dataset.sent; }, 10000);
  });
  addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  if (!live) return;

  function alive(time) {
    heard = Date.now();
    if (!lost.hidden) lost.hidden = true;
    document.body.classList.remove("gone");
    if (time) clock.textContent = time;
  }

  // What is there stays there as far as it can: a list that was pushed aside, what a finger is on just now, and the
  // region whose changes are read aloud. What has come stands between, and what has gone is taken out.
  function alike(old, now) {
    return old.nodeName === now.nodeName && old.id === now.id && (old.nodeType !== 1 || old.classList[0] === now.classList[0]);
  }

  function renewAll(old, now) {
    let at = old.firstChild;
    Array.from(now.childNodes).forEach(function (n) {
      let e = at;
      if (n.nodeType === 1) while (e && !alike(e, n)) e = e.nextSibling;
      else if (e && !alike(e, n)) e = null;
      if (!e) { old.insertBefore(n, at); return; }
      while (at !== e) at = drop(at);
      at = e.nextSibling;
      renew(e, n);
    });
    while (at) at = drop(at);
  }

  function drop(e) {
    const next = e.nextSibling;
    e.remove();
    return next;
  }

  function renew(old, now) {
    if (old.isEqualNode(now)) return;
    if (old.nodeType !== 1) { old.nodeValue = now.nodeValue; return; }
    Array.from(old.attributes).forEach(function (a) { if (!now.hasAttribute(a.name)) old.removeAttribute(a.name); });
    Array.from(now.attributes).forEach(function (a) { if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value); });
    renewAll(old, now);
  }

  function take(html) {
    const next = document.createElement("template");
    next.innerHTML = html;
    const focus = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    renewAll(live, next.content);
    if (focus !== null && (!live.contains(document.activeElement) || document.activeElement.getAttribute("href") !== focus)) {
      const again = live.querySelector("[href=\"" + CSS.escape(focus) + "\"]");
      if (again) again.focus({preventScroll: true});
    }
  }

  let events = null;
  function listen() {
    if (events) return;
    const mine = events = new EventSource(live.dataset.live);
    mine.addEventListener("part", function (e) { take(e.data); alive(""); });
    mine.addEventListener("alive", function (e) { alive(e.data); });
    mine.addEventListener("gone", function (e) { document.getElementById("lost-since").textContent = e.data; });
    mine.onerror = function () {
      // A browser that was answered with no stream does not come back by itself.
      if (mine === events && mine.readyState === EventSource.CLOSED) setTimeout(function () { location.reload(); }, 5000);
    };
  }

  // A browser keeps six connections to one place: pages that nobody sees must not take them all, or nothing more is
  // loaded and no line is stopped.
  function seen() {
    if (document.hidden) {
      if (events) events.close();
      events = null;
    } else {
      heard = Date.now();
      listen();
    }
  }
  document.addEventListener("visibilitychange", seen);
  seen();

  setInterval(function () {
    if (document.hidden || Date.now() - heard < silent || !lost.hidden) return;
    document.getElementById("lost-since").textContent = new Date(heard).toTimeString().slice(0, 8);
    lost.hidden = false;
    document.body.classList.add("gone");
  }, 250);
})();
