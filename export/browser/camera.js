// A camera, as squares of the size that the model takes.

import { brush } from "./panels.js";
import { PlainError, byId, element } from "./parts.js";

const WANTED = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
const REASONS = {
  NotAllowedError: "the browser does not let this page see the camera; allow it beside the address",
  NotFoundError: "no camera was found; plug one in, then try again",
  OverconstrainedError: "that camera is not there any more; choose another one",
  NotReadableError: "another program uses the camera; close it, then try again",
};

export class Camera {
  // Asks for the chosen camera, or for the one that faces the user.
  static async open() {
    if (!navigator.mediaDevices) {
      throw new PlainError(
        "browsers give the camera only to pages over HTTPS or of localhost; open this page so",
      );
    }
    const id = byId("cameras").value;
    const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
    let camera;
    try {
      const wanted = { video: { ...WANTED, ...which } };
      camera = new Camera(await navigator.mediaDevices.getUserMedia(wanted));
      await Promise.all([camera.video.play(), listCameras(camera.track)]);
      return camera;
    } catch (error) {
      camera?.stop();
      throw new PlainError(REASONS[error.name] ?? `the camera does not start: ${error.message}`);
    }
  }

  constructor(stream) {
    this.stream = stream;
    [this.track] = stream.getVideoTracks();
    this.video = element("video", { srcObject: stream, muted: true, playsInline: true });
    this.unplugged = false;
    this.track.addEventListener("ended", () => {
      this.unplugged = true;
      this.wake?.(false);
    });
  }

  // Waits until there is a frame that was not seen before; false once the camera is unplugged.
  next() {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (this.unplugged) resolve(false);
      this.video.requestVideoFrameCallback(() => resolve(true));
    });
  }

  // Paints the newest frame as the square that fills a canvas.
  paint(canvas, mirrored, fit) {
    paintSquare(canvas, this.video, this.video.videoWidth, this.video.videoHeight, fit, mirrored);
  }

  stop() {
    this.track.stop();
    this.video.srcObject = null;
  }
}

// Paints a picture as a square: cut to its centre, or filled up with black.
export function paintSquare(canvas, picture, width, height, fit, mirrored = false) {
  const context = brush(canvas);
  const side = canvas.width;
  const scale = side / (fit === "pad" ? Math.max(width, height) : Math.min(width, height));
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillRect(0, 0, side, side);
  if (mirrored) context.setTransform(-1, 0, 0, 1, side, 0);
  context.imageSmoothingQuality = "high";
  const [w, h] = [width * scale, height * scale];
  context.drawImage(picture, (side - w) / 2, (side - h) / 2, w, h);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

// Browsers tell the names of cameras once one may be used.
async function listCameras(used) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === "videoinput");
  const select = byId("cameras");
  select.replaceChildren(
    ...cameras.map(({ deviceId, label }, index) =>
      element("option", { value: deviceId, textContent: label || `Camera ${index + 1}` })),
  );
  select.value = used.getSettings().deviceId ?? "";
  byId("form").dispatchEvent(new Event("change"));
}
