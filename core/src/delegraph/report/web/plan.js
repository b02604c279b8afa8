"use strict";
// The graph: places come with the data, in layers; here layers are folded into columns that fill the window.

const WIDTH = 190, HEIGHT = 30, ROW = 58, GUTTER = 40;
const MANY = 800;  // boxes and edges: more are moved as a picture, and drawn anew when they stand still
const byId = (id) => document.getElementById(id);
const box = byId("graph"), panel = byId("panel"), tip = byId("tip"), status = byId("status");
let thickness = 1.4;  // of edges: far away, they are still to be seen
let shown = 0;  // place of the subgraph in data.graphs
let cy = null;
let picked = null;  // id of the op whose details are shown
let marked = null;  // a set of ids that stand out; null: all are alike
const isLarge = () => cy.elements().length > MANY;

// Return a function that runs once calls have stopped for a moment: what costs more than a frame.
function rested(work) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(work, 150); };
}

// Places ----------------------------------------------------------------------------------------------------

function bands(graph, columns) {
  const rows = Math.max(1, Math.ceil(graph.rows / columns));
  const found = [];
  for (let top = 0; top < graph.rows; top += rows) found.push({ top, low: Infinity, high: -Infinity });
  const reach = (layer, x, half) => {
    const band = found[Math.floor(layer / rows)];
    band.low = Math.min(band.low, x - half);
    band.high = Math.max(band.high, x + half);
  };
  for (const node of graph.nodes) reach(node.layer, node.x, WIDTH / 2);
  for (const edge of graph.edges) for (const [layer, x] of edge.bends) reach(layer, x, 5);
  let left = 0;
  for (const band of found) {
    if (band.low > band.high) band.low = band.high = 0;
    band.left = left;
    left += band.high - band.low + GUTTER;
  }
  return { found, rows, width: Math.max(left - GUTTER, 1), height: rows * ROW };
}

function folded(graph) {
  const room = { width: Math.max(box.clientWidth, 50), height: Math.max(box.clientHeight, 50) };
  let best = null;
  for (let columns = 1; columns <= Math.min(graph.rows, 60); columns++) {
    const place = bands(graph, columns);
    const scale = Math.min(room.width / (place.width + 30), room.height / (place.height + 30), 1.4);
    if (best === null || scale > best.scale * 1.02) best = { ...place, scale };
  }
  return best;
}

function at(place, layer, x) {
  const band = place.found[Math.floor(layer / place.rows)];
  return { x: band.left + x - band.low, y: (layer % place.rows) * ROW };
}

// The corners of an edge: straight through each layer that it passes, around the end of a column.
function corners(place, from, to, bends, lane) {
  const points = [[from.layer, from.x], ...bends, [to.layer, to.x]];
  const found = [];
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, ax] = points[i], [b, bx] = points[i + 1];
    const x = (layer) => ax + ((bx - ax) * (layer - a)) / (b - a);
    if (i > 0) pass(found, at(place, a, ax));
    for (let turn = (Math.floor(a / place.rows) + 1) * place.rows; turn <= b; turn += place.rows) {
      const end = at(place, turn - 1, x(turn - 1)), start = at(place, turn, x(turn));
      const shift = (lane % 7) * 3;
      const gutter = place.found[turn / place.rows].left - GUTTER + 8 + shift;
      if (turn - 1 > a) pass(found, end);
      found.push({ x: end.x, y: end.y + 20 + shift / 2 }, { x: gutter, y: end.y + 20 + shift / 2 });
      found.push({ x: gutter, y: start.y - 20 - shift / 2 }, { x: start.x, y: start.y - 20 - shift / 2 });
      if (turn < b) pass(found, start);
    }
  }
  return found;
}

function pass(found, point) {
  found.push({ x: point.x, y: point.y - HEIGHT / 2 }, { x: point.x, y: point.y + HEIGHT / 2 });
}

function segments(a, b, points) {
  const dx = b.x - a.x, dy = b.y - a.y, length = Math.hypot(dx, dy) || 1;
  return {
    weights: points.map((p) => ((p.x - a.x) * dx + (p.y - a.y) * dy) / (length * length)),
    distances: points.map((p) => ((p.y - a.y) * dx - (p.x - a.x) * dy) / length),
  };
}

