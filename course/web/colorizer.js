/**
 * Colorization of one photo, as `colorlib.colorizer.Colorizer` does it: the network sees a small
 * lightness, and its colours are enlarged and combined with the full lightness of the photo.
 */

import { findContent } from "./border.js";
import { lightness, writeRgb } from "./lab.js";
import { mixRows, Plane, resize, resizeRow, resizeRows, resizeWeights } from "./resize.js";

const MAX_ASPECT_RATIO = 4;
const ORANGE = [213, 94, 0];
const [MIN_DISTANCE, MAX_DISTANCE] = [8, 22]; // Lab units: there orange begins, and is strongest
const MAX_OPACITY = 0.8; // of the orange: the photo stays visible

/**
 * Predict the colours of a photo.
 *
 * @param photo - {width, height, data}: pixels as red, green, blue and alpha in 0 to 255.
 * @param model - {settings, run}: `run` maps a plane of L in [-1, 1] to planes {a, b, uncertainty}
 *   of the same size; it may lack uncertainty.
 * @param onPass - called after each pass of the network, with the share that is done.
 * @returns {a, b, uncertainty, content}: planes in Lab units, and the part of the photo that they
 *   belong to. Uncertainty is the distance from the true colour that the model expects.
 */
export async function predictColors(photo, model, onPass = () => {}) {
  const onWhite = lightnessRows(photo, true);
  const content = findContent(onWhite, photo.width, photo.height);
  const width = content.right - content.left;
  const height = content.bottom - content.top;
  const row = (y) => onWhite(content.top + y).subarray(content.left, content.right);
  const { image_size: size, tta, min_size: minSize, scaler } = model.settings;
  const small = resizeRows(row, width, height, ...networkSides(width, height, size));
  for (let k = 0; k < small.values.length; k++) {
    small.values[k] = Math.min(Math.max(small.values[k] / 50 - 1, -1), 1);
  }
  const planes = tta ? await average(small, model, minSize, onPass) : await model.run(small);
  for (const { values } of [planes.a, planes.b]) {
    for (let k = 0; k < values.length; k++) values[k] *= scaler.ab_scale;
  }
  onPass(1);
  return { ...planes, content };
}

/** Return width and height of what the network sees: the shorter side is `size`. */
export function networkSides(width, height, size) {
  const shorter = Math.min(width, height);
  return [width, height].map((side) => {
    const scaled = Math.max(roundHalfToEven((side * size) / shorter), size);
    return Math.min(scaled, MAX_ASPECT_RATIO * size);
  });
}

/**
 * Return the mean a and b for L, and for its mirror image at three quarters of the size.
 *
 * Uncertainty is that of L itself.
 */
async function average(L, model, minSize, onPass) {
  const { a, b, uncertainty } = await model.run(L);
  onPass(0.6);
  const sides = [L.width, L.height].map((side) => Math.max(roundHalfToEven(0.75 * side), minSize));
  const coarse = await model.run(resize(mirror(L), ...sides));
  const mean = (plane, mirrored) => {
    const upright = resize(mirror(mirrored), L.width, L.height);
    const values = plane.values.map((value, k) => (value + upright.values[k]) / 2);
    return new Plane(L.width, L.height, values);
  };
  return { a: mean(a, coarse.a), b: mean(b, coarse.b), uncertainty };
}

function mirror(plane) {
  const { width, height, values } = plane;
  const result = new Plane(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      result.values[y * width + x] = values[y * width + width - 1 - x];
    }
  }
  return result;
}

/**
 * Combine the lightness of pixels with predicted colours.
 *
 * @param pixels - {width, height, data}: the photo, or a smaller or larger copy of it.
 * @param colors - of `predictColors`.
 * @param photoSize - {width, height} of the photo that `colors.content` belongs to.
 * @param strength - what a and b are multiplied by: 0 is gray, 1 is what the network predicts.
 * @param out - where the RGBA values go, with the alpha of `pixels`; it may be `pixels.data` itself.
 * @returns out
 */
