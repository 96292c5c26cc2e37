/**
 * Loading of the page's own files: models, ONNX Runtime, sample photos.
 *
 * A page from a web server fetches them. A page that was opened from the disk may not: there, each
 * file has a twin in `offline/`, a script that holds the same bytes as base64.
 */

const FOLDER = "colour/";

/** Whether the page was opened from the disk, without a server. */
export const isOffline = location.protocol === "file:";

/**
 * Return the bytes of a file of the page, unpacked if it is a gzip file.
 *
 * @param name - the path below the page's folder.
 * @param onBytes - called with the number of bytes that have arrived, again and again.
 */
export async function loadFile(name, onBytes = () => {}) {
  const bytes = isOffline ? await loadTwin(name) : await fetchFile(name, onBytes);
  onBytes(bytes.length);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b; // some servers unpack it themselves
  if (!isGzip) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

async function fetchFile(name, onBytes) {
  const response = await fetch(FOLDER + name);
  if (!response.ok) {
    throw new Error(`The file ${name} could not be loaded (${response.status}): reload the page.`);
  }
  const parts = [];
  let length = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    onBytes(length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function loadTwin(name) {
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${FOLDER}offline/${name}.js`;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`The file ${name} is missing next to this page.`));
    document.head.append(script);
  });
  const text = atob(globalThis.colourFiles[name]);
  delete globalThis.colourFiles[name];
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Start the worker of the page. */
export async function startWorker() {
  if (!isOffline) return new Worker(`${FOLDER}worker.js`);
  const code = new Blob([await loadFile("worker.js")], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(code));
}
