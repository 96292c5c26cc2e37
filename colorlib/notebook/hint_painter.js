// A canvas to paint colour hints on a photo, and the result next to it. Python colorizes.

const SIDE = 384; // of the shown pictures: the longer one, in CSS pixels
const HELP =
  "Click or drag on the left picture. With the keyboard: arrow keys move the cross-hair " +
  "(with Shift by one pixel), Enter or space sets a hint, Ctrl+Z undoes. " +
  "Of a colour, only the hue and its strength count: the photo keeps its lightness.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function figure(picture, caption) {
  return element("figure", {}, picture, element("figcaption", {}, caption));
}

/** Return the whole number from 0 on, and below the limit, that is nearest below the value. */
function clamp(value, limit) {
  return Math.min(Math.max(Math.floor(value), 0), limit - 1);
}

function render({ model, el }) {
  const [width, height] = model.get("_photo_size");
  const scale = SIDE / Math.max(width, height); // CSS pixels in a pixel of the photo
  const size = {
    width: Math.max(Math.round(scale * width), 1),
    height: Math.max(Math.round(scale * height), 1),
  };
  const photo = new Image();
  const canvas = element("canvas", { ...size, tabIndex: 0 });
  const result = element("img", size);
  const color = element("input", { type: "color" });
  const undoButton = element("button", { type: "button", onclick: undo }, "Undo");
  const clearButton = element("button", { type: "button", onclick: clear }, "Clear");
  const place = element("p");
  const message = element("p");
  const context = canvas.getContext("2d");
  let cursor = [clamp(width / 2, width), clamp(height / 2, height)]; // the cross-hair
  let usesKeyboard = false; // shows the cross-hair
  let stroke = null; // the one that is being painted
  let cleared = []; // what Undo brings back after Clear

  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `The photo in gray, ${width} x ${height} pixels, to paint on`);
  canvas.setAttribute("aria-description", HELP);
  place.setAttribute("role", "status");
  message.setAttribute("role", "status");

  function commit(strokes) {
    message.textContent = "colorizing …";
    model.set("strokes", strokes);
    model.save_changes();
  }

  function add(points) {
    cleared = [];
    commit([...model.get("strokes"), { color: color.value, points }]);
  }

  function undo() {
    const strokes = model.get("strokes");
    if (strokes.length > 0) {
      commit(strokes.slice(0, -1));
    } else if (cleared.length > 0) {
      commit(cleared);
      cleared = [];
    }
  }

  function clear() {
    if (model.get("strokes").length > 0) {
      cleared = model.get("strokes");
      commit([]);
    }
  }

  function drawStroke({ color, points }) {
    const radius = model.get("_brush_radius") + 0.5;
    const places = points.map(([x, y]) => [scale * (x + 0.5), scale * (y + 0.5)]);
    const rims = [["black", 4], ["white", 2], [color, 0]]; // seen on every photo
    for (const [style, rim] of rims) {
      context.strokeStyle = style;
      context.lineWidth = Math.max(2 * radius * scale, 4) + rim;
      context.beginPath();
      context.moveTo(places[0][0] - 0.01, places[0][1]); // so that one point is a line as well
      places.forEach((point) => context.lineTo(...point));
      context.stroke();
    }
  }

  function drawCrossHair() {
    const [x, y] = [scale * (cursor[0] + 0.5), scale * (cursor[1] + 0.5)];
    for (const [style, lineWidth] of [["black", 3], ["white", 1]]) {
      Object.assign(context, { strokeStyle: style, lineWidth });
      context.beginPath();
      for (const [dx, dy] of Object.values(ARROWS)) {
        context.moveTo(x + 4 * dx, y + 4 * dy);
        context.lineTo(x + 14 * dx, y + 14 * dy);
      }
      context.stroke();
    }
  }

  function draw() {
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
    context.lineCap = context.lineJoin = "round";
    model.get("strokes").forEach(drawStroke);
    if (stroke !== null) drawStroke(stroke);
    if (usesKeyboard) drawCrossHair();
  }

  function showResult() {
    const text = model.get("message");
    message.textContent = text;
    result.src = model.get("_result_url");
    result.alt = `The coloured photo: ${text}`;
  }

  function showColor() {
    color.value = model.get("color");
  }

  function moveTo([x, y]) {
    cursor = [x, y];
    place.textContent = `x ${x}, y ${y}`;
    draw();
  }

  /** Return the pixel of the photo under the pointer, or the nearest one. */
  function pixelAt(event) {
    const box = canvas.getBoundingClientRect();
    const x = clamp(((event.clientX - box.left) / box.width) * width, width);
    const y = clamp(((event.clientY - box.top) / box.height) * height, height);
    return [x, y];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || stroke !== null) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    usesKeyboard = false;
    stroke = { color: color.value, points: [pixelAt(event)], pointer: event.pointerId };
    moveTo(stroke.points[0]);
  });

  canvas.addEventListener("pointermove", (event) => {
    if (stroke === null || event.pointerId !== stroke.pointer) return;
    const [x, y] = pixelAt(event);
    const [lastX, lastY] = stroke.points.at(-1);
    if (x !== lastX || y !== lastY) stroke.points.push([x, y]);
    moveTo([x, y]);
  });

  canvas.addEventListener("pointerup", (event) => {
    if (stroke === null || event.pointerId !== stroke.pointer) return;
    const { points } = stroke;
    stroke = null;
    add(points);
  });

  canvas.addEventListener("pointercancel", () => {
    stroke = null;
    draw();
  });

  canvas.addEventListener("focus", () => {
    usesKeyboard = canvas.matches(":focus-visible");
    draw();
  });

  canvas.addEventListener("blur", () => {
    usesKeyboard = false;
    draw();
  });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    usesKeyboard = true;
    if (event.key in ARROWS) {
      const step = event.shiftKey ? 1 : Math.max(Math.round(Math.max(width, height) / 64), 1);
      const [dx, dy] = ARROWS[event.key];
      moveTo([clamp(cursor[0] + step * dx, width), clamp(cursor[1] + step * dy, height)]);
    } else if (event.key === "Enter" || event.key === " ") {
      if (!event.repeat) add([cursor]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  el.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return;
    event.preventDefault();
    event.stopPropagation();
    undo();
  });

  color.addEventListener("input", () => {
    model.set("color", color.value);
    model.save_changes();
  });

  const listeners = {
    "change:strokes": draw,
    "change:color": showColor,
    "change:_num_runs": showResult,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);

  el.classList.add("hint-painter");
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab leaves our keys to us
  const label = element("label", {}, "Colour ", color);
  el.append(
    element("div", { className: "hint-painter-tools" }, label, undoButton, clearButton),
    element(
      "div",
      { className: "hint-painter-pictures" },
      figure(canvas, "your strokes"),
      figure(result, "the result"),
    ),
    message,
    place,
    element("p", {}, element("small", {}, HELP)),
  );
  photo.onload = draw;
  photo.src = model.get("_photo_url");
  showColor();
  showResult();

  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

export default { render };
