// One stream of events for all tabs of a browser, handed to htmx as if it were this page's own EventSource.
// A browser opens six connections to a host; a tab that held one each would leave none for the tap.

import { ticketIsNewer, nowShown } from "./ticket.js";

const root = document.documentElement;
const tag = `${root.dataset.boot} ${root.dataset.clerk} ${root.lang}`;

class SharedSource extends EventTarget {
  constructor(url) {
    super();
    this.readyState = EventSource.CONNECTING;
    this.close = () => { this.readyState = EventSource.CLOSED; };
    // htmx sets onopen and onerror after this returns, so nothing may be delivered before.
    queueMicrotask(() => connect(url, (message) => this.deliver(message)));
  }

  deliver({ type, data, id }) {
    if (this.readyState === EventSource.CLOSED) return;
    if (type === "open") {
      this.readyState = EventSource.OPEN;
      this.onopen?.(new Event("open"));
    } else if (type === "error") {
      this.readyState = EventSource.CONNECTING;
    } else {
      this.dispatchEvent(new MessageEvent(type, { data, lastEventId: id }));
    }
    line(type !== "error");
  }
}

function connect(url, deliver) {
  const address = new URL(url, location.href).href;
  if (window.SharedWorker) return byWorker(address, deliver);
  if (window.BroadcastChannel && navigator.locks) return byLeader(address, deliver);
  return byOneself(address, deliver);
}

function byWorker(address, deliver) {
  const worker = new SharedWorker(new URL("./events-worker.js", import.meta.url), "counterfoil-events");
  worker.port.onmessage = ({ data }) => deliver(data);
  const hello = () => worker.port.postMessage({ hello: address, tag });
  window.addEventListener("pagehide", () => worker.port.postMessage({ bye: true }));
  window.addEventListener("pageshow", (shown) => { if (shown.persisted) hello(); });
  hello();
}

function byLeader(address, deliver) {
  const channel = new BroadcastChannel("counterfoil-events");
  const last = new Map();
  let leading = false;
  channel.onmessage = ({ data }) => {
    if (data.type !== "hello") deliver(data);
    else if (leading) last.forEach((message) => channel.postMessage(message));
  };
  channel.postMessage({ type: "hello" });
  navigator.locks.request("counterfoil-events", () => {
    leading = true;
    byOneself(address, (message) => {
      last.set(message.type === "error" ? "open" : message.type, message);
      channel.postMessage(message);
      deliver(message);
    });
    return new Promise(() => {});  // held for as long as this tab lives
  });
}

function byOneself(address, deliver) {
  const source = new EventSource(address);
  source.onopen = () => deliver({ type: "open" });
  source.onerror = () => {
    deliver({ type: "error" });
    if (source.readyState === EventSource.CLOSED) setTimeout(() => byOneself(address, deliver), 3000);
  };
  for (const type of ["ticket", "status"]) {
    source.addEventListener(type, ({ data, lastEventId }) => deliver({ type, data, id: lastEventId }));
  }
}

let waiting = null;

// A line that is away for two seconds is said to be lost; one that comes back sooner was never missed.
function line(up) {
  const lost = document.getElementById("lost");
  if (up) {
    clearTimeout(waiting);
    waiting = null;
    lost.hidden = true;
  } else {
    waiting ??= setTimeout(() => { lost.hidden = false; }, 2000);
  }
}

htmx.createEventSource = (url) => new SharedSource(url);

document.addEventListener("htmx:sseBeforeMessage", (asked) => {
  const { type, lastEventId } = asked.detail;
  if (type === "ticket" && !ticketIsNewer(lastEventId)) asked.preventDefault();
});

document.addEventListener("htmx:beforeSwap", (asked) => {
  const key = asked.detail.xhr.getResponseHeader("X-Ticket");
  if (key && asked.detail.target.id === "ticket" && !ticketIsNewer(key)) asked.detail.shouldSwap = false;
});

document.addEventListener("htmx:sendError", () => line(false));
document.addEventListener("htmx:timeout", () => line(false));
document.addEventListener("htmx:afterSettle", nowShown);
document.addEventListener("visibilitychange", nowShown);
window.addEventListener("load", nowShown);
