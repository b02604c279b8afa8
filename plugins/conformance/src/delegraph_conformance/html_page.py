"""The page of a support card, with places for what is in it."""

from string import Template

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { margin: 0; font: 13px/1.45 system-ui, sans-serif; color: #1c2128; background: #fff; }
header { padding: 12px 16px; border-bottom: 1px solid #d5d9df; }
h1 { font-size: 17px; margin: 0 0 2px; }
form { margin-top: 8px; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }
input[type=search] { flex: 0 1 22em; min-width: 10em; font: inherit; padding: 2px 6px; }
label { white-space: nowrap; }
label.failed, summary { color: #a40e26; font-weight: 600; }
details { margin-top: 6px; }
ul { margin: 4px 0; padding-left: 20px; overflow-wrap: anywhere; }
.legend { color: #59636e; margin: 6px 0 0; }
table { border-collapse: collapse; margin: 8px 16px 40px; }
th { position: sticky; top: 0; background: #f3f5f8; text-align: left; cursor: pointer;
  white-space: nowrap; }
th, td { padding: 2px 12px 2px 6px; border-bottom: 1px solid #e7eaee; vertical-align: top; }
td:nth-child(n+5):nth-child(-n+8), th:nth-child(n+5):nth-child(-n+8) { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
td:nth-child(1) { font-weight: 600; }
td:nth-child(2) { min-width: 4em; }
td:nth-child(3) { max-width: 34em; }
td:nth-child(9) { max-width: 60em; min-width: 16em; overflow-wrap: anywhere; }
.delegated td:nth-child(4) { color: #116329; }
.failed td { background: #ffebe9; }
.failed td:nth-child(4) { color: #a40e26; font-weight: 600; }
.refused td, .folded td { color: #59636e; }
tr[hidden] { display: none !important; }
@media (max-width: 760px) {
  thead { display: none; }
  table, tbody { display: block; margin: 0; }
  tr { display: block; padding: 5px 16px; border-bottom: 1px solid #d5d9df; }
  tr.failed { background: #ffebe9; }
  td, td:nth-child(n) { display: inline; border: 0; padding: 0 8px 0 0; white-space: normal; }
  td:nth-child(3), td:nth-child(9) { display: block; overflow-wrap: anywhere; }
  td:empty, td:nth-child(n):empty { display: none; }
  td:nth-child(2)::before { content: "v"; }
  td:nth-child(5)::before { content: "cases: "; }
  td:nth-child(6)::before { content: "steps: "; }
  td:nth-child(7)::before { content: "relative: "; }
  td:nth-child(8)::after { content: " µs"; }
}
</style>
<header><h1>$title</h1>$about
<form><input type="search" placeholder="op, type, version, reason" aria-label="filter">$boxes
<output></output></form>
$failures
<p class="legend">steps: how far integers are off at most, in quantization steps. relative: how far
floats are off at most, relative to the output's largest value. µs: the best of a few runs of the plainest
case. A click on a heading sorts.</p></header>
<table><thead><tr>$heads</tr></thead>
<tbody>
$rows
</tbody></table>
<script>
const rows = [...document.querySelectorAll("tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
const [asked, ...boxes] = document.querySelectorAll("input");
function filter() {
  const words = asked.value.toLowerCase().split(" ");
  const kinds = boxes.filter((box) => box.checked).map((box) => box.name);
  rows.forEach((row, i) => {
    row.hidden = !words.every((w) => texts[i].includes(w)) || !kinds.includes(row.className);
  });
  const shown = rows.filter((row) => !row.hidden).length;
  document.querySelector("output").textContent = `$${shown} of $${rows.length} lines`;
}
document.querySelector("form").addEventListener("input", filter);
filter();
document.querySelector("form").addEventListener("submit", (e) => e.preventDefault());
document.querySelectorAll("th").forEach((head, i) => head.addEventListener("click", () => {
  const value = (row) => row.cells[i].textContent;
  const number = (row) => parseFloat(value(row)) || 0;
  const sorted = [...rows].sort(i < 4 || i > 7 ? (a, b) => value(a).localeCompare(value(b))
    : (a, b) => number(b) - number(a));
  document.querySelector("tbody").append(...sorted);
}));
</script>
</html>
"""

BOX = Template('<label class="$kind"><input type="checkbox" name="$kind" checked> $count $kind</label>')
