// The scenes as a stack of cards: open one to change it, move it, copy it, delete it.
import { field, group } from "./fields.js";
import { button, make, words } from "./dom.js";
import { assetOf, thumbnail } from "./picker.js";

const OWN_ROW = ["duration", "transition", "narration", "caption"];

export function scenes(schema, value, tell) {
  const all = value.map((scene) => ({ ...scene }));
  const box = make("div", { className: "vs-stack" });
  const told = make("p", { className: "vs-dim", role: "status" });
  const cards = make("ol", { className: "vs-scenes" });
  const changed = () => { tell(all); sum(); };
  const sum = () => {
    const seconds = all.reduce((total, scene, at) => total + (Number(scene.duration) || 0) - (at ? scene.transition?.duration ?? 0 : 0), 0);
    told.textContent = all.length ? `${all.length} scene${all.length === 1 ? "" : "s"}, ${seconds.toFixed(1)} s` : "There are no scenes yet.";
  };
  const draw = (open = -1, focus = "summary") => {
    const opened = new Set([...cards.children].filter((card) => card.firstElementChild.open).map((card) => card.scene));
    cards.replaceChildren(...all.map((scene, at) => card(scene, at, opened.has(scene) || at === open)));
    sum();
    if (open >= 0) cards.children[open]?.querySelector(focus)?.focus();
  };
  const move = (at, by) => {
    const [scene] = all.splice(at, 1);
    all.splice(at + by, 0, scene);
    if (all[0].transition) all[0].transition = null;
    changed();
    draw();
    const moved = cards.children[at + by];
    moved.querySelector(`${by < 0 ? "[data-up]" : "[data-down]"}:enabled, ${by < 0 ? "[data-down]" : "[data-up]"}:enabled`).focus();
  };

  const card = (scene, at, open) => {
    const item = make("li", { scene });
    const details = make("details", { className: "vs-scene", open });
    details.dataset.path = at;
    const summary = make("summary");
    const head = () => summary.replaceChildren(...title(scene, at, schema));
    const set = (name) => (next) => { scene[name] = next; changed(); head(); };
    const fill = () => {
      const body = make("div", { className: "vs-scene-body" });
      body.append(labelled("template", "Template", templates(scene.template, (name) => {
        const kept = schema.templates[name].schema.properties;
        scene.template = name;
        scene.params = Object.fromEntries(Object.entries(scene.params ?? {}).filter(([key]) => key in kept));
        changed();
        draw(at, "select");
      })));
      for (const name of OWN_ROW) {
        if (name === "transition" && at === 0) continue;
        const inner = schema.scene.properties[name];
        const label = name === "transition" ? "Way in" : words(name);
        body.append(labelled(name, label, field(inner, scene[name] ?? inner.default, label, set(name)), name === "duration" ? "s" : ""));
      }
      const known = schema.templates[scene.template];
      if (known) {
        const params = labelled("params", known.label, group(known.schema, scene.params ?? {}, set("params")));
        params.classList.add("vs-params");
        body.append(params);
      }
      details.append(body);
    };
    head();
    const buttons = make("div", { className: "vs-scene-buttons" });
    const up = button("arrow_upward", `Move scene ${at + 1} up`, () => move(at, -1));
    const down = button("arrow_downward", `Move scene ${at + 1} down`, () => move(at, 1));
    up.dataset.up = down.dataset.down = "";
    up.disabled = at === 0;
    down.disabled = at === all.length - 1;
    const copy = button("content_copy", `Copy scene ${at + 1}`, () => {
      const { id, ...rest } = structuredClone(scene);
      all.splice(at + 1, 0, rest);
      changed();
      draw(at + 1);
    });
    const gone = button("delete", `Delete scene ${at + 1}`, () => {
      all.splice(at, 1);
      if (all[0]?.transition) all[0].transition = null;
      changed();
      draw();
      (cards.children[Math.min(at, all.length - 1)] ?? box).querySelector("summary, button").focus();
    });
    buttons.append(up, down, copy, gone);
    details.append(summary);
    fill();
    item.append(details, buttons);
    return item;
  };

  const templates = (chosen, changedTo) => {
    const names = Object.keys(schema.templates);
    const select = make("select", { className: "vs-input", ariaLabel: "Template" });
    if (!names.includes(chosen)) names.unshift(chosen);
    for (const name of names) select.append(make("option", { value: name, textContent: schema.templates[name]?.label ?? name, selected: name === chosen }));
    select.addEventListener("change", () => changedTo(select.value));
    return select;
  };

  const add = button("add", "Add a scene", () => {
    const last = all.at(-1);
    const template = last?.template ?? ("picture" in schema.templates ? "picture" : Object.keys(schema.templates)[0]);
    all.push({ template, duration: last?.duration ?? 4, params: {}, caption: "", narration: null, transition: null });
    changed();
    draw(all.length - 1);
  }, "Add a scene");
  box.append(told, cards, add);
  draw();
  return box;
}

function title(scene, at, schema) {
  const id = Object.values(scene.params ?? {}).find((value) => assetOf(value)?.thumbnail);
  const cover = make("span", { className: "vs-cover" });
  cover.append(thumbnail(id, "image"));
  const known = schema.templates[scene.template];
  const said = scene.caption || scene.params?.title || known?.label || scene.template;
  const about = `${known?.label ?? scene.template} · ${scene.duration ?? "?"} s${scene.transition && at ? ` · ${words(scene.transition.kind ?? "cut").toLowerCase()}` : ""}`;
  const text = make("span", { className: "vs-scene-title" });
  text.append(make("b", { textContent: said, dir: "auto" }), make("span", { className: "vs-meta", textContent: about }));
  return [make("span", { className: "vs-number", textContent: at + 1 }), cover, text];
}

function labelled(path, label, control, unit = "") {
  const box = make("div", { className: "vs-field" });
  box.dataset.path = path;
  box.append(make("span", { className: "vs-label", textContent: unit ? `${label} (${unit})` : label }), control);
  return box;
}
