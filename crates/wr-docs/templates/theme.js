// Before the page is painted, so that it never flashes in the other theme.
(() => {
  "use strict";
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {
    // A browser may forbid storage; the system's theme holds then.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
