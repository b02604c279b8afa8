"""The page of a support card, with places for what is in it."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { margin: 0; font: 13px/1.45 system-ui, sans-serif; color: #1c2128; background: #fff; }
header { padding: 12px 16px; border-bottom: 1px solid #d5d9df; }
h1 { font-size: 17px; margin: 0 0 2px; }
form { margin-top: 8px; }
input[type=search] { width: 22em; font: inherit; padding: 2px 6px; }
label { margin-left: 10px; }
table { border-collapse: collapse; margin: 8px 16px 40px; }
th { position: sticky; top: 0; background: #f3f5f8; text-align: left; cursor: pointer; }
th, td { padding: 2px 12px 2px 6px; border-bottom: 1px solid #e7eaee; vertical-align: top; }
td:nth-child(n+5), th:nth-child(n+5) { text-align: right; font-variant-numeric: tabular-nums; }
td:nth-child(1) { font-weight: 600; }
td:nth-child(3) { overflow-wrap: anywhere; max-width: 46em; }
.delegated td:nth-child(4) { color: #116329; }
.failed td { background: #ffebe9; }
.failed td:nth-child(4) { color: #a40e26; font-weight: 600; }
.refused td, .folded td { color: #6a737d; }
tr[title] td:nth-child(4) { text-decoration: underline dotted; cursor: help; }
</style>
<header><h1>$title</h1>$about
<form><input type="search" placeholder="op, type, version" aria-label="filter">
<label><input type="checkbox" checked> refused, too</label></form></header>
<table><thead><tr>$heads</tr></thead>
<tbody>
$rows
</tbody></table>
<script>
const rows = [...document.querySelectorAll("tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
const [asked, all] = document.querySelectorAll("input");
function filter() {
  const words = asked.value.toLowerCase().split(" ");
  rows.forEach((row, i) => {
    row.hidden = !words.every((w) => texts[i].includes(w)) || (!all.checked && row.className === "refused");
  });
}
asked.addEventListener("input", filter);
all.addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (e) => e.preventDefault());
document.querySelectorAll("th").forEach((head, i) => head.addEventListener("click", () => {
  const value = (row) => row.cells[i].textContent;
  const number = (row) => parseFloat(value(row)) || 0;
  const sorted = [...rows].sort(i < 4 ? (a, b) => value(a).localeCompare(value(b))
    : (a, b) => number(b) - number(a));
  document.querySelector("tbody").append(...sorted);
}));
</script>
</html>
"""
