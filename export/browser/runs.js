// One animation at a time: the form starts it, a button stops it, and its replay ends with the next.

import { form } from "./choices.js";
import { Replay, clearPanels, setRunning } from "./panels.js";
import { PlainError, byId, showError } from "./parts.js";

let running = null; // The AbortController of the animation that is being made.
export let replay = null;

// `animate(signal)` makes one; `explain(error)` puts what its user cannot mend in words.
export function animateOnSubmit(animate, explain) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    clear();
    running = new AbortController();
    setRunning(true);
    try {
      await animate(running.signal);
    } catch (error) {
      if (error.name === "AbortError") byId("status").textContent = "Stopped.";
      else showFailure(error, explain);
    }
    running = null;
    setRunning(false);
  });
  byId("cancel").addEventListener("click", () => running?.abort());
}

export function startReplay(kept) {
  replay = new Replay(kept);
  byId("download").hidden = false;
}

export function showFailure(error, explain) {
  const plain = error instanceof PlainError;
  if (!plain) console.error(error);
  byId("status").textContent = "";
  showError(plain ? error.message : explain(error));
}

function clear() {
  if (replay) replay.ended = true;
  replay = null;
  byId("download").hidden = true;
  byId("error").hidden = true;
  clearPanels();
}
