/** Detection of a print's plain border, as `colorlib.inference.border` does it. */

const MAX_STD = 1.5;
const BLACK = 15;
const WHITE = 80;
const MIN_BORDER = 0.01;

/** Mean and deviation of many numbers, without keeping them. */
class Moments {
  count = 0;
  mean = 0;
  squares = 0;

  add(value) {
    this.count += 1;
    const change = value - this.mean;
    this.mean += change / this.count;
    this.squares += change * (value - this.mean);
  }

  get isBorder() {
    const isFlat = Math.sqrt(this.squares / this.count) < MAX_STD;
    return isFlat && (this.mean < BLACK || this.mean > WHITE);
  }
}

/**
 * Return the part of a picture inside a plain black or white border: {left, top, right, bottom}.
 *
 * `row(y)` returns lightness, 0 to 100, of row y. Only what runs along all four sides is a border.
 */
export function findContent(row, width, height) {
  const everything = { left: 0, top: 0, right: width, bottom: height };
  const rows = Array.from({ length: height }, (_, y) => momentsOf(row(y)));
  const [top, bottom] = contentRange(rows);
  if (bottom === 0 || top < MIN_BORDER * height || height - bottom < MIN_BORDER * height) {
    return everything;
  }
  const columns = Array.from({ length: width }, () => new Moments());
  for (let y = top; y < bottom; y++) {
    const values = row(y);
    for (let x = 0; x < width; x++) columns[x].add(values[x]);
  }
  const [left, right] = contentRange(columns);
  if (right === 0 || left < MIN_BORDER * width || width - right < MIN_BORDER * width) {
    return everything;
  }
  return { left, top, right, bottom };
}

function momentsOf(values) {
  const moments = new Moments();
  for (const value of values) moments.add(value);
  return moments;
}

/** Return the first line that is no border and the one after the last; 0 and 0 if all are. */
function contentRange(lines) {
  const isContent = lines.map((line) => !line.isBorder);
  return [Math.max(isContent.indexOf(true), 0), isContent.lastIndexOf(true) + 1];
}
