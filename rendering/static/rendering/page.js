// What the pages of storyboards and jobs do by themselves: send a decision once, retry a still, move the bars.
const POLL = 700;
const PATIENCE = [300, 700, 1500, 4000, 10000];

// A second click while the first is on its way is no second decision.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// A still is rendered while somebody waits; a busy server says no for a moment.
for (const picture of document.querySelectorAll("img[data-still]")) {
  const addresses = picture.srcset;
  let tries = 0;
  const failed = () => {
    if (tries < PATIENCE.length) {
      window.setTimeout(() => { picture.srcset = ""; picture.srcset = addresses; }, PATIENCE[tries] * (1 + Math.random() / 2));
      tries += 1;
    } else {
      picture.parentElement.querySelector(".vs-empty").textContent = "The still could not be made";
      picture.remove();
    }
  };
  picture.addEventListener("error", failed);
  picture.addEventListener("load", () => picture.classList.add("there"));
  if (picture.complete && picture.naturalWidth) picture.classList.add("there");
  else if (picture.complete && picture.currentSrc) failed();
}

function watch(place) {
  const find = (name) => place.querySelector(`[data-show="${name}"]`);
  const say = (name, text) => {
    const shown = find(name);
    if (shown && shown.textContent !== text) shown.textContent = text;
  };

  const showMade = (made) => {
    const grid = find("made");
    if (!grid) return;
    for (const { id, words } of made) {
      if (grid.querySelector(`[data-asset="${id}"]`)) continue;
      const link = document.createElement("a");
      const picture = document.createElement("img");
      link.href = `/api/v1/media/${id}/data`;
      link.dataset.asset = id;
      picture.src = `/api/v1/media/${id}/thumbnail`;
      picture.alt = words;
      link.append(picture);
      grid.append(link);
      place.querySelector("[data-until-made]")?.remove();
    }
  };

  // False when the page must be loaded anew: it has no strip for these segments yet.
  const show = ({ status, progress, segments, made }) => {
    const percent = Math.round(progress.fraction * 100);
    const bar = find("bar");
    if (bar) {
      bar.setAttribute("aria-valuenow", percent);
      bar.firstElementChild.style.width = `${progress.fraction * 100}%`;
    }
    say("percent", `${percent}%`);
    say("status", status);
    const badge = find("status");
    if (badge) badge.className = `vs-badge ${status}`;
    if (progress.message || status !== "queued") say("message", progress.message || status);
    say("stage", progress.current_stage);
    say("scenes", `${progress.scenes_completed} of ${progress.scenes_total}`);
    const left = progress.estimated_completion_seconds;
    say("left", left === null ? "" : `about ${Math.max(1, Math.round(left))} s left`);
    showMade(made);
    if (place.dataset.atEnd !== "reload" || !place.querySelector(".vs-columns")) return true;
    for (const segment of segments) {
      const part = place.querySelector(`[data-segment="${segment.index}"]`);
      if (!part) return false;
      part.className = segment.status;
      part.firstElementChild.style.width = `${segment.fraction * 100}%`;
    }
    return true;
  };

  const look = async () => {
    try {
      const answer = await fetch(place.dataset.jobState, { headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 403 || answer.status === 404) return;
      if (!answer.ok) throw new Error(answer.status);
      const state = await answer.json();
      const complete = show(state);
      if (state.ended && place.dataset.atEnd !== "reload") {
        place.querySelector(".vs-bar")?.remove();
        say("message", "It has ended; load the page anew to see what it made.");
        return;
      }
      if (state.ended || !complete) { window.location.reload(); return; }
    } catch {
      say("message", "The server does not answer; trying again …");
    }
    window.setTimeout(look, document.hidden ? 5 * POLL : POLL);
  };
  look();
}

document.querySelectorAll("[data-job-state]").forEach(watch);
