/**
 * Colorization of one photo, as `colorlib.colorizer.Colorizer` does it: the network sees a small
 * lightness, and its colours are enlarged and combined with the full lightness of the photo.
 */

import { findContent } from "./border.js";
import { lightness, writeRgb } from "./lab.js";
import { mixRows, Plane, resize, resizeRow, resizeRows, resizeWeights } from "./resize.js";

const MAX_ASPECT_RATIO = 4;

/**
 * Predict the colours of a photo.
 *
 * @param photo - {width, height, data}: pixels as red, green, blue and alpha in 0 to 255.
 * @param model - {settings, run}: `run` maps a plane of L in [-1, 1] to [a, b] of the same size.
 * @param onPass - called after each pass of the network, with the share that is done.
 * @returns {a, b, content}: planes in Lab units, and the part of the photo that they belong to.
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
  for (const plane of planes) {
    for (let k = 0; k < plane.values.length; k++) plane.values[k] *= scaler.ab_scale;
  }
  onPass(1);
  return { a: planes[0], b: planes[1], content };
}

/** Return width and height of what the network sees: the shorter side is `size`. */
export function networkSides(width, height, size) {
  const shorter = Math.min(width, height);
  return [width, height].map((side) => {
    const scaled = Math.max(roundHalfToEven((side * size) / shorter), size);
    return Math.min(scaled, MAX_ASPECT_RATIO * size);
  });
}

/** Return the mean of the outputs for L, and for its mirror image at three quarters of the size. */
async function average(L, model, minSize, onPass) {
  const planes = await model.run(L);
  onPass(0.6);
  const sides = [L.width, L.height].map((side) => Math.max(roundHalfToEven(0.75 * side), minSize));
  const coarse = await model.run(resize(mirror(L), ...sides));
  return planes.map((plane, channel) => {
    const upright = resize(mirror(coarse[channel]), L.width, L.height);
    const values = plane.values.map((value, k) => (value + upright.values[k]) / 2);
    return new Plane(L.width, L.height, values);
  });
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
  const [left, right] = scaleRange(
    colors.content.left,
    colors.content.right,
    width,
    photoSize.width,
  );
  const [top, bottom] = scaleRange(
    colors.content.top,
    colors.content.bottom,
    height,
    photoSize.height,
  );
  const across = resizeWeights(colors.a.width, right - left);
  const down = resizeWeights(colors.a.height, bottom - top);
  const rowOf = { a: new Float32Array(width), b: new Float32Array(width) };
  const narrow = new Float32Array(colors.a.width);
  for (let y = 0; y < height; y++) {
    for (const channel of ["a", "b"]) {
      rowOf[channel].fill(0);
      if (y < top || y >= bottom) continue;
      mixRows(colors[channel], down[y - top], narrow);
      resizeRow(narrow, across, rowOf[channel], left);
    }
    for (let x = 0; x < width; x++) {
      const k = 4 * (y * width + x);
      const L = lightness(data[k], data[k + 1], data[k + 2]);
      writeRgb(L, strength * rowOf.a[x], strength * rowOf.b[x], out, k);
      out[k + 3] = data[k + 3];
    }
  }
  return out;
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
