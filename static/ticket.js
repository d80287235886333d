// What the page knows of the ticket that it shows. Its key is "boot.version".

export const ticket = () => document.getElementById("ticket");

const parts = (key) => {
  const [boot, version] = key.split(".");
  return { boot, version: Number(version) };
};

// Whether `key` names a later ticket than the one shown. Another boot means a program that was started anew.
export function ticketIsNewer(key) {
  const shown = parts(ticket().dataset.key);
  const come = parts(key);
  if (come.boot === shown.boot) return come.version > shown.version;
  location.reload();
  return false;
}

// "Hand it over" counts as seen once it stands on a page that somebody can look at.
export function nowShown() {
  const unseen = document.getElementById("seen");
  if (unseen && document.visibilityState === "visible") {
    htmx.process(unseen);  // it may have come just now, while something else settled: then htmx does not know it yet
    htmx.trigger(unseen, "shown");
    unseen.removeAttribute("id");
  }
}
