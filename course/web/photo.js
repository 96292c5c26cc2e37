/** Decoding of a photo by the browser, and one clear sentence for a file that is not one. */

const MAX_PIXELS = 64e6; // 16 times as many bytes are in memory while such a photo is saved
const JPEG_START_OF_SCAN = 0xda;

/** An error whose message is a sentence for the reader. */
export class PhotoError extends Error {}

/**
 * Decode a photo, upright and in sRGB.
 *
 * @param file - a File or Blob.
 * @param name - what messages call it.
 * @returns {bitmap, bytes}: an ImageBitmap, and the bytes of the file.
 */
export async function decodePhoto(file, name) {
  if (file.size === 0) {
    throw new PhotoError(`${name} is empty (0 bytes): choose another file, or copy it again.`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const format = formatOf(bytes);
  if (format === "JPEG" && isTruncatedJpeg(bytes)) {
    throw new PhotoError(`${name} is damaged: the end of the JPEG file is missing. Copy it again.`);
  }
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, {
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new PhotoError(reasonFor(format, name));
  }
  if (bitmap.width * bitmap.height > MAX_PIXELS) {
    const millions = Math.round((bitmap.width * bitmap.height) / 1e6);
    bitmap.close();
    throw new PhotoError(
      `${name} has ${millions} million pixels, and this page takes at most ${MAX_PIXELS / 1e6} ` +
        "million: make it smaller first.",
    );
  }
  return { bitmap, bytes };
}

/** Return the pixels of a bitmap at a size: {width, height, data}, RGBA in 0 to 255. */
export function readPixels(bitmap, width = bitmap.width, height = bitmap.height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (context === null) {
    throw new PhotoError(
      `This browser has too little memory for ${width} x ${height} pixels: make the photo smaller ` +
        "first.",
    );
  }
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Return what kind of file this is, by its first bytes; "" if it is none that people take for a photo. */
function formatOf(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, 16));
  if (text.startsWith("\xff\xd8")) return "JPEG";
  if (text.startsWith("\x89PNG")) return "PNG";
  if (text.startsWith("GIF8")) return "GIF";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "WebP";
  if (text.slice(4, 8) === "ftyp") {
    const brand = text.slice(8, 12);
    if (/^(hei|hev|mif1|msf1)/.test(brand)) return "HEIC";
    if (/^avi[fs]/.test(brand)) return "AVIF";
    if (brand === "crx ") return "camera raw";
    return "video";
  }
  if (text.startsWith("II*\0") || text.startsWith("MM\0*")) return "TIFF";
  if (text.startsWith("%PDF")) return "PDF";
  return "";
}

function reasonFor(format, name) {
  if (format === "HEIC") {
    return `${name} is a HEIC photo, which this browser cannot read: save it as JPEG first. On an iPhone, Settings > Camera > Formats > Most Compatible makes JPEG.`;
  }
  if (["TIFF", "camera raw"].includes(format)) {
    return `${name} is a ${format} file, which this browser cannot read: save it as JPEG or PNG first.`;
  }
  if (["video", "PDF"].includes(format)) {
    return `${name} is a ${format} file and not a photo: choose a JPEG, PNG or WebP file.`;
  }
  if (format) return `${name} is a damaged ${format} file: copy it again, or choose another one.`;
  return `${name} is not a photo that this browser knows: choose a JPEG, PNG or WebP file.`;
}

/** Return whether a JPEG file stops before the marker of its end, which follows the pixels. */
function isTruncatedJpeg(bytes) {
  let at = 2;
  while (at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== JPEG_START_OF_SCAN) {
    at += 2 + 256 * bytes[at + 2] + bytes[at + 3];
  }
  for (let k = bytes.length - 2; k > at; k--) {
    if (bytes[k] === 0xff && bytes[k + 1] === 0xd9) return false;
  }
  return true;
}