export function render(
  pixels,
  colors,
  photoSize,
  strength,
  out = new Uint8ClampedArray(pixels.data.length),
) {
  const { width, height, data } = pixels;
  const rowOfA = enlargedRows(colors.a, colors.content, photoSize, pixels);
  const rowOfB = enlargedRows(colors.b, colors.content, photoSize, pixels);
  for (let y = 0; y < height; y++) {
    const [a, b] = [rowOfA(y), rowOfB(y)];
    for (let x = 0; x < width; x++) {
      const k = 4 * (y * width + x);
      const L = lightness(data[k], data[k + 1], data[k + 2]);
      writeRgb(L, strength * a[x], strength * b[x], out, k);
      out[k + 3] = data[k + 3];
    }
  }
  return out;
}

/**
 * Draw where the model guesses: pixels in gray under orange, which is the stronger, the farther the
 * model expects its colours to be from the true ones.
 *
 * @param pixels, colors, photoSize - as for `render`.
 * @returns RGBA values, with the alpha of `pixels`.
 */
export function renderUncertainty(pixels, colors, photoSize) {
  const { width, height } = pixels;
  const out = render(pixels, colors, photoSize, 0);
  const rowOfDistances = enlargedRows(colors.uncertainty, colors.content, photoSize, pixels);
  for (let y = 0; y < height; y++) {
    const distances = rowOfDistances(y);
    for (let x = 0; x < width; x++) {
      const k = 4 * (y * width + x);
      const share = (distances[x] - MIN_DISTANCE) / (MAX_DISTANCE - MIN_DISTANCE);
      const opacity = MAX_OPACITY * Math.min(Math.max(share, 0), 1);
      for (let channel = 0; channel < 3; channel++) {
        const gray = out[k + channel];
        out[k + channel] = gray + opacity * (ORANGE[channel] - gray);
      }
    }
  }
  return out;
}

/**
 * Return a function that returns a row of a plane, enlarged to its place in a copy of the photo.
 *
 * The row is 0 outside of the content; each call reuses its array.
 *
 * @param plane - what the network predicted for the content of the photo.
 * @param content - the part of the photo: {left, top, right, bottom}.
 * @param photoSize - {width, height} of the photo.
 * @param copySize - {width, height} of the copy.
 */
function enlargedRows(plane, content, photoSize, copySize) {
  const { left: x0, right: x1, top: y0, bottom: y1 } = content;
  const [left, right] = scaleRange(x0, x1, copySize.width, photoSize.width);
  const [top, bottom] = scaleRange(y0, y1, copySize.height, photoSize.height);
  const across = resizeWeights(plane.width, right - left);
  const down = resizeWeights(plane.height, bottom - top);
  const narrow = new Float32Array(plane.width);
  const row = new Float32Array(copySize.width);
  return (y) => {
    row.fill(0);
    if (y >= top && y < bottom) {
      mixRows(plane, down[y - top], narrow);
      resizeRow(narrow, across, row, left);
    }
    return row;
  };
}

/** Return a range of a photo's rows or columns in a copy that has `size` of them, not `fullSize`. */
function scaleRange(begin, end, size, fullSize) {
  const first = Math.round((begin * size) / fullSize);
  return [first, Math.max(Math.round((end * size) / fullSize), first + 1)];
}

/** Return a function that returns the lightness, 0 to 100, of a row; each call reuses its array. */
function lightnessRows({ width, data }, onWhite) {
  const values = new Float32Array(width);
  return (y) => {
    for (let x = 0; x < width; x++) {
      const k = 4 * (y * width + x);
      const alpha = onWhite ? data[k + 3] : 255;
      if (alpha === 255) {
        values[x] = lightness(data[k], data[k + 1], data[k + 2]);
      } else {
        const [red, green, blue] = [0, 1, 2].map((channel) =>
          Math.round((data[k + channel] * alpha + 255 * (255 - alpha)) / 255),
        );
        values[x] = lightness(red, green, blue);
      }
    }
    return values;
  };
}

/** Round as Python does, so that both ask the network at the same size. */
function roundHalfToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
