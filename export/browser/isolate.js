// A service worker that adds the headers with which browsers let WebAssembly use threads, since few
// web servers send them.

const ISOLATION = {
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => event.respondWith(isolated(event.request)));

async function isolated(request) {
  const { body, status, statusText, headers } = await fetch(request);
  const more = new Headers(headers);
  for (const [name, value] of Object.entries(ISOLATION)) more.set(name, value);
  return new Response(body, { status, statusText, headers: more });
}
