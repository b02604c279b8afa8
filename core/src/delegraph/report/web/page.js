"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const repainted = [];  // called when the theme changes

function add(to, tag, text, attributes = {}) {
  const element = to.appendChild(document.createElement(tag));
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function repaint() { for (const paint of repainted) paint(); }

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = color("color-scheme") === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  repaint();
});
