// Keeps a page true while it is open. The server says that something changed; the page is fetched again, and only what
// differs is put in place, so that focus, scroll, opened tables and half-filled forms stay as they are.
"use strict";

(() => {
  const regions = () => document.querySelectorAll("[data-live]");
  const note = document.getElementById("live-note");
  const main = document.getElementById("main");
  let isLost = false;
  let isWaiting = false;
  let timer = 0;

  function say(sentence) {
    if (note.textContent === sentence) return;
    note.textContent = sentence;
    note.hidden = sentence === "";
  }

  function sayPaused() {
    say(`Live updates paused; figures as known at ${main.dataset.knownAt}`);
  }

  // A form that somebody is in, or has changed, is theirs.
  function isBusy(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return false;
    const forms = node.matches("form") ? [node] : node.querySelectorAll("form");
    return Array.from(forms).some((form) => form.matches(":focus-within") || Array.from(form.elements).some(isChanged));
  }

  function isChanged(field) {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const hasDefault = Array.from(field.options).some((option) => option.defaultSelected);
      return hasDefault && Array.from(field.options).some((option) => option.selected !== option.defaultSelected);
    }
    return "defaultValue" in field && field.value !== field.defaultValue;
  }

  function isSame(old, fresh) {
    return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && (old.id || "") === (fresh.id || "");
  }

  function put(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeName === "FORM" && isBusy(old)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    putAttributes(old, fresh);
    putChildren(old, fresh);
  }

  function putAttributes(old, fresh) {
    const isKept = (name) => old.nodeName === "DETAILS" && name === "open";
    for (const { name } of Array.from(old.attributes)) {
      if (!fresh.hasAttribute(name) && !isKept(name)) old.removeAttribute(name);
    }
    for (const { name, value } of Array.from(fresh.attributes)) {
      if (old.getAttribute(name) !== value && !isKept(name)) old.setAttribute(name, value);
    }
  }

  function putChildren(old, fresh) {
    const kept = new Set(Array.from(fresh.children, (child) => child.id).filter(Boolean));
    let cursor = old.firstChild;
    for (const wanted of Array.from(fresh.childNodes)) {
      // Rows that are gone leave before the rest is compared, so that a row never becomes another patient's.
      while (cursor && cursor.id && !kept.has(cursor.id) && !isBusy(cursor)) {
        const gone = cursor;
        cursor = cursor.nextSibling;
        gone.remove();
      }
      const moved = wanted.id ? Array.from(old.children).find((child) => child.id === wanted.id) : null;
      if (moved && moved !== cursor) old.insertBefore(moved, cursor);
      const place = moved || (cursor && isSame(cursor, wanted) ? cursor : null);
      if (place) {
        put(place, wanted);
        cursor = place.nextSibling;
      } else {
        old.insertBefore(document.importNode(wanted, true), cursor);
      }
    }
    while (cursor) {
      const rest = cursor;
      cursor = cursor.nextSibling;
      if (!isBusy(rest)) rest.remove();
    }
  }

  async function refresh() {
    if (document.hidden) {
      isWaiting = true;
      return;
    }
    isWaiting = false;
    const paths = new Set(Array.from(regions(), (region) => region.dataset.live));
    try {
      for (const path of paths) await refreshFrom(path);
      if (!isLost) say("");
    } catch {
      sayPaused();
    }
  }

  async function refreshFrom(path) {
    const answer = await fetch(path, { credentials: "same-origin", headers: { "warmhand-live": "1" } });
    if (answer.redirected || answer.status === 401) {
      leave();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement;
    for (const region of regions()) {
      if (region.dataset.live !== path) continue;
      const found = fresh.getElementById(region.id);
      if (found) put(region, found);
    }
    const freshMain = fresh.getElementById("main");
    if (freshMain && freshMain.dataset.knownAt) main.dataset.knownAt = freshMain.dataset.knownAt;
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  }

  // To the door, in the place of this page: no record stays on a screen that nobody sits at, nor behind Back.
  function leave() {
    const next = document.getElementById("menu").dataset.live || "/";
    window.location.replace(`/sign-in?${new URLSearchParams({ next })}`);
  }

  function refreshSoon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, 300);
  }

  function listen() {
    const source = new EventSource("/live");
    source.addEventListener("changed", refreshSoon);
    source.addEventListener("ended", () => {
      source.close();
      leave();
    });
    source.addEventListener("open", () => {
      if (!isLost) return;
      isLost = false;
      refreshSoon();
    });
    source.addEventListener("error", () => {
      isLost = true;
      sayPaused();
      // A stream that was turned away is not tried again by the browser itself.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 30_000);
    });
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isWaiting) refresh();
  });

  // A menu of sites closes when somebody looks elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.choose[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.choose[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  const menu = document.getElementById("menu");
  const here = menu && menu.querySelector("[aria-current]");
  if (here) menu.scrollLeft = here.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;

  if (regions().length > 1 && window.location.protocol !== "file:") listen();
})();
