/**
 * The note in a file that a model chose its colours, as `colorlib.io.exif` writes it.
 *
 * EXIF data are a small TIFF file. Of the photo's own, the texts in `KEPT` are copied: who made it,
 * when, and with what.
 */

const NOTE = "colorized by a model";
const DESCRIPTION = 0x010e;
const SOFTWARE = 0x0131;
const KEPT = [DESCRIPTION, 0x010f, 0x0110, 0x0132, 0x013b, 0x8298]; // make, model, date, artist, copyright
const ASCII = 2;
const EXIF_HEADER = "Exif\0\0";

/** Return the texts of a photo's EXIF data by their tags; an empty Map if it has none. */
export function readExif(bytes) {
  try {
    const tiff = findExif(bytes);
    return tiff ? readTexts(tiff) : new Map();
  } catch {
    return new Map(); // damaged EXIF data are no reason to lose the photo
  }
}

/** Return EXIF data, as a TIFF file, with these texts, the note and the program. */
export function writeExif(texts, software) {
  const kept = new Map([...texts].filter(([tag]) => KEPT.includes(tag)));
  const description = (kept.get(DESCRIPTION) ?? "").trim();
  if (!description.includes(NOTE)) {
    kept.set(DESCRIPTION, description ? `${description}; ${NOTE}` : NOTE);
  }
  kept.set(SOFTWARE, software);
  return writeTexts([...kept].sort(([one], [other]) => one - other));
}

/** Return a PNG file with EXIF data, which stand right after its header. */
export function addExifToPng(png, exif) {
  const header = 8 + 25; // the signature, and the chunk IHDR
  const chunk = new Uint8Array(12 + exif.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, exif.length);
  chunk.set(encode("eXIf"), 4);
  chunk.set(exif, 8);
  view.setUint32(8 + exif.length, crc32(chunk.subarray(4, 8 + exif.length)));
  return new Blob([png.subarray(0, header), chunk, png.subarray(header)], { type: "image/png" });
}

/** Return the TIFF file inside a JPEG, PNG or WebP file; undefined if there is none. */
function findExif(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) === 0xffd8) {
    for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
      const end = at + 2 + view.getUint16(at + 2);
      if (bytes[at + 1] === 0xe1 && decode(bytes.subarray(at + 4, at + 10)) === EXIF_HEADER) {
        return bytes.subarray(at + 10, end);
      }
      at = end;
    }
  } else if (decode(bytes.subarray(1, 4)) === "PNG") {
    for (let at = 8; at + 8 < bytes.length; at += 12 + view.getUint32(at)) {
      if (decode(bytes.subarray(at + 4, at + 8)) === "eXIf") {
        return bytes.subarray(at + 8, at + 8 + view.getUint32(at));
      }
    }
  } else if (decode(bytes.subarray(8, 12)) === "WEBP") {
    for (let at = 12; at + 8 < bytes.length; ) {
      const size = view.getUint32(at + 4, true);
      if (decode(bytes.subarray(at, at + 4)) === "EXIF") {
        const data = bytes.subarray(at + 8, at + 8 + size);
        return decode(data.subarray(0, 6)) === EXIF_HEADER ? data.subarray(6) : data;
      }
      at += 8 + size + (size % 2);
    }
  }
  return undefined;
}

function readTexts(tiff) {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const isLittle = decode(tiff.subarray(0, 2)) === "II";
  const directory = view.getUint32(4, isLittle);
  const texts = new Map();
  for (let k = 0; k < view.getUint16(directory, isLittle); k++) {
    const entry = directory + 2 + 12 * k;
    if (view.getUint16(entry + 2, isLittle) !== ASCII) continue;
    const length = view.getUint32(entry + 4, isLittle);
    const start = length > 4 ? view.getUint32(entry + 8, isLittle) : entry + 8;
    const text = decode(tiff.subarray(start, start + length)).replace(/\0+$/, "");
    texts.set(view.getUint16(entry, isLittle), text);
  }
  return texts;
}

function writeTexts(texts) {
  const values = texts.map(([, text]) => encode(`${text}\0`));
  const directorySize = 2 + 12 * texts.length + 4;
  const size = values.reduce((sum, value) => sum + value.length + (value.length % 2), 0);
  const tiff = new Uint8Array(8 + directorySize + size);
  const view = new DataView(tiff.buffer);
  tiff.set(encode("MM\0*"));
  view.setUint32(4, 8);
  view.setUint16(8, texts.length);
  let at = 8 + directorySize;
  for (const [k, [tag]] of texts.entries()) {
    const entry = 10 + 12 * k;
    const value = values[k];
    view.setUint16(entry, tag);
    view.setUint16(entry + 2, ASCII);
    view.setUint32(entry + 4, value.length);
    if (value.length > 4) {
      view.setUint32(entry + 8, at);
      tiff.set(value, at);
      at += value.length + (value.length % 2);
    } else {
      tiff.set(value, entry + 8);
    }
  }
  return tiff;
}

/** Return the bytes of a text, one each; so texts of any encoding are copied as they were. */
function encode(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
}

function decode(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
