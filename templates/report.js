"use strict";
// The page is whole without this script; it draws the charts from their tables, and sorts and filters the lists.
(() => {
  const root = document.documentElement;
  const find = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const cents = (cell) => Number(cell.dataset.cents);
  const currency = find("h2 small").textContent;

  // Cents to text; the wallet's have up to four places, to which sums of them are rounded: 0.1 + 0.2 is no amount.
  const amount = (value) => {
    const rest = Math.round((Math.abs(value) % 1) * 10000);
    const cents = Math.trunc(Math.abs(value)) + (rest === 10000 ? 1 : 0);
    const whole = Math.trunc(cents / 100).toLocaleString("en");
    const places = String(cents % 100).padStart(2, "0") + String(rest % 10000).padStart(4, "0").replace(/0+$/, "");
    return `${value < 0 ? "−" : ""}${whole}.${places}`;
  };

  for (const element of all("[data-script]")) element.hidden = false;

  // Charts

  const colour = (name, element = root) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();

  // What a table says: months across, a series in each row.
  const read = (table) => ({
    months: all("thead th[data-month]", table).map((head) => head.textContent),
    series: all("tbody tr", table).map((row) => ({
      name: find("th", row).textContent,
      values: all("td[data-cents]", row).map(cents),
    })),
  });

  const shortened = (text, length) => (text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text);

  const axes = (amounts, names) => {
    const text = colour("muted");
    const amountAxis = {
      stacked: true,
      border: { display: false },
      grid: { color: colour("line") },
      ticks: { color: text, maxTicksLimit: 6, callback: (value) => value.toLocaleString("en").replace("-", "−") },
    };
    const nameAxis = {
      stacked: true,
      border: { color: colour("edge") },
      grid: { display: false },
      ticks: {
        color: text,
        autoSkip: amounts === "y",
        maxRotation: 0,
        callback(value) {
          const width = this.chart.width < 480 ? 16 : 26;
          return shortened(this.getLabelForValue(value), amounts === "y" ? 12 : width);
        },
      },
    };
    return { [amounts]: amountAxis, [names]: nameAxis };
  };

  const tooltip = () => ({
    backgroundColor: colour("text"),
    titleColor: colour("card"),
    bodyColor: colour("card"),
    padding: 10,
    boxPadding: 4,
    filter: (item) => item.raw !== 0,
    itemSort: (a, b) => Math.abs(b.raw) - Math.abs(a.raw),
    callbacks: {
      label: (item) =>
        ` ${shortened(item.dataset.label, 40)}  ${currency} ${amount(Math.round(item.raw * 100))}`,
    },
  });

  const config = (section, table) => {
    const { months, series } = read(table);
    const colours = all(".legend li", section).map((item) => colour("s", item));
    const units = (values) => values.map((value) => value / 100);
    const options = {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { display: false }, tooltip: tooltip() },
    };
    if (section.id === "trend") {
      const [charge, cost, margin] = series.map(({ name, values }, place) => ({
        label: name,
        data: units(values),
        backgroundColor: colours[place],
        maxBarThickness: 34,
        borderRadius: 2,
      }));
      const line = { ...margin, type: "line", borderColor: margin.backgroundColor, borderWidth: 2, pointRadius: 3, tension: 0, order: -1 };
      const scales = axes("y", "x");
      scales.x.stacked = scales.y.stacked = false;
      return { type: "bar", data: { labels: months, datasets: [charge, cost, line] }, options: { ...options, scales } };
    }
    if (months.length === 1) {
      const bar = {
        label: table.dataset.measure,
        data: units(series.map(({ values }) => values[0])),
        backgroundColor: colours[0],
        maxBarThickness: 22,
        borderRadius: 2,
      };
      const labels = series.map(({ name }) => name);
      const across = { ...options, indexAxis: "y", interaction: { mode: "index", axis: "y", intersect: false } };
      return { type: "bar", data: { labels, datasets: [bar] }, options: { ...across, scales: axes("x", "y") } };
    }
    const datasets = series.map(({ name, values }, place) => ({
      label: name,
      data: units(values),
      backgroundColor: colours[place],
      borderColor: colour("card"),
      borderWidth: { top: 1 },
      maxBarThickness: 42,
    }));
    return { type: "bar", data: { labels: months, datasets }, options: { ...options, scales: axes("y", "x") } };
  };

  const drawn = new Map();
  const draw = (section) => {
    const chosen = find(".measures :checked", section);
    const table = chosen ? find(`[data-measure="${chosen.value}"]`, section) : find("table", section);
    const canvas = find("canvas", section);
    if (!table || !canvas) return;
    drawn.get(section)?.destroy();
    canvas.setAttribute("aria-label", `${find("caption", table).textContent}: the figures stand in the table below`);
    drawn.set(section, new Chart(canvas, config(section, table)));
  };
  const charts = all(".chart");
  const drawAll = () => charts.forEach(draw);
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawAll();
  for (const section of charts) {
    section.addEventListener("change", () => draw(section));
    // With one month the names stand at the bars, and a legend would say them twice.
    if (section.dataset.months === "1") find(".legend", section)?.setAttribute("hidden", "");
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    drawAll();
    for (const chart of drawn.values()) chart.resize(680, 166);
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    drawAll();
  });

  // Lists

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const textOf = (row, column) => row.cells[column].textContent;
  const numberOf = (row, column) => {
    const cell = row.cells[column];
    const value = "cents" in cell.dataset ? cents(cell) : Number.parseFloat(cell.textContent.replace("−", "-").replaceAll(",", ""));
    return Number.isNaN(value) ? -Infinity : value;
  };

  const sort = (table, head, direction) => {
    const column = head.cellIndex;
    const sign = direction === "ascending" ? 1 : -1;
    const compare =
      "number" in head.dataset
        ? (a, b) => sign * (numberOf(a, column) - numberOf(b, column) || 0)
        : (a, b) => sign * collator.compare(textOf(a, column), textOf(b, column));
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
    table.dispatchEvent(new Event("sorted"));
  };

  for (const table of all(".sortable")) {
    for (const head of all("thead th:not([data-unsorted])", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      const first = "number" in head.dataset ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      button.addEventListener("click", () => sort(table, head, head.getAttribute("aria-sort") === first ? second : first));
    }
  }

  // The list that can be searched: the first rows that match are on the screen, the others a button away; paper has all.
  const AT_FIRST = 100;
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const counted = (count) => count.toLocaleString("en");
  const list = find(".filtered");
  if (list) {
    const [search, kind, found, more] = ["#find", "#kind", "#found", "#more"].map((selector) => find(selector));
    const rows = [...list.tBodies[0].rows];
    const noun = rows.length === 1 ? "document" : "documents";
    const facts = new Map(
      rows.map((row) => [row, { words: plain(`${textOf(row, 0)} ${textOf(row, 1)}`), cents: all("td[data-cents]", row).map(cents) }]),
    );
    const sums = all("tfoot td[data-cents]", list);
    let whole = rows.length <= AT_FIRST;
    const show = () => {
      const wanted = plain(search.value).split(/\s+/).filter(Boolean);
      const fits = (row) =>
        (!kind.value || row.dataset.kind === kind.value) && wanted.every((word) => facts.get(row).words.includes(word));
      const hits = [];
      for (const row of list.tBodies[0].rows) {
        row.hidden = !fits(row);
        row.classList.toggle("later", !row.hidden && !whole && hits.length >= AT_FIRST);
        if (!row.hidden) hits.push(row);
      }
      sums.forEach((cell, place) => {
        const sum = hits.reduce((total, row) => total + facts.get(row).cents[place], 0);
        cell.textContent = amount(sum);
        cell.classList.toggle("minus", sum < 0);
      });
      const every = `${counted(rows.length)} ${noun}`;
      found.textContent = hits.length === rows.length ? every : `${counted(hits.length)} of ${every}`;
      more.parentElement.hidden = whole || hits.length <= AT_FIRST;
      more.textContent = `Show all ${counted(hits.length)}`;
    };
    search.addEventListener("input", show);
    kind.addEventListener("change", show);
    list.addEventListener("sorted", show);
    more.addEventListener("click", () => {
      const next = find(".later a", list);
      whole = true;
      show();
      next.focus();
    });
    show(); // a browser may have brought back what was typed before a reload
  }
})();
