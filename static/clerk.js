// All tabs of a browser belong to one clerk. When one tab signs in or out, the others load themselves anew.

const clerk = document.documentElement.dataset.clerk;

if (window.BroadcastChannel) {
  const tabs = new BroadcastChannel("counterfoil-clerk");
  tabs.onmessage = ({ data }) => { if (data !== clerk) location.reload(); };
  tabs.postMessage(clerk);
}