function elements(graph) {
  const place = folded(graph);
  thickness = Math.min(Math.max(1.4, 0.7 / place.scale), 3);
  const places = graph.nodes.map((n) => at(place, n.layer, n.x));
  const nodes = graph.nodes.map((n, i) => ({
    data: { id: `n${i}`, label: n.label, color: n.who === null ? color("--page") : data.who[n.who].color },
    classes: [n.kind, n.refused ? "refused" : ""].join(" "),
    position: places[i], grabbable: false, pannable: true,
  }));
  const edges = graph.edges.map((e, i) => {
    const points = corners(place, graph.nodes[e.from], graph.nodes[e.to], e.bends, i);
    const part = segments(places[e.from], places[e.to], points);
    const id = { id: `e${i}`, source: `n${e.from}`, target: `n${e.to}` };
    return { data: { ...id, ...part }, classes: points.length ? "bent" : "" };
  });
  return [...nodes, ...edges];
}

function sheet() {
  const text = "#14181d";
  return [
    { selector: "node", style: {
      shape: "round-rectangle", width: WIDTH, height: HEIGHT, label: "data(label)", "font-size": 12, color: text, "text-wrap": "ellipsis", "text-max-width": WIDTH - 8,
      "text-valign": "center", "text-halign": "center", "background-color": "data(color)", "border-width": 1,
      "border-color": color("--node-line"), "min-zoomed-font-size": 5, "font-family": "system-ui, sans-serif" } },
    { selector: "node.tensor", style: {
      "background-color": color("--panel"), color: color("--text"), "border-style": "dashed" } },
    { selector: "node.stub", style: { "border-width": 0, "font-style": "italic" } },
    { selector: "node.refused", style: { "border-width": 2, "border-style": "dashed" } },
    { selector: "edge", style: {
      width: thickness, "line-color": color("--edge"), "target-arrow-color": color("--edge"), "target-arrow-shape": "triangle",
      "arrow-scale": 0.7, "curve-style": "straight", "source-endpoint": `0px ${HEIGHT / 2}px`,
      "target-endpoint": `0px ${-HEIGHT / 2}px` } },
    { selector: "edge.bent", style: {
      "curve-style": "segments", "edge-distances": "node-position",
      "segment-weights": "data(weights)", "segment-distances": "data(distances)" } },
    { selector: "edge.deaf", style: { events: "no", "target-arrow-shape": "none" } },
    { selector: ".faint", style: { opacity: 0.15 } },
    { selector: "edge.near, edge.pointed", style: {
      width: thickness + 1.6, "line-color": color("--focus"), "target-arrow-color": color("--focus"), "z-index": 9 } },
    { selector: "node.picked", style: { "border-width": 4, "border-style": "solid", "border-color": color("--focus") } },
  ];
}

// Details ---------------------------------------------------------------------------------------------------

const graph = () => data.graphs[shown];
const named = (g, tensor) => (tensor === null ? "absent" : g.tensors[tensor]);
const refusals = (op) => (op?.refusals ?? []).map(([label, why]) => [label, why.map((i) => data.reasons[i])]);

function list(head, lines, fill = (li, line) => { li.textContent = line; }) {
  if (!lines.length) return;
  add(panel, "h3", head);
  const ul = add(panel, "ul", "");
  for (const line of lines) fill(add(ul, "li", ""), line);
}

function operands(head, edges, other) {
  list(head, edges, (li, edge) => {
    li.append(edge.text);
    if (edge.node === undefined || graph().nodes[edge.node].op === undefined) return;
    li.append(" ");
    add(li, "button", `${other} ${graph().nodes[edge.node].label}`).addEventListener("click", () => pick(edge.node));
  });
}

function details(index) {
  const node = graph().nodes[index], op = node.op;
  panel.textContent = "";
  add(panel, "h2", op ? op.title : `${node.role} ${node.text}`);
  if (!op) return;
  add(panel, "p", `Runs on ${op.runs}`);
  for (const [label, reasons] of refusals(op)) list(`${label} does not take it`, reasons);
  list("Types", [op.types]);
  const into = new Map(graph().edges.filter((e) => e.to === index).map((e) => [e.tensor, e.of]));
  const out = graph().edges.filter((e) => e.of === index);
  operands("Inputs", op.inputs.map((t) => ({ text: named(graph(), t), node: into.get(t) })), "from");
  operands("Outputs", op.outputs.map((t) => ({ text: named(graph(), t), node: out.find((e) => e.tensor === t)?.to })), "to");
}

function pick(index, move = true) {
  if (index !== null && graph().nodes[index].of !== undefined) [index, move] = [graph().nodes[index].of, true];
  picked = index;
  cy.elements(".picked, .near").removeClass("picked near");
  if (index === null) { panel.textContent = ""; add(panel, "p", panel.dataset.help); return; }
  const node = cy.getElementById(`n${index}`);
  node.addClass("picked");
  node.connectedEdges().addClass("near");
  details(index);
  status.textContent = graph().nodes[index].label;
  if (move) look(node);
}

