/** What is alive on the pages of lessons: predictions that are kept, and the Lab explorer. */

import { addLabExplorer } from "./lab_explorer.js";

/** Keep what a reader predicts in this browser, and nowhere else. */
function keepPrediction(area) {
  const key = `prediction ${area.id}`;
  try {
    area.value = localStorage.getItem(key) ?? "";
    area.addEventListener("input", () => localStorage.setItem(key, area.value));
  } catch {
    // A browser may forbid a page to keep anything: then the text lasts as long as the page.
  }
}

for (const area of document.querySelectorAll("textarea.prediction")) keepPrediction(area);
for (const element of document.querySelectorAll(".lab-explorer")) addLabExplorer(element);
