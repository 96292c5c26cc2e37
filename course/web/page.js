/** The page: a photo comes in, the worker colours it, and the reader compares and keeps it. */

import { isOffline, loadFile, startWorker } from "./resources.js";

const find = (name) => document.getElementById(`colour-${name}`);
const { models, runtime, software } = JSON.parse(find("settings").textContent);
const results = find("results");

let worker;
let nextId = 0;
let turn = 0; // counts what the reader asked for: an older answer is not shown any more
let photoName = "photo";
const waiting = new Map();

/** Ask the worker for something; see its `actions`. */
async function ask(action, options, onProgress = () => {}) {
  if (!worker) {
    worker = await startWorker();
    worker.onmessage = ({ data: { id, result, error, progress } }) => {
      const { resolve, reject, onProgress: report } = waiting.get(id);
      if (progress !== undefined) return report(progress);
      waiting.delete(id);
      return error === undefined ? resolve(result) : reject(new Error(error));
    };
    worker.onerror = (event) => {
      for (const { reject } of waiting.values()) reject(new Error(event.message));
    };
  }
  const id = nextId++;
  worker.postMessage({ id, action, ...options });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject, onProgress }));
}

/** Say what happens; `share` from 0 to 1 shows how far it is, and undefined hides the bar. */
function say(text, share) {
  const status = find("status");
  if (status.textContent !== text) status.textContent = text;
  find("progress").hidden = share === undefined;
  if (share !== undefined) find("progress").value = share;
}

function sayError(error) {
  find("status").classList.add("is-error");
  say(error.message);
}

/** Run a task for the reader: a newer one takes its place, and an error becomes a sentence. */
async function run(task) {
  const own = ++turn;
  const isCurrent = () => own === turn;
  find("status").classList.remove("is-error");
  try {
    await task(isCurrent);
  } catch (error) {
    if (isCurrent()) sayError(error);
  }
}

function chosenModel() {
  return document.querySelector("input[name=colour-model]:checked").value;
}

function strength() {
  return find("strength").valueAsNumber / 100;
}

function canShowUncertainty() {
  return models[chosenModel()].settings.has_uncertainty;
}

const loading = new Map(); // a promise for each model

/** Load a model and, once, the runtime; several callers share one load. */
function loadModel(name, isCurrent) {
  if (!loading.has(name)) {
    const { file, bytes, settings } = models[name];
    const total = bytes + runtime.bytes;
    const arrived = [0, 0];
    let hasFailed = false;
    const report = (k) => (count) => {
      if (hasFailed) return;
      arrived[k] = count;
      const share = (arrived[0] + arrived[1]) / total;
      if (isCurrent()) say(`Loading the model (${(total / 1e6).toFixed(1)} MB, only once)`, share);
    };
    const both = [loadFile(file, report(0)), loadFile(runtime.file, report(1))];
    const load = Promise.all(both).then(([weights, wasm]) =>
      ask("load", { name, settings, weights, runtime: wasm }),
    );
    loading.set(name, load);
    load.catch(() => {
      hasFailed = true;
      loading.delete(name); // the next try loads again
    });
  }
  return loading.get(name);
}

let opening = Promise.resolve(); // the last photo that was chosen, until the page shows it

/** Colour a photo: a File, or a Blob with a name. */
function open(file, name) {
  return run(async (isCurrent) => {
    say(`Reading ${name}`);
    const own = read(file, name);
    opening = own;
    own.catch(() => {
      if (opening === own) opening = Promise.resolve(); // the photo before it is still there
    });
    await colorize(isCurrent);
  });
}

/** Show a photo in gray, unless another one was chosen in the meantime. */
async function read(file, name) {
  const photo = await ask("open", { file, name });
  if (!photo) return;
  const { width, height, gray } = photo;
  photoName = name.replace(/\.[^.]*$/, "");
  show("gray", gray);
  find("size").textContent = `${width} x ${height} pixels`;
  results.classList.remove("is-coloured");
  results.hidden = false;
  results.scrollIntoView({ block: "nearest" });
}

