// Shows either the review or the editor of a storyboard. It runs before the page is drawn, so that nothing jumps.
(() => {
  const root = document.documentElement;
  const show = () => {
    root.dataset.view = window.location.hash === "#edit" ? "edit" : "review";
    for (const link of document.querySelectorAll(".vs-views a")) {
      if (link.dataset.view === root.dataset.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
  show();
  document.addEventListener("DOMContentLoaded", show);
  window.addEventListener("hashchange", () => { show(); window.scrollTo(0, 0); });
})();
