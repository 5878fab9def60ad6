// Charts of days, drawn by uPlot on the pages that load it.
"use strict";
(() => {
  const { html, onSettle } = window.doorstep;
  function draw(box) {
    const [days, ...lines] = JSON.parse(box.dataset.series);
    const labels = JSON.parse(box.dataset.labels);
    const style = getComputedStyle(html);
    const of = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: of("--muted"), grid: { stroke: of("--line"), width: 1 }, ticks: { show: false } };
    axis.font = "12px system-ui";
    const day = (at) =>
      new Date(at * 1000).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
    const whole = (_, splits) => splits.map((each) => (Number.isInteger(each) ? each : ""));
    const paths = window.uPlot.paths.stepped({ align: 1 });
    const looks = [
      { stroke: of("--muted"), width: 1.5 },
      { stroke: of("--accent"), width: 2, fill: of("--accent-tint") },
    ];
    const series = lines.map((_, at) => ({ label: labels[at + 1], points: { show: false }, paths, ...looks[at] }));
    box.replaceChildren();
    new window.uPlot({
      width: box.clientWidth || 560, height: 180, cursor: { y: false }, legend: { live: true },
      scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, Math.ceil(high * 1.1))] } },
      axes: [{ ...axis, values: (_, splits) => splits.map(day) }, { ...axis, values: whole, size: 36 }],
      series: [{ label: labels[0], value: (_, at) => (at ? day(at) : "") }, ...series],
    }, [days.map((each) => Date.parse(`${each}T12:00:00Z`) / 1000), ...lines], box);
  }
  onSettle((scope) => {
    if (window.uPlot) scope.querySelectorAll(".chart[data-series]").forEach(draw);
  });
})();
