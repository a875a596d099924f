// Moves the job page's bar by polling, and loads the page anew when the job has ended.
(() => {
  const page = document.querySelector("[data-job-state]");
  if (!page || page.dataset.ended === "true") return;
  const find = (name) => page.querySelector(`[data-show="${name}"]`);
  const say = (name, text) => { const place = find(name); if (place) place.textContent = text; };

  const show = ({ status, progress, segments }) => {
    const percent = `${Math.round(progress.fraction * 100)}%`;
    find("bar").style.width = `${progress.fraction * 100}%`;
    say("percent", percent);
    say("message", progress.message || status);
    say("stage", progress.current_stage);
    say("scenes", `${progress.scenes_completed} of ${progress.scenes_total}`);
    const left = progress.estimated_completion_seconds;
    say("left", left === null ? "" : `about ${Math.max(1, Math.round(left))} s left`);
    for (const segment of segments) {
      const part = page.querySelector(`[data-segment="${segment.index}"]`);
      if (!part) { window.location.reload(); return; }
      part.className = segment.status;
      part.firstElementChild.style.width = `${segment.fraction * 100}%`;
    }
  };

  const look = async () => {
    try {
      const answer = await fetch(page.dataset.jobState, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const state = await answer.json();
        show(state);
        if (state.ended) { window.location.reload(); return; }
      }
    } catch (error) {
      say("message", "The server does not answer; trying again …");
    }
    window.setTimeout(look, 700);
  };
  look();
})();
