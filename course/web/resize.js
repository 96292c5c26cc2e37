/**
 * Bilinear resizing of planes of numbers, with antialiasing when they become smaller.
 *
 * A target pixel is a weighted mean of source pixels under a triangle, which is as wide as two
 * target pixels, and never narrower than two source pixels: `F.interpolate(mode="bilinear",
 * antialias=True)` of PyTorch.
 */

/** A plane of numbers, row by row. */
export class Plane {
  constructor(width, height, values = new Float32Array(width * height)) {
    this.width = width;
    this.height = height;
    this.values = values;
  }
}

/**
 * Return for each target position which source positions it is made of.
 *
 * The result is a list of {first, weights}; the weights have the sum 1.
 */
export function resizeWeights(sourceSize, targetSize) {
  const scale = sourceSize / targetSize;
  const support = Math.max(scale, 1);
  return Array.from({ length: targetSize }, (_, target) => {
    const center = scale * (target + 0.5);
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), sourceSize);
    const weights = new Float64Array(end - first);
    let sum = 0;
    for (let k = 0; k < weights.length; k++) {
      weights[k] = Math.max(1 - Math.abs(first + k - center + 0.5) / support, 0);
      sum += weights[k];
    }
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Write a row of numbers, resized by `weights`, to `target` at `offset`. */
export function resizeRow(source, weights, target, offset = 0) {
  for (let x = 0; x < weights.length; x++) {
    const { first, weights: own } = weights[x];
    let sum = 0;
    for (let k = 0; k < own.length; k++) sum += own[k] * source[first + k];
    target[offset + x] = sum;
  }
}

/** Write the weighted mean of rows of a plane to `target`. */
export function mixRows(plane, { first, weights }, target) {
  target.fill(0);
  for (let k = 0; k < weights.length; k++) {
    const start = (first + k) * plane.width;
    const weight = weights[k];
    for (let x = 0; x < plane.width; x++) target[x] += weight * plane.values[start + x];
  }
}

/**
 * Resize rows that are made one after another, so that the whole plane is never in memory.
 *
 * `row(y)` returns the numbers of row y of the source.
 */
export function resizeRows(row, sourceWidth, sourceHeight, width, height) {
  const across = resizeWeights(sourceWidth, width);
  const narrow = new Plane(width, sourceHeight);
  for (let y = 0; y < sourceHeight; y++) resizeRow(row(y), across, narrow.values, y * width);
  const result = new Plane(width, height);
  const down = resizeWeights(sourceHeight, height);
  for (let y = 0; y < height; y++) {
    mixRows(narrow, down[y], result.values.subarray(y * width, (y + 1) * width));
  }
  return result;
}

/** Return a plane of another size. */
export function resize(plane, width, height) {
  const { width: w, values } = plane;
  return resizeRows((y) => values.subarray(y * w, (y + 1) * w), w, plane.height, width, height);
}

/** Return the numbers of a plane, continued by its mirror image at the right and the bottom. */
export function padByReflection(plane, width, height) {
  const inside = (position, size) => (position < size ? position : 2 * (size - 1) - position);
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = inside(y, plane.height) * plane.width;
    for (let x = 0; x < width; x++) {
      values[y * width + x] = plane.values[start + inside(x, plane.width)];
    }
  }
  return values;
}
