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

// Libraries run where they stand, in their order; what needs them waits for this.
async function unpack() {
  for (const packed of document.querySelectorAll("script.packed")) {
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    packed.replaceWith(script);
  }
}

const unpacked = unpack();
unpacked.catch((error) => add(document.querySelector("section"), "p", `This browser cannot draw: ${error}`, { class: "bad" }));

function repaint() { for (const paint of repainted) paint(); }

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = color("color-scheme") === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  repaint();
});
