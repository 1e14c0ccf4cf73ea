// Only what makes pages quicker: every page works without this file.
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

  // Show a password.
  document.addEventListener("change", event => {
    const field = document.getElementById(event.target.dataset?.show ?? "");
    if (field) field.type = event.target.checked ? "text" : "password";
  });

  // The zone of this browser, offered where the field still says UTC.
  const zone = $("[data-zone]");
  if (zone?.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  // Whether the page is live. A break shorter than ten seconds is not worth a word.
  const live = $("#live-state");
  let silence;
  const tell = (word, isLive) => {
    clearTimeout(silence);
    $(".dot", live).classList.toggle("live", isLive);
    if ($("span:last-child", live).textContent !== word) $("span:last-child", live).textContent = word;
  };
  const stopped = () => {
    clearTimeout(silence);
    const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    silence = setTimeout(() => tell(`Live updates stopped at ${at}`, false), 10000);
  };
  live?.addEventListener("htmx:sse:after:connection", event => {
    if ((event.detail?.connection?.status ?? 200) === 200) tell("Live", true); else stopped();
  });
  for (const name of ["error", "close"]) live?.addEventListener(`htmx:sse:${name}`, stopped);

  // Find in a transcript; once more after a live update has put the turns back.
  const find = () => {
    const field = $("#find-turn");
    if (!field) return;
    const query = field.value.trim().toLowerCase();
    let hits = 0;
    for (const turn of $$(".turn")) {
      const isHit = !query || $(".say", turn).textContent.toLowerCase().includes(query);
      turn.hidden = !isHit;
      if (isHit) hits += 1;
    }
    $("#find-n").textContent = query ? `${hits} ${hits === 1 ? "turn" : "turns"}` : "";
  };
  document.addEventListener("input", event => { if (event.target.id === "find-turn") find(); });
  document.addEventListener("htmx:after:swap", find);

  // Keys. Never while typing, and off where the account page says so (WCAG 2.1.4).
  const help = $("#help");
  document.addEventListener("click", event => { if (event.target.closest("[data-help]")) help?.showModal(); });
  if (!root.dataset.shortcuts) return;
  const places = { o: "/", s: "/sessions", t: "/students", j: "/jobs" };
  let wentAt = 0, row = -1;
  addEventListener("keydown", event => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (Date.now() - wentAt < 1200 && places[event.key]) { location.href = places[event.key]; return; }
    wentAt = event.key === "g" ? Date.now() : 0;
    if (event.key === "/") { event.preventDefault(); $("#q-top")?.focus(); }
    else if (event.key === "?") help?.showModal();
    else if (event.key === "j" || event.key === "k") {
      const rows = $$("tbody tr:has(a), .turn:not([hidden])");
      if (!rows.length) return;
      row = Math.max(0, Math.min(rows.length - 1, row + (event.key === "j" ? 1 : -1)));
      $("a", rows[row])?.focus();
      rows[row].scrollIntoView({ block: "nearest" });
    }
  });
})();
