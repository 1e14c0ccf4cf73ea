// Synchronises the recording with the transcript. Without this file, the browser's player remains.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const player = () => $("[data-player]");
  const audio = () => $("audio", player() ?? undefined);
  const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  // The position before the recording is loaded.
  let position = 0, current;

  const length = () => {
    const known = audio()?.duration;
    return Number.isFinite(known) && known > 0 ? known : Number(player().dataset.duration);
  };

  const show = () => {
    const box = player();
    if (!box) return;
    const total = length(), x = Math.min(1000, position / Number(box.dataset.duration) * 1000);
    const head = $("[data-head]", box), todo = $("[data-todo]", box), slider = $("[data-position]", box);
    for (const name of ["x1", "x2"]) head.setAttribute(name, x);
    todo.setAttribute("x", x);
    todo.setAttribute("width", 1000 - x);
    $("[data-time]", box).textContent = `${clock(position)} / ${clock(total)}`;
    slider.value = position;
    slider.setAttribute("aria-valuetext", `${clock(position)} of ${clock(total)}`);
    box.classList.toggle("playing", !audio().paused);
    // The turn that began last. Between two turns, the earlier one stays current.
    const turn = $$(".turn[data-start]").filter(turn => Number(turn.dataset.start) <= position + 0.05).pop();
    const isHeard = position > 0 || !audio().paused;
    for (const marked of $$(".turn.now")) if (marked !== turn || !isHeard) {
      marked.classList.remove("now");
      marked.removeAttribute("aria-current");
    }
    if (!turn || !isHeard) return;
    turn.classList.add("now");
    turn.setAttribute("aria-current", "true");
    if (turn !== current && $("[data-follow]", box)?.checked) {
      unfold(turn);
      turn.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    }
    current = turn;
  };

  const unfold = turn => { const fold = turn?.closest("details"); if (fold) fold.open = true; };

  const seek = seconds => {
    position = Math.max(0, Math.min(length(), seconds));
    const sound = audio();
    if (sound.readyState > 0) sound.currentTime = position;
    else {
      sound.preload = "metadata";
      sound.load();
    }
    show();
  };

  const play = () => {
    const sound = audio();
    if (sound.paused) sound.play().catch(() => {}); else sound.pause();
  };

  document.addEventListener("click", event => {
    const box = player();
    if (!box) return;
    if (event.target.closest("[data-play]")) return play();
    const skip = event.target.closest("[data-skip]");
    if (skip) return seek(position + Number(skip.dataset.skip));
    // The time of a turn, and links to a turn from evidence or a misconception.
    const link = event.target.closest('a[href^="#t"]');
    const turn = link && /^#t\d+$/.test(link.hash) ? $(link.hash) : null;
    if (turn) { unfold(turn); seek(Number(turn.dataset.start)); }
  });
  document.addEventListener("input", event => {
    if (event.target.matches("[data-position]")) seek(Number(event.target.value));
    if (event.target.matches("[data-rate]") && audio()) audio().playbackRate = Number(event.target.value);
  });
  // Media events do not bubble, so they are captured.
  const on = (name, deed) => document.addEventListener(name, event => { if (event.target === audio()) deed(event.target); }, true);
  on("timeupdate", sound => { position = sound.currentTime; show(); });
  on("loadedmetadata", sound => {
    if (position > 0) sound.currentTime = position;
    sound.playbackRate = Number($("[data-rate]", player())?.value ?? 1);
    $("[data-trouble]", player()).hidden = true;
    show();
  });
  for (const name of ["play", "pause", "ended"]) on(name, show);
  on("error", () => { $("[data-trouble]", player()).hidden = false; show(); });
  // A live update replaces the turns.
  document.addEventListener("htmx:after:swap", show);

  addEventListener("keydown", event => {
    if (event.key !== " " || event.metaKey || event.ctrlKey || event.altKey || !player()) return;
    if (!document.documentElement.dataset.shortcuts) return;
    if (event.target.closest?.("input, textarea, select, button, a, summary, [contenteditable], dialog[open]")) return;
    event.preventDefault();
    play();
  });
})();
