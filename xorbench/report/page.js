"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const spoken = (number) => number.toLocaleString("en-US");

  // Colours: the reader's setting, until the switch is used; what it was set to is remembered where that is allowed.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = document.getElementById("theme");
  const repaint = new Set();
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const recolour = () => {
    theme.setAttribute("aria-pressed", String(isDark()));
    repaint.forEach((paint) => paint());
  };
  try {
    const kept = localStorage.getItem("xorbench-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch {}
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("xorbench-theme", root.dataset.theme); } catch {}
    recolour();
  });
  dark.addEventListener("change", recolour);

  // Tables: sort by a header, rows without a figure last; filter by name and task.
  for (const table of all("table.sortable")) {
    const body = table.tBodies[0];
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const next = now === "none" ? head.dataset.first : now === "ascending" ? "descending" : "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", other === head ? next : "none"));
        const sign = next === "ascending" ? 1 : -1;
        const keyed = all("tr", body).map((row) => [row.cells[column].dataset.key, row]);
        const numeric = keyed.every(([key]) => key === "" || !Number.isNaN(Number(key)));
        keyed.sort(([a], [b]) => {
          if (a === "" || b === "") return (a === "") - (b === "");
          return sign * (numeric ? a - b : a.localeCompare(b, "en"));
        });
        body.append(...keyed.map(([, row]) => row));
      });
    });
    const section = table.closest("section");
    const filter = section.querySelector(".filter");
    if (!filter) continue;
    const task = section.querySelector("select.task");
    const count = section.querySelector(".count");
    const choose = () => {
      const wanted = filter.value.trim().toLowerCase();
      let shown = 0;
      for (const row of body.rows) {
        const fits = row.dataset.name.toLowerCase().includes(wanted) && (!task || !task.value || row.dataset.task === task.value);
        row.hidden = !fits;
        shown += fits;
      }
      count.textContent = shown === body.rows.length ? `${shown} rows` : `${shown} of ${body.rows.length} rows`;
    };
    filter.addEventListener("input", choose);
    if (task) task.addEventListener("change", choose);
  }

  // Share solved: the values under the pointer.
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  for (const [id, curves] of Object.values(data).flatMap((section) => Object.entries(section.solved))) {
    const plot = document.getElementById(id);
    const said = plot.closest("figure").querySelector(".at");
    const usual = said.textContent;
    const cross = svg("line", { class: "cross", y1: "0", y2: "100%", visibility: "hidden" });
    plot.firstElementChild.append(cross);
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      if (share < 0 || share > 1) return;
      const at = curves.low * (curves.high / curves.low) ** share;
      cross.setAttribute("x1", `${share * 100}%`);
      cross.setAttribute("x2", `${share * 100}%`);
      cross.setAttribute("visibility", "visible");
      const parts = curves.names.map((name, place) => {
        const reached = curves.times[place].filter((time) => time <= at).length;
        return `${name} ${Math.round(100 * (reached ? curves.shares[place][reached - 1] : 0))}%`;
      });
      said.textContent = `by iteration ${spoken(Math.round(at))}: ${parts.join(" · ")}`;
    });
    plot.addEventListener("pointerleave", () => {
      cross.setAttribute("visibility", "hidden");
      said.textContent = usual;
    });
  }

  // Portraits: a frame of each figure at a time.
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const decode = (text, size) => {
    const values = new Float32Array(size);
    let at = 0;
    for (const [, letter, count] of text.matchAll(/([A-Za-z])(\d*)/g)) {
      const end = at + Number(count || 1);
      values.fill(LETTERS.indexOf(letter) / (LETTERS.length - 1), at, end);
      at = end;
    }
    return values;
  };
  const bands = () => {
    const style = getComputedStyle(root);
    return Array.from({ length: 16 }, (_, band) => {
      const colour = style.getPropertyValue(`--r${band}`).trim();
      return [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
    });
  };
  const SIDE = 200;
  const paintRegion = (canvas, values, grid) => {
    const context = canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    const colours = bands();
    const last = grid - 1;
    for (let y = 0; y < SIDE; y++) {
      const v = ((SIDE - 1 - y) / (SIDE - 1)) * last;
      const row = Math.min(Math.floor(v), last - 1);
      for (let x = 0; x < SIDE; x++) {
        const u = (x / (SIDE - 1)) * last;
        const column = Math.min(Math.floor(u), last - 1);
        const at = row * grid + column;
        const a = u - column, b = v - row;
        const value =
          (values[at] * (1 - a) + values[at + 1] * a) * (1 - b) + (values[at + grid] * (1 - a) + values[at + grid + 1] * a) * b;
        const [red, green, blue] = colours[Math.min(15, Math.floor(value * 16))];
        const pixel = 4 * (y * SIDE + x);
        image.data[pixel] = red;
        image.data[pixel + 1] = green;
        image.data[pixel + 2] = blue;
        image.data[pixel + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  };
  const move = (mark, x, y) => {
    if (mark.tagName === "circle") {
      mark.setAttribute("cx", x);
      mark.setAttribute("cy", y);
    } else {
      mark.setAttribute("x", x - mark.getAttribute("width") / 2);
      mark.setAttribute("y", y - mark.getAttribute("height") / 2);
    }
  };
  for (const [id, portrait] of Object.values(data).flatMap((section) => Object.entries(section.portraits))) {
    const article = document.getElementById(id);
    const slider = article.querySelector(".frame");
    if (!slider) continue;
    const play = article.querySelector(".play");
    const frames = portrait.iterations.length;
    const hidden = article.querySelector(".hidden-space svg");
    const descent = article.querySelector(".surface svg");
    const now = all(".plot", article).map((plot) => {
      const line = svg("line", { class: "cross", x1: "100%", x2: "100%", y1: "0", y2: "100%" });
      plot.firstElementChild.append(line);
      return line;
    });
    let canvas = null;
    const show = () => {
      const at = Number(slider.value);
      const iteration = portrait.iterations[at];
      article.querySelector(".iteration").textContent = spoken(iteration);
      article.querySelector(".accuracy").textContent = `${Number((100 * portrait.accuracy[at]).toPrecision(3))}%`;
      const loss = article.querySelector(".loss");
      if (loss) loss.textContent = portrait.loss[at] === null ? "—" : Number(portrait.loss[at].toPrecision(3));
      slider.setAttribute("aria-valuetext", `iteration ${spoken(iteration)}`);
      if (portrait.regions) {
        if (!canvas) {
          const still = article.querySelector(".region svg");
          still.querySelector(".still").remove();
          canvas = document.createElement("canvas");
          canvas.width = canvas.height = SIDE;
          canvas.setAttribute("aria-hidden", "true");
          still.before(canvas);
        }
        paintRegion(canvas, decode(portrait.regions[at], portrait.grid ** 2), portrait.grid);
      }
      if (portrait.hidden && hidden) {
        all("[data-row]", hidden).forEach((mark) => move(mark, ...portrait.hidden[at][mark.dataset.row]));
        all(".trail", hidden).forEach((trail, row) =>
          trail.setAttribute("d", `M${portrait.hidden.slice(0, at + 1).map((frame) => frame[row].join(" ")).join("L")}`));
        let line = hidden.querySelector(".edge");
        const ends = portrait.lines[at];
        if (ends && !line) {
          line = svg("line", { class: "edge" });
          hidden.querySelector("[data-row]").before(line);
        }
        if (line) {
          line.setAttribute("visibility", ends ? "visible" : "hidden");
          if (ends) ["x1", "y1", "x2", "y2"].forEach((key, place) => line.setAttribute(key, ends[place]));
        }
      }
      if (portrait.path && descent) {
        move(descent.querySelector(".here"), ...portrait.path[at]);
        descent.querySelector(".descent").setAttribute("d", `M${portrait.path.slice(0, at + 1).map((point) => point.join(" ")).join("L")}`);
      }
      const high = Math.max(portrait.iterations[frames - 1], 1);
      const share = Math.log(Math.max(iteration, 0.5) / 0.5) / Math.log(high / 0.5);
      for (const line of now) {
        line.setAttribute("x1", `${share * 100}%`);
        line.setAttribute("x2", `${share * 100}%`);
      }
    };
    let timer = 0;
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = "▶ Play";
    };
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(slider.value) === frames - 1) slider.value = 0;
      play.textContent = "❚❚ Pause";
      show();
      timer = setInterval(() => {
        slider.value = Number(slider.value) + 1;
        show();
        if (Number(slider.value) >= frames - 1) stop();
      }, 110);
    });
    slider.addEventListener("input", () => {
      stop();
      show();
    });
    repaint.add(() => { if (canvas) show(); });
    const details = article.closest("details");
    const opened = () => { if (details.open) show(); };
    details.addEventListener("toggle", opened);
    opened();
  }

  // Paper shows everything.
  addEventListener("beforeprint", () => all("details").forEach((part) => (part.open = true)));
  recolour();
})();
