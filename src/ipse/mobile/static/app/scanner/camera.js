// The camera: frames go to the browser's own QR detector where there is one, else to a worker of ours.

/** @typedef {{ detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]> }} NativeDetector */
/** @typedef {{ torch: ((on: boolean) => Promise<void>) | null }} Camera */

/** A QR of 40 modules is still 8 pixels a module at this size; larger pictures only cost time. */
const LONGEST_SIDE = 960;
const PAUSE = 80;

/**
 * Opens the camera on the back and reads QR codes until `signal` aborts.
 * @param {{ video: HTMLVideoElement, signal: AbortSignal, found: (content: string) => void }} wish
 * @returns {Promise<Camera>} once the picture runs
 * @throws {DOMException} `NotAllowedError` when the person or the browser refuses, `NotFoundError` without a camera
 */
export async function openCamera({ video, signal, found }) {
  if (navigator.mediaDevices === undefined) throw new DOMException("no camera in this browser", "NotFoundError");
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  const close = () => stream.getTracks().forEach((track) => track.stop());
  if (signal.aborted) {
    close();
    return { torch: null };
  }
  signal.addEventListener("abort", close);
  video.srcObject = stream;
  await video.play();
  const reader = (await nativeReader()) ?? workerReader(signal);
  void readOn({ video, signal, found, reader });
  return { torch: torchOf(stream) };
}

/** @typedef {(video: HTMLVideoElement) => Promise<string | null>} Reader */

/**
 * @param {{ video: HTMLVideoElement, signal: AbortSignal, found: (content: string) => void, reader: Reader }} what
 */
async function readOn({ video, signal, found, reader }) {
  while (!signal.aborted) {
    const content =
      video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? await reader(video).catch(() => null) : null;
    if (signal.aborted) return;
    if (content !== null) found(content);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/**
 * The browser's own detector, where it exists and knows QR codes.
 * @returns {Promise<Reader | null>}
 */
async function nativeReader() {
  const Detector = /** @type {any} */ (globalThis).BarcodeDetector;
  if (Detector === undefined) return null;
  const formats = await Detector.getSupportedFormats().catch(() => []);
  if (!formats.includes("qr_code")) return null;
  const detector = /** @type {NativeDetector} */ (new Detector({ formats: ["qr_code"] }));
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
}

/**
 * @param {AbortSignal} signal
 * @returns {Reader}
 */
function workerReader(signal) {
  const worker = new Worker("/scanner/reader.js", { type: "module" });
  signal.addEventListener("abort", () => worker.terminate());
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const { videoWidth: width, videoHeight: height } = video;
    if (context === null || width === 0) return null;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data: content }) => resolve(content);
      worker.onerror = () => reject(new TypeError("the reader stopped"));
      worker.postMessage({ width: canvas.width, height: canvas.height, data }, [data.buffer]);
    });
  };
}

/**
 * @param {MediaStream} stream
 * @returns {((on: boolean) => Promise<void>) | null}
 */
function torchOf(stream) {
  const track = stream.getVideoTracks()[0];
  const capabilities = /** @type {Record<string, unknown> | undefined} */ (track?.getCapabilities?.());
  if (track === undefined || capabilities?.["torch"] !== true) return null;
  return (on) => track.applyConstraints({ advanced: [/** @type {MediaTrackConstraintSet} */ ({ torch: on })] });
}
