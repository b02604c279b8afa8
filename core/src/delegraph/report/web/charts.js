"use strict";
// Charts come with the data, without colors for text and lines: these are the theme's.

function themed(layout) {
  const axis = { gridcolor: color("--line"), zerolinecolor: color("--line"), automargin: true };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hoverlabel: { namelength: -1 },
    font: { family: "system-ui, sans-serif", size: 12, color: color("--text") },
    margin: { l: 50, r: 12, t: 8, b: 40 }, legend: { orientation: "h", y: 1.08 }, ...layout,
    xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
  };
}

function draw(chart) {
  const place = document.getElementById(chart.id);
  place.style.height = `${chart.height}px`;
  Plotly.newPlot(place, chart.traces, themed(chart.layout), { responsive: true, displaylogo: false, displayModeBar: false });
  repainted.push(() => Plotly.relayout(place, themed(chart.layout)));
}

unpacked.then(() => data.charts.forEach(draw));