/** Show the photo as the controls say; the model is asked only if it has not seen the photo. */
async function colorize(isCurrent) {
  await opening;
  if (!isCurrent()) return;
  const model = chosenModel();
  await loadModel(model, isCurrent);
  if (!isCurrent()) return;
  const onProgress = (share) => isCurrent() && say("Colouring the photo", share);
  await ask("colorize", { model }, onProgress);
  if (!isCurrent()) return;
  const isUncertainty = find("uncertainty").checked && canShowUncertainty();
  const preview = isUncertainty
    ? await ask("uncertainty", { model })
    : await ask("preview", { model, strength: strength() });
  if (!isCurrent()) return;
  show("coloured", preview);
  find("coloured").ariaLabel = isUncertainty
    ? "Your photo in gray, with orange where the model guesses its colours"
    : "Your photo in the colours of the model";
  find("colours-note").hidden = isUncertainty;
  find("uncertainty-note").hidden = !isUncertainty;
  results.classList.add("is-coloured");
  say("Done. Drag the line across the photo to compare.");
}

function show(name, image) {
  const canvas = find(name);
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function changeStrength() {
  find("strength-value").textContent = `${find("strength").value} %`;
  run(colorize);
}

function changeModel() {
  find("uncertainty-label").hidden = !canShowUncertainty();
  if (!results.hidden) run(colorize); // else there is no photo yet
}

function download() {
  run(async (isCurrent) => {
    await colorize(isCurrent);
    if (!isCurrent()) return;
    say("Colouring the photo at its full size");
    const options = { model: chosenModel(), strength: strength(), software };
    const png = await ask("download", options);
    if (!isCurrent()) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(png);
    link.download = `${photoName}-colorized.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`${link.download} is saved. Its EXIF data say that a model chose the colours.`);
  });
}

function openFirst(files) {
  const [file] = files;
  if (file) open(file, file.name || "the photo");
}

function connect() {
  for (const input of [find("file"), find("camera")]) {
    input.addEventListener("change", () => {
      openFirst(input.files);
      input.value = ""; // so that the same file can be chosen again
    });
  }
  find("choose").addEventListener("click", () => find("file").click());
  find("photograph").addEventListener("click", () => find("camera").click());
  document.addEventListener("paste", (event) => openFirst(event.clipboardData.files));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    openFirst(event.dataTransfer.files);
  });
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () =>
      run(async (isCurrent) => {
        const bytes = await loadFile(button.dataset.sample);
        if (isCurrent()) open(new Blob([bytes]), button.dataset.sample.split("/").pop());
      }),
    );
  }
  for (const radio of document.querySelectorAll("input[name=colour-model]")) {
    radio.addEventListener("change", changeModel);
  }
  changeModel();
  find("uncertainty").addEventListener("change", () => run(colorize));
  find("split").addEventListener("input", ({ target }) =>
    find("stack").style.setProperty("--split", `${target.value}%`),
  );
  find("strength").addEventListener("input", changeStrength);
  find("download").addEventListener("click", download);
}

/** Return what this browser lacks, or "" if it can do everything. */
function missingFeature() {
  if (typeof WebAssembly !== "object") return "WebAssembly, which runs the network";
  if (typeof OffscreenCanvas !== "function" || typeof DecompressionStream !== "function") {
    return "OffscreenCanvas and DecompressionStream, which browsers have since 2023";
  }
  return "";
}

const missing = missingFeature();
if (missing) {
  sayError(new Error(`This browser lacks ${missing}: use a newer one, or switch it on.`));
  for (const button of find("app").querySelectorAll("button")) button.disabled = true;
} else {
  connect();
  document.documentElement.dataset.colourPage = isOffline ? "offline" : "online"; // it is ready
}
