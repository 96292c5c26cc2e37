/** An explorer of CIE Lab: the sRGB colours of one lightness, of which one is marked. */

import { chromaScale, inGamut, labToRgb } from "./lab.js";

const LARGEST = 110; // of a and b, in Lab units
const SIDE = 2 * LARGEST + 1;
const RANGES = { L: [0, 100], a: [-LARGEST, LARGEST], b: [-LARGEST, LARGEST] };

/** Draw all sRGB colours of a lightness: a runs to the right, b upwards. */
function drawPlane(context, L) {
  const image = new ImageData(SIDE, SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [a, b] = [x - LARGEST, LARGEST - y];
      if (inGamut(L, a, b)) image.data.set([...labToRgb(L, a, b), 255], 4 * (y * SIDE + x));
    }
  }
  context.putImageData(image, 0, 0);
}

function drawMark(context, { L, a, b }) {
  context.strokeStyle = L > 60 ? "black" : "white";
  context.lineWidth = 2;
  context.beginPath();
  context.arc(a + LARGEST + 0.5, LARGEST - b + 0.5, 5, 0, 2 * Math.PI);
  context.stroke();
}

/** Say in words which colour is marked, and what the nearest one of its hue is if sRGB lacks it. */
export function describe({ L, a, b }) {
  const place = `L = ${L}, a = ${a}, b = ${b}`;
  const scale = chromaScale(L, a, b);
  const rgb = labToRgb(L, a, b).join(", ");
  if (scale === 1) return `${place} is red, green, blue = ${rgb}.`;
  const share = Math.round(100 * scale);
  return `sRGB cannot show ${place}. With ${share} % of its chroma it can: red, green, blue = ${rgb}.`;
}

/** Fill an element, whose data give the first L, a and b, with the explorer. */
export function addLabExplorer(element) {
  const color = Object.fromEntries(
    Object.keys(RANGES).map((name) => [name, Number(element.dataset[name.toLowerCase()])]),
  );
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE, SIDE];
  canvas.setAttribute("role", "img");
  const plane = document.createElement("canvas"); // kept while only the mark moves
  [plane.width, plane.height] = [SIDE, SIDE];
  const swatch = document.createElement("div");
  swatch.className = "lab-swatch";
  const text = document.createElement("p");
  text.setAttribute("role", "status");
  const sliders = {};
  let drawnL;

  function draw() {
    if (drawnL !== color.L) drawPlane(plane.getContext("2d"), color.L);
    drawnL = color.L;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, SIDE, SIDE);
    context.drawImage(plane, 0, 0);
    drawMark(context, color);
    canvas.ariaLabel = `All colours of sRGB with L = ${color.L}: a runs to the right, b upwards.`;
    text.textContent = describe(color);
    swatch.style.background = `rgb(${labToRgb(color.L, color.a, color.b)})`;
    for (const [name, slider] of Object.entries(sliders)) slider.value = color[name];
  }

  const controls = document.createElement("div");
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const label = document.createElement("label");
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min, max, step: 1 });
    slider.addEventListener("input", () => {
      color[name] = slider.valueAsNumber;
      draw();
    });
    label.append(`${name} `, slider);
    controls.append(label);
    sliders[name] = slider;
  }
  canvas.addEventListener("pointerdown", (event) => {
    const box = canvas.getBoundingClientRect();
    color.a = Math.round(((event.clientX - box.left) / box.width) * SIDE) - LARGEST;
    color.b = LARGEST - Math.round(((event.clientY - box.top) / box.height) * SIDE);
    draw();
  });
  const side = document.createElement("div");
  side.append(controls, swatch, text);
  element.replaceChildren(canvas, side);
  draw();
}
