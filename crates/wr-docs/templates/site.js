// The search, the switch of themes, and the choice of two versions. Without it, everything can be
// read all the same.
(() => {
  "use strict";
  const root = document.body.dataset.root;

  // The theme: the system's, until the switch says otherwise.
  const html = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const isDark = () => (html.dataset.theme ? html.dataset.theme === "dark" : dark.matches);
  const shown = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    html.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", html.dataset.theme);
    } catch {
      // It holds for this page, then.
    }
    shown();
  });
  dark.addEventListener("change", shown);
  shown();

  // The search.
  const input = document.getElementById("search");
  const list = document.getElementById("results");
  const found = document.getElementById("found");
  const MOST = 12;
  let hits = [];
  let chosen = -1;

  /** How well an entry answers a word; 0 is not at all. */
  const rank = (entry, word) => {
    const name = entry.t.toLowerCase();
    if (name === word) return 100;
    if (name.startsWith(word)) return 80;
    if (name.split(/[._-]/).some((part) => part.startsWith(word))) return 70;
    if (name.includes(word)) return 60;
    if (entry.w.some((other) => other.toLowerCase().split(/[.[\]{}]/).includes(word))) return 50;
    if (entry.w.some((other) => other.toLowerCase().includes(word))) return 40;
    if (word.includes(".") && entry.s.some((subject) => subject.includes(word))) return 30;
    return entry.d.toLowerCase().includes(word) ? 20 : 0;
  };
  // Of two that answer alike, an event is rather meant than a rule.
  const KINDS = ["event", "service", "stream", "consumer", "page", "rule"];

  const search = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const ranked = [];
    window.searchIndex.forEach((entry, at) => {
      const ranks = words.map((word) => rank(entry, word));
      if (ranks.includes(0)) return;
      const sum = ranks.reduce((a, b) => a + b, 0);
      ranked.push({ entry, at, sum, kind: KINDS.indexOf(entry.k), words });
    });
    ranked.sort((a, b) => b.sum - a.sum || a.kind - b.kind || a.at - b.at);
    return ranked.slice(0, MOST);
  };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  };

  /** Why an entry is among the results, where its name does not say it. */
  const why = ({ entry, words }) => {
    const name = entry.t.toLowerCase();
    const word = words.find((word) => !name.includes(word));
    return (word && entry.w.find((other) => other.toLowerCase().includes(word))) || "";
  };

  const close = () => {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (at) => {
    chosen = at;
    [...list.children].forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === at));
      if (index === at) option.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) input.setAttribute("aria-activedescendant", `result-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };

  const show = () => {
    const text = input.value.trim();
    if (!text) {
      found.textContent = "";
      return close();
    }
    hits = search(text);
    list.replaceChildren(
      ...hits.map((hit, at) => {
        const option = element("a", "result", "");
        option.id = `result-${at}`;
        option.href = root + hit.entry.u;
        option.tabIndex = -1;
        option.setAttribute("role", "option");
        const reason = why(hit);
        option.append(element("span", "kind", hit.entry.k), element("span", "title", hit.entry.t));
        if (reason) option.append(element("span", "reason", reason));
        option.append(element("span", "about", hit.entry.d));
        return option;
      }),
    );
    if (hits.length === 0) {
      const none = element("div", "nothing", `Nothing is called “${text}”.`);
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      list.append(none);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    found.textContent = hits.length === 1 ? "1 result" : `${hits.length} results`;
    choose(hits.length ? 0 : -1);
  };

  input.addEventListener("input", show);
  input.addEventListener("focus", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (list.hidden) input.value = "";
      close();
      event.preventDefault();
    } else if (list.hidden || hits.length === 0) {
      return;
    } else if (event.key === "ArrowDown") {
      choose((chosen + 1) % hits.length);
      event.preventDefault();
    } else if (event.key === "ArrowUp") {
      choose((chosen + hits.length - 1) % hits.length);
      event.preventDefault();
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      const option = list.children[chosen];
      close();
      input.blur();
      option.click();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search") || event.target.closest(".result")) close();
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest(".search")) close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  // Two versions: every pair is in the page, and one of them is shown.
  for (const form of document.querySelectorAll("[data-choose]")) {
    const from = form.querySelector("[data-from]");
    const to = form.querySelector("[data-to]");
    const note = form.querySelector("[data-note]");
    const pairs = [...document.querySelectorAll("section.pair")];
    const select = () => {
      const is = (pair, old, fresh) => pair.dataset.old === old && pair.dataset.new === fresh;
      const straight = pairs.find((pair) => is(pair, from.value, to.value));
      const turned = pairs.find((pair) => is(pair, to.value, from.value));
      const shown = straight || turned;
      for (const pair of pairs) pair.hidden = pair !== shown;
      if (!shown) note.textContent = `${from.value} is ${to.value}: choose two versions.`;
      else if (turned) note.textContent = `${to.value} is the older one: read from there.`;
      else note.textContent = "";
    };
    const addressed = () => {
      const target = pairs.find((pair) => `#${pair.id}` === location.hash);
      if (!target) return;
      from.value = target.dataset.old;
      to.value = target.dataset.new;
      select();
      target.scrollIntoView();
    };
    form.hidden = false;
    form.addEventListener("change", select);
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", addressed);
    select();
    addressed();
  }
})();
