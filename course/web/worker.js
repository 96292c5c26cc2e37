/**
 * The worker of the page: it holds the photo and the models, so that the page never freezes.
 *
 * The page sends {id, action, ...} and gets {id, result}, {id, error} or {id, progress}.
 */

import { predictColors, render, renderUncertainty } from "./colorizer.js";
import { Model } from "./network.js";
import { decodePhoto, PhotoError, readPixels } from "./photo.js";
import { addExifToPng, readExif, writeExif } from "./provenance.js";

const PREVIEW_PIXELS = 1e6;
const models = new Map();
let opened = 0; // counts the photos that were chosen
let photo; // {bitmap, preview, texts, colors by the model's name}

const actions = {
  /** Load a model: {name, settings, weights, runtime}. */
  async load({ name, settings, weights, runtime }) {
    if (!models.has(name)) models.set(name, await Model.load(settings, weights, runtime));
  },

  /** Decode a photo: {file, name}. Return {width, height, preview}. */
  async open({ file, name }) {
    const own = ++opened;
    const { bitmap, bytes } = await decodePhoto(file, name);
    if (own !== opened) return bitmap.close(); // a photo that was chosen later was faster
    photo?.bitmap.close();
    const { width, height } = bitmap;
    const scale = Math.min(1, Math.sqrt(PREVIEW_PIXELS / (width * height)));
    const sides = [width, height].map((side) => Math.max(Math.round(scale * side), 1));
    const preview = readPixels(bitmap, ...sides);
    photo = { bitmap, width, height, preview, texts: readExif(bytes), colors: new Map() };
    return { width, height, gray: grayOf(preview) };
  },

  /** Ask a model for the colours of the photo, unless it was asked before: {model}. */
  async colorize({ model }, onProgress) {
    if (photo.colors.has(model)) return;
    onProgress(0);
    const asked = photo;
    const colors = await predictColors(readPixels(asked.bitmap), models.get(model), onProgress);
    asked.colors.set(model, colors);
  },

  /** Return the preview in colour, as ImageData: {model, strength}. */
  async preview({ model, strength }) {
    const { width, height } = photo.preview;
    const data = render(photo.preview, photo.colors.get(model), photo, strength);
    return new ImageData(data, width, height);
  },

  /** Return the preview in gray, with orange where the model guesses, as ImageData: {model}. */
  async uncertainty({ model }) {
    const { width, height } = photo.preview;
    const data = renderUncertainty(photo.preview, photo.colors.get(model), photo);
    return new ImageData(data, width, height);
  },

  /** Return the whole photo in colour as a PNG file: {model, strength, software}. */
  async download({ model, strength, software }) {
    const pixels = readPixels(photo.bitmap);
    render(pixels, photo.colors.get(model), photo, strength, pixels.data);
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    const png = await canvas.convertToBlob({ type: "image/png" });
    const exif = writeExif(photo.texts, software);
    return addExifToPng(new Uint8Array(await png.arrayBuffer()), exif);
  },
};

/** Return pixels without their colours, as the network sees them. */
function grayOf(pixels) {
  const nothing = { width: 1, height: 1, values: new Float32Array(1) };
  const content = { left: 0, top: 0, right: pixels.width, bottom: pixels.height };
  const data = render(pixels, { a: nothing, b: nothing, content }, pixels, 0);
  return new ImageData(data, pixels.width, pixels.height);
}

self.onmessage = async ({ data: { id, action, ...options } }) => {
  try {
    const onProgress = (progress) => self.postMessage({ id, progress });
    self.postMessage({ id, result: await actions[action](options, onProgress) });
  } catch (error) {
    const isExpected = error instanceof PhotoError;
    const text = isExpected
      ? error.message
      : `The photo could not be coloured (${error.message}): choose a smaller one, or reload the page.`;
    self.postMessage({ id, error: text });
  }
};
