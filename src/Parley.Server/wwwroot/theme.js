"use strict";
// Before the first paint, so that a dark page never flashes white. The rest of the settings can wait for the modules.
try {
  const theme = JSON.parse(localStorage.getItem("parley.settings") ?? "{}").theme;
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed to us or holds something else: the system's choice stands.
}