function look(node) {
  const zoom = Math.min(Math.max(cy.zoom(), 0.9), 2);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  cy.stop();
  if (still || isLarge()) cy.viewport({ zoom, pan: middle(node.position(), zoom) });
  else cy.animate({ zoom, center: { eles: node } }, { duration: 180 });
}

function middle(point, zoom) {
  return { x: cy.width() / 2 - point.x * zoom, y: cy.height() / 2 - point.y * zoom };
}

// What stands out: what was searched for, the ops of a rule, of a delegate ------------------------------------

function mark(ids) {
  marked = ids;
  cy.batch(() => {
    cy.elements().removeClass("faint");
    if (ids === null) return;
    cy.nodes().forEach((n) => { if (!ids.has(`${shown}:${n.id().slice(1)}`)) n.addClass("faint"); });
    cy.edges().forEach((e) => { if (e.source().hasClass("faint") || e.target().hasClass("faint")) e.addClass("faint"); });
  });
}

function matches(words) {
  const found = [];
  data.graphs.forEach((g, i) => g.nodes.forEach((n, j) => {
    if (n.of !== undefined) return;
    n.hay ??= [n.label, n.text, n.who === null ? "" : data.who[n.who].label, n.op?.title, n.op?.types,
      ...[...(n.op?.inputs ?? []), ...(n.op?.outputs ?? [])].map((t) => named(g, t)),
      ...refusals(n.op).flat(2)].join("\n").toLowerCase();
    if (words.every((w) => n.hay.includes(w))) found.push([i, j]);
  }));
  return found;
}

let hits = [], turn = -1;
const markFound = rested(() => mark(marked));

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean), found = byId("found");
  for (const b of document.querySelectorAll("button[data-marks]")) b.setAttribute("aria-pressed", "false");
  found.textContent = "";
  hits = words.length ? matches(words) : [];
  turn = -1;
  const ids = words.length ? new Set(hits.map(([i, j]) => `${i}:${j}`)) : null;
  marked = ids;
  if (isLarge()) markFound(); else mark(ids);
  const ops = hits.filter(([i, j]) => data.graphs[i].nodes[j].op).length;
  status.textContent = words.length ? `${ops} of ${data.ops} ops` : "";
  for (const [i, j] of hits.slice(0, 100)) {
    const label = data.graphs.length > 1 ? `${data.graphs[i].name}: ` : "";
    const button = add(add(found, "li", ""), "button", label + data.graphs[i].nodes[j].label);
    button.addEventListener("click", () => go(i, j));
  }
  if (hits.length > 100) add(found, "li", `and ${hits.length - 100} more`);
}

function go(i, j) {
  if (i !== shown) show(i);
  pick(j);
}

function next(step) {
  if (!hits.length) return;
  turn = (turn + step + hits.length) % hits.length;
  go(...hits[turn]);
}

// The graph on the page -------------------------------------------------------------------------------------

function show(i) {
  shown = i;
  byId("subgraph").hidden = data.graphs.length < 2;
  byId("subgraph").value = i;
  cy.batch(() => { cy.elements().remove(); cy.add(elements(graph())); });
  cy.style(sheet());
  cy.renderer().textureOnViewport = isLarge();
  cy.scratch("deaf", false);
  fit();
  listen();
  mark(marked);
  pick(null);
  box.firstElementChild.setAttribute("aria-label", `${graph().name}: ${graph().nodes.length} boxes`);
}

function fit() {
  cy.fit(undefined, 12);
  if (cy.zoom() > 1.4) { cy.zoom(1.4); cy.center(); }
  // The graph begins at the top, below the edges that turn above its first row.
  const top = cy.nodes().renderedBoundingBox().y1 - (cy.zoom() * ROW) / 2;
  if (top > 12) cy.panBy({ x: 0, y: 12 - top });
}

// Of many edges, none can be pointed at while they are too small to be.
function listen() {
  const deaf = isLarge() && cy.zoom() < 0.4;
  if (deaf !== cy.scratch("deaf")) cy.batch(() => cy.edges().toggleClass("deaf", deaf));
  cy.scratch("deaf", deaf);
}

