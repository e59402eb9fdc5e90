// A page with [data-live] shows something a machine is working on. This looks every second or so
// whether the page is still current, moves its progress bar, and loads the page anew when it is not.
// Without it the page refreshes itself by <meta http-equiv="refresh">.
(function () {
  "use strict";
  const box = document.querySelector("[data-live]");
  if (!box) return;
  const FIRST = 1000, LONGEST = 15000; // milliseconds
  let pause = FIRST;

  function show(state) {
    const bar = document.querySelector("progress");
    if (!bar || !state.stage) return;
    const percent = Math.round(state.progress * 100);
    bar.value = percent;
    document.querySelector("[data-percent]").textContent = percent + " %";
    document.querySelector("[data-stage]").textContent = state.stage;
  }

  async function look() {
    try {
      const response = await fetch(box.dataset.live, { headers: { Accept: "application/json" } });
      if (response.redirected || response.status === 404) return window.location.assign(box.dataset.page);
      if (!response.ok) throw new Error(response.status);
      const state = await response.json();
      if (state.version !== box.dataset.version) return window.location.assign(box.dataset.page);
      show(state);
      pause = FIRST;
    } catch (error) {
      pause = Math.min(pause * 2, LONGEST); // the site is restarting, or we are offline
    }
    window.setTimeout(look, pause);
  }

  window.setTimeout(look, pause);
})();
