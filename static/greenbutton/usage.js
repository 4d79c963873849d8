// Draws the chart that the page names, again after htmx has swapped the page's part, and again in
// the other colours when the reader's system turns dark or light.
(() => {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let drawn = null;

  async function figureFor(place) {
    const address = new URL(place.dataset.chart, window.location.href);
    address.searchParams.set("theme", dark.matches ? "dark" : "light");
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`the chart answered ${answer.status}`);
    return answer.json();
  }

  async function draw() {
    const place = document.querySelector("[data-chart]");
    if (!place) return;
    try {
      const figure = await figureFor(place);
      if (!place.isConnected) return; // swapped away while it was fetched
      if (drawn) drawn.clear();
      place.replaceChildren();
      drawn = await window.Bokeh.embed.embed_item(figure, place);
    } catch (problem) {
      console.error(problem);
      place.textContent = "The chart could not be drawn. The same numbers are in the table below.";
    }
  }

  draw();
  dark.addEventListener("change", draw);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "energy" || event.target.id === "energy") draw();
  });
})();