function hint(event, text) {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const { clientX: x, clientY: y } = event.originalEvent ?? { clientX: 0, clientY: 0 };
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - tip.offsetHeight - 4))}px`;
}

function about(node) {
  if (node.of !== undefined) return `from ${graph().nodes[node.of].label}: click to go there`;
  if (!node.op) return `${node.role} ${node.text}`;
  const refused = refusals(node.op).map(([label, why]) => `${label}: ${why.join("; ")}`);
  return [node.op.title, `runs on ${node.op.runs}`, ...refused].join("\n");
}

function key(event) {
  const node = picked === null ? null : cy.getElementById(`n${picked}`);
  const number = (some) => (some.length ? Number(some[0].id().slice(1)) : null);
  const step = (by) => (picked === null ? 0 : Math.min(Math.max(picked + by, 0), graph().boxes - 1));
  const actions = {
    ArrowDown: () => pick(node === null ? 0 : number(node.outgoers("node")) ?? picked),
    ArrowUp: () => pick(node === null ? 0 : number(node.incomers("node")) ?? picked),
    ArrowRight: () => pick(step(1)), ArrowLeft: () => pick(step(-1)),
    Home: () => pick(0), End: () => pick(graph().boxes - 1),
    "+": () => zoom(1.3), "=": () => zoom(1.3), "-": () => zoom(1 / 1.3), 0: () => fit(),
    Escape: () => { byId("search").value = ""; search(""); pick(null); },
  };
  if (!(event.key in actions) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  actions[event.key]();
}

function zoom(by) {
  cy.zoom({ level: cy.zoom() * by, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}

function started() {
  cy = window.cy;
  cy.minZoom(0.01);
  cy.maxZoom(4);
  cy.boxSelectionEnabled(false);
  cy.autounselectify(true);
  cy.on("tap", "node", (e) => pick(Number(e.target.id().slice(1)), false));
  cy.on("tap", (e) => { if (e.target === cy) pick(null); });
  cy.on("mouseover mousemove", "node", (e) => hint(e, about(graph().nodes[e.target.id().slice(1)])));
  cy.on("mouseover mousemove", "edge", (e) => {
    e.target.addClass("pointed");
    hint(e, named(graph(), graph().edges[e.target.id().slice(1)].tensor));
  });
  cy.on("mouseout", (e) => { if (e.target !== cy) e.target.removeClass("pointed"); hint(e, ""); });
  cy.on("viewport", () => { tip.hidden = true; });
  cy.on("zoom", rested(listen));
  repainted.push(() => { cy.style(sheet()); cy.nodes(".tensor").data("color", color("--panel")); });
  let size = [box.clientWidth, box.clientHeight];
  new ResizeObserver(() => {
    const now = [box.clientWidth, box.clientHeight];
    if (Math.abs(now[0] - size[0]) + Math.abs(now[1] - size[1]) < 40) return;
    size = now;
    const before = picked;
    cy.resize();
    show(shown);
    if (before !== null) pick(before, false);
  }).observe(box);
  show(0);
  attend();
}

function begin() {
  ReactDOM.createRoot(box.firstElementChild).render(React.createElement(dash_cytoscape.Cytoscape, {
    id: "cy", elements: [], layout: { name: "preset", fit: false }, stylesheet: sheet(), setProps: () => {},
    style: { width: "100%", height: "100%" }, minZoom: 0.01, maxZoom: 4,
  }));
  (function wait() { if (window.cy) started(); else requestAnimationFrame(wait); })();
}

// What a person does; there is a graph by then.
function attend() {
  byId("search").addEventListener("input", (e) => search(e.target.value));
  byId("search").addEventListener("keydown", (e) => {
    if (e.key === "Enter") next(e.shiftKey ? -1 : 1);
    if (e.key === "Escape") { e.target.value = ""; search(""); }
  });
  byId("subgraph").addEventListener("change", (e) => show(Number(e.target.value)));
  byId("fit").addEventListener("click", () => fit());
  byId("in").addEventListener("click", () => zoom(1.4));
  byId("out").addEventListener("click", () => zoom(1 / 1.4));
  box.addEventListener("keydown", key);
  document.addEventListener("keydown", (e) => {
    if (e.key !== "/" || /INPUT|SELECT|TEXTAREA/.test(e.target.tagName)) return;
    e.preventDefault();
    byId("search").focus();
  });
  for (const button of document.querySelectorAll("button[data-marks]")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      byId("search").value = "";
      search("");
      button.setAttribute("aria-pressed", String(on));
      const ids = data.marks[button.dataset.marks];
      mark(on ? new Set(ids) : null);
      if (on && ids.length && !ids.some((id) => id.startsWith(`${shown}:`))) show(Number(ids[0].split(":")[0]));
      if (on && button.dataset.scroll) byId("graph-section").scrollIntoView({ behavior: "smooth" });
    });
  }
}

unpacked.then(begin);
