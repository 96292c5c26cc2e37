/**
 * Conversion between sRGB and CIE Lab, and the gamut of sRGB, for single colours.
 *
 * The same steps and constants as `colorlib.cie` and `colorlib.color`, in JavaScript's 64-bit
 * numbers; tests compare both. White point D65, 2-degree observer.
 */

const WHITE = [0.95047, 1, 1.08883];
const GAMUT_EPS = 1e-4;
const L_TOLERANCE = 0.3;
const AB_TOLERANCE = 1.5;
const BISECTION_STEPS = 14;

/** Proportional to light, in 0 to 1, for each of the 256 values of an sRGB channel. */
const LINEAR = Float64Array.from({ length: 256 }, (_, value) => {
  const srgb = value / 255;
  return srgb > 0.04045 ? ((srgb + 0.055) / 1.055) ** 2.4 : srgb / 12.92;
});

// A table is ten times as fast as the power. Near black, where the curve is steepest, one of its
// steps is a twentieth of a step of the result.
const TABLE_STEPS = 65535;
const SRGB = Uint8Array.from({ length: TABLE_STEPS + 1 }, (_, step) => {
  const linear = step / TABLE_STEPS;
  const srgb = linear > 0.0031308 ? 1.055 * linear ** (1 / 2.4) - 0.055 : 12.92 * linear;
  return Math.round(255 * srgb);
});

function labF(t) {
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
}

function labFInverse(f) {
  return f > 0.2068966 ? f * f * f : (f - 16 / 116) / 7.787;
}

/** Return CIE lightness, 0 to 100, of red, green and blue in 0 to 255. */
export function lightness(red, green, blue) {
  const y = 0.212671 * LINEAR[red] + 0.71516 * LINEAR[green] + 0.072169 * LINEAR[blue];
  return 116 * labF(y) - 16;
}

/** Return [L, a, b] of red, green and blue in 0 to 255. */
export function rgbToLab(red, green, blue) {
  return linearToLab([LINEAR[red], LINEAR[green], LINEAR[blue]]);
}

function linearToLab([r, g, b]) {
  const fx = labF((0.412453 * r + 0.35758 * g + 0.180423 * b) / WHITE[0]);
  const fy = labF((0.212671 * r + 0.71516 * g + 0.072169 * b) / WHITE[1]);
  const fz = labF((0.019334 * r + 0.119193 * g + 0.950227 * b) / WHITE[2]);
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

function labToLinear(L, a, b) {
  const fy = (L + 16) / 116;
  const x = WHITE[0] * labFInverse(fy + a / 500);
  const y = WHITE[1] * labFInverse(fy);
  const z = WHITE[2] * labFInverse(fy - b / 200);
  return [
    3.2404813432005266 * x - 1.5371515162713185 * y - 0.4985363261688878 * z,
    -0.9692549499965682 * x + 1.8759900014898907 * y + 0.04155592655829284 * z,
    0.05564663913517715 * x - 0.20404133836651123 * y + 1.0573110696453443 * z,
  ];
}

function isInside(linear) {
  return linear.every((value) => value >= -GAMUT_EPS && value <= 1 + GAMUT_EPS);
}

function clip(linear) {
  return linear.map((value) => Math.min(Math.max(value, 0), 1));
}

/** Return whether clipping red, green and blue hardly moves a Lab colour. */
function isNearlyInside(L, a, b) {
  const [L2, a2, b2] = linearToLab(clip(labToLinear(L, a, b)));
  return Math.abs(L2 - L) <= L_TOLERANCE && Math.hypot(a2 - a, b2 - b) <= AB_TOLERANCE;
}

/** Return whether sRGB can show a Lab colour. */
export function inGamut(L, a, b) {
  return isInside(labToLinear(L, a, b));
}

/**
 * Return the share of its chroma that a Lab colour may keep to be in sRGB: 1 for a colour inside.
 *
 * Lightness and hue stay. The line from the colour to the gray of its lightness is bisected.
 */
export function chromaScale(L, a, b) {
  if (inGamut(L, a, b)) return 1;
  let scale = 0;
  for (let step = 1; step <= BISECTION_STEPS; step++) {
    const middle = scale + 0.5 ** step;
    if (isNearlyInside(L, a * middle, b * middle)) scale = middle;
  }
  return scale;
}

/** Write red, green and blue in 0 to 255 of a Lab colour to `out` at `offset`, by its chroma. */
export function writeRgb(L, a, b, out, offset) {
  let linear = labToLinear(L, a, b);
  if (!isInside(linear)) {
    const scale = chromaScale(L, a, b);
    linear = labToLinear(L, a * scale, b * scale);
  }
  for (let k = 0; k < 3; k++) {
    const value = Math.min(Math.max(linear[k], 0), 1);
    out[offset + k] = SRGB[Math.round(value * TABLE_STEPS)];
  }
}

/** Return [red, green, blue] in 0 to 255 of a Lab colour. */
export function labToRgb(L, a, b) {
  const rgb = [0, 0, 0];
  writeRgb(L, a, b, rgb, 0);
  return rgb;
}
