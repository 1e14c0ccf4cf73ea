// Enhancements only: every page works without this file.
(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  root.classList.add("js");

  // Copy buttons.
  document.addEventListener("click", async event => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try { await navigator.clipboard.writeText($(button.dataset.copy)?.textContent ?? ""); } catch { return; }
    const label = $("span", button), before = label.textContent;
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = before; }, 1500);
  });

  // Print the page.
  document.addEventListener("click", event => { if (event.target.closest("[data-print]")) print(); });

  // Show a password.
  document.addEventListener("change", event => {
    const field = document.getElementById(event.target.dataset?.show ?? "");
    if (field) field.type = event.target.checked ? "text" : "password";
  });

  // Suggests the browser's time zone if the field still says UTC.
  const zone = $("[data-zone]");
  if (zone?.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  // Shows whether the page is live. If the stream is blocked, plain requests fetch the updates. If those fail too, it
  // shows that. Breaks shorter than ten seconds are not shown.
  const SILENCE_MS = 10000;
  const live = () => $("#live-state");
  let silence, polling, since, beat;
  const tell = (word, isLive) => {
    const state = live();
    if (!state) return;
    $(".dot", state).classList.toggle("live", isLive);
    const text = $("span:last-child", state);
    if (text.textContent !== word) text.textContent = word;
  };
  const isLive = () => {
    clearTimeout(silence);
    clearTimeout(polling);
    silence = polling = since = undefined;
    tell("Live", true);
    // The stream sends a heartbeat every 15 s.
    clearTimeout(beat);
    beat = setTimeout(stopped, 40000);
  };
  const stopped = () => {
    since ??= new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    silence ??= setTimeout(poll, SILENCE_MS);
  };
  const poll = async () => {
    clearTimeout(polling);
    const state = live();
    if (!state) return;
    if (!document.hidden) {
      const url = state.dataset.events + (state.dataset.events.includes("?") ? "&" : "?") + "once=true";
      try {
        const answer = await fetch(url, { headers: { "HX-Request": "true" }, cache: "no-store" });
        if (answer.status === 204 || answer.status === 401) return tell("You are signed out", false);
        if (!answer.ok) throw new Error(answer.status);
        const text = await answer.text();
        if (silence === undefined || state !== live()) return;
        await htmx.swap({ sourceElement: state, target: state, swap: "none", text });
        tell("Updated every 10 s", false);
      } catch { tell(`Not live since ${since}`, false); }
    }
    if (silence !== undefined) polling = setTimeout(poll, SILENCE_MS);
  };
  document.addEventListener("htmx:sse:after:message", event => { if (event.target === live()) isLive(); });
  for (const name of ["htmx:sse:error", "htmx:sse:close", "htmx:error", "htmx:response:error"]) {
    document.addEventListener(name, event => { if (event.target === live()) stopped(); });
  }
  // A page counts as live after its first event, because a proxy may hold a stream back.
  if (live()) stopped();
  // Each filter has its own stream.
  document.addEventListener("htmx:after:swap", () => {
    const state = live();
    if (!state?.dataset.events.startsWith("/events/sessions?") && state?.dataset.events !== "/events/sessions") return;
    const events = `/events/sessions${location.search}`;
    // Ignores the order of the fields.
    const fields = url => [...new URLSearchParams(url.split("?")[1])].map(String).sort().join("&");
    if (fields(state.dataset.events) === fields(events)) return;
    const fresh = state.cloneNode(true);
    fresh.dataset.events = events;
    fresh.setAttribute("hx-sse:connect", events);
    delete fresh.dataset.htmxPowered;
    state.replaceWith(fresh);
    htmx.process(fresh);
  });

  // A sign-in ends after 30 minutes without a click. An open page is then replaced by the sign-in page,
  // or by an empty page if the server is unavailable. Activity in any tab counts, and so does a playing recording.
  const IDLE_MS = 31 * 60000;
  const tabs = new BroadcastChannel("touched");
  let touched = Date.now();
  tabs.onmessage = () => { touched = Date.now(); };
  const touch = () => {
    if (Date.now() - touched > 5000) tabs.postMessage("");
    touched = Date.now();
  };
  for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, touch, { passive: true });
  if ($("form[action='/logout']")) setInterval(() => {
    if ($$("audio").some(audio => !audio.paused)) touch();
    if (Date.now() - touched > IDLE_MS) location.replace(location.pathname + location.search);
  }, 15000);

  // Ticks all boxes of a list.
  document.addEventListener("change", event => {
    if (!event.target.matches("[data-all]")) return;
    for (const box of $$("tbody input[type=checkbox]", event.target.closest("table"))) box.checked = event.target.checked;
  });

  // Find in a transcript. Repeats the search after a live update.
  const find = () => {
    const field = $("#find-turn");
    if (!field) return;
    const query = field.value.trim().toLowerCase();
    let hits = 0;
    for (const turn of $$(".turn")) {
      const isHit = !query || ($(".say", turn)?.textContent.toLowerCase().includes(query) ?? false);
      turn.hidden = !isHit;
      if (isHit) hits += 1;
      const fold = query && isHit && turn.closest("details");
      if (fold) fold.open = true;
    }
    $("#find-n").textContent = query ? `${hits} ${hits === 1 ? "turn" : "turns"}` : "";
  };
  document.addEventListener("input", event => { if (event.target.id === "find-turn") find(); });
  document.addEventListener("htmx:after:swap", find);

  // Keyboard shortcuts. Never while typing, and off if the account page says so (WCAG 2.1.4).
  const help = $("#help");
  document.addEventListener("click", event => { if (event.target.closest("[data-help]")) help?.showModal(); });
  if (!root.dataset.shortcuts) return;
  const places = { d: "/today", o: "/", s: "/sessions", t: "/students", c: "/curriculum", a: "/analytics", j: "/jobs" };
  let wentAt = 0, row = -1;
  addEventListener("keydown", event => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (Date.now() - wentAt < 1200 && places[event.key]) { location.href = places[event.key]; return; }
    wentAt = event.key === "g" ? Date.now() : 0;
    if (event.key === "/") { event.preventDefault(); $("#q-top")?.focus(); }
    else if (event.key === "?") help?.showModal();
    else if (event.key === "x") {
      const box = $("tbody tr:focus-within input[type=checkbox]");
      if (box) box.checked = !box.checked;
    }
    else if ("123s".includes(event.key)) {
      const button = `[data-key="${event.key}"]`;
      ($(`.review:focus-within ${button}`) ?? $(button))?.click();
    }
    else if (event.key === "j" || event.key === "k") {
      const rows = $$("tbody tr:has(a), .turn:not([hidden]):has(a)").filter(row => row.checkVisibility());
      if (!rows.length) return;
      row = Math.max(0, Math.min(rows.length - 1, row + (event.key === "j" ? 1 : -1)));
      $("a", rows[row])?.focus();
      rows[row].scrollIntoView({ block: "nearest" });
    }
  });
})();
