// Holds the one EventSource of a browser and tells every tab. See events.js.

const ports = new Set();
const last = new Map();
let source = null;
let tag = "";

function tell(message) {
  last.set(message.type === "error" ? "open" : message.type, message);
  for (const port of ports) port.postMessage(message);
}

function open(address) {
  source?.close();
  source = new EventSource(address);
  const own = source;
  source.onopen = () => tell({ type: "open" });
  source.onerror = () => {
    tell({ type: "error" });
    if (own.readyState === EventSource.CLOSED && own === source) {
      setTimeout(() => { if (own === source) open(address); }, 3000);
    }
  };
  for (const type of ["ticket", "status"]) {
    source.addEventListener(type, ({ data, lastEventId }) => tell({ type, data, id: lastEventId }));
  }
}

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.bye) {
      ports.delete(port);
      if (ports.size === 0) {
        source?.close();
        source = null;
        last.clear();
      }
      return;
    }
    ports.add(port);
    if (source && data.tag === tag) {
      last.forEach((message) => port.postMessage(message));
      return;
    }
    tag = data.tag;  // another clerk or language, or a program that was started anew: the stream has to be asked for again
    last.clear();
    open(data.hello);
  };
};
