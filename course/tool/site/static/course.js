// What the pages need besides their theme: the handle between two photos, and boxes that scroll.

for (const box of document.querySelectorAll(".compare")) {
  const handle = box.querySelector("input");
  const move = () => box.style.setProperty("--place", `${handle.value}%`);
  handle.addEventListener("input", move);
  move(); // a browser may restore the last value
}

// In the left sidebar, the theme has the heading "On this page" outside of the part that it names.
for (const heading of document.querySelectorAll(".bd-sidebar-primary .onthispage")) {
  heading.nextElementSibling.prepend(heading);
}

// Tables and code that are wider than the page scroll in a box of their own. Such a box can be
// reached by keyboard and has a name; a sentence above a table says that there is more.
const boxes = ".pst-scrollable-table-container, .cell pre";
const hints = new Map();

function mark(box, index) {
  const scrolls = box.scrollWidth > box.clientWidth + 1;
  const isTable = box.matches("div");
  box.classList.toggle("is-scrollable", scrolls);
  box.classList.toggle("more-right", box.scrollWidth > box.scrollLeft + box.clientWidth + 1);
  if (scrolls) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `${isTable ? "Table" : "Code"} ${index + 1}, scrolls sideways`);
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
  }
  if (isTable && scrolls && !hints.has(box)) {
    const hint = document.createElement("p");
    hint.className = "scroll-hint";
    hint.textContent = "This table is wider than the page: scroll it sideways to see the rest →";
    box.before(hint);
    hints.set(box, hint);
  }
  if (hints.has(box)) hints.get(box).hidden = !scrolls;
}

const watcher = new ResizeObserver(() => document.querySelectorAll(boxes).forEach(mark));
document.querySelectorAll(boxes).forEach((box, index) => {
  box.addEventListener("scroll", () => mark(box, index), { passive: true });
  watcher.observe(box); // its width changes with the page, and when a fold opens
});
