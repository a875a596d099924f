// Makes fields of JSON, by the schema that the server gives beside it. The text stays what is sent.
import { assetField } from "./picker.js";
import { button, make, words } from "./dom.js";

const LONG = 250; // characters: what may be longer gets lines

// One value by its schema: an element that tells `changed` its new value.
export function field(schema, value, name, changed) {
  const types = [schema.type].flat();
  if (schema["x-asset"]) return assetField(schema["x-asset"], value, name, changed);
  if (schema.enum) return choice(schema.enum.filter((word) => word !== null), value ?? schema.default, name, changed);
  if (types.includes("object")) return group(schema, value, changed);
  if (types.includes("array")) return list(schema, value ?? [], name, changed);
  if (types.includes("number") || types.includes("integer")) return number(schema, value, types, name, changed);
  return text(schema, value, name, changed);
}

function choice(among, value, name, changed) {
  const select = make("select", { className: "vs-input", ariaLabel: name });
  for (const word of among) select.append(make("option", { value: word, textContent: words(word), selected: word === value }));
  select.addEventListener("change", () => changed(select.value));
  return select;
}

function number(schema, value, types, name, changed) {
  const input = make("input", { type: "number", className: "vs-input vs-number-input", ariaLabel: name });
  input.step = types.includes("integer") ? "1" : "any";
  if (schema.minimum !== undefined) input.min = schema.minimum;
  if (schema.maximum !== undefined) input.max = schema.maximum;
  input.value = value ?? schema.default ?? "";
  input.addEventListener("input", () => changed(input.value === "" ? null : Number(input.value)));
  return input;
}

function text(schema, value, name, changed) {
  const colour = (schema.pattern ?? "").includes("#[0-9a-fA-F]{6}");
  const input = make(schema.maxLength >= LONG ? "textarea" : "input", { className: "vs-input", ariaLabel: name, dir: "auto" });
  if (input.rows) input.rows = 2;
  if (colour) { input.type = "color"; input.className = "vs-colour"; }
  if (schema.maxLength) input.maxLength = schema.maxLength;
  input.value = value ?? schema.default ?? "";
  input.addEventListener("input", () => changed(input.value));
  return input;
}

// An object's fields. One that may be null is null while its asset is missing, or while it is a cut.
export function group(schema, value, changed, skip = []) {
  const box = make("div", { className: "vs-fields" });
  const own = { ...(value ?? {}) };
  const tell = () => changed(isNothing(schema, own) ? null : { ...own });
  for (const [name, inner] of Object.entries(schema.properties)) {
    if (skip.includes(name)) continue;
    const label = make("div", { className: "vs-field" });
    label.dataset.path = name;
    label.append(make("span", { className: "vs-label", textContent: words(name) + (schema.required.includes(name) ? " *" : "") }));
    label.append(field(inner, own[name], words(name), (next) => {
      own[name] = next;
      box.dataset.kind = own.kind ?? "";
      tell();
    }));
    if (inner.description) label.append(make("span", { className: "vs-help", textContent: inner.description }));
    box.append(label);
  }
  if (schema.properties.kind) box.dataset.kind = own.kind ?? schema.properties.kind.default;
  return box;
}

function isNothing(schema, own) {
  if (![schema.type].flat().includes("null")) return false;
  if ("kind" in schema.properties && (own.kind ?? "cut") === "cut") return true;
  return schema.required.some((name) => schema.properties[name]["x-asset"] && !own[name]);
}

function list(schema, value, name, changed) {
  const box = make("div", { className: "vs-items" });
  const own = [...value];
  const draw = () => {
    box.replaceChildren();
    own.forEach((item, at) => {
      const row = make("div", { className: "vs-item" });
      row.dataset.path = at;
      row.append(field(schema.items, item, `${name} ${at + 1}`, (next) => { own[at] = next; changed([...own]); }));
      row.append(button("delete", `Remove ${name} ${at + 1}`, () => { own.splice(at, 1); changed([...own]); draw(); }));
      box.append(row);
    });
    if (own.length < (schema.maxItems ?? Infinity)) {
      const empty = () => ([schema.items.type].flat().includes("object") ? {} : "");
      box.append(button("add", `Add to ${name}`, () => { own.push(empty()); changed([...own]); draw(); }, "Add"));
    }
  };
  draw();
  return box;
}

// Puts the server's errors at their places: the pointer's steps are the places' data-path, one inside of the other.
export function showErrors(box, errors, prefix) {
  for (const { pointer, detail } of errors) {
    let place = box;
    for (const step of pointer.slice(prefix.length).split("/").filter(Boolean)) {
      const above = place === box ? box.closest("[data-path]") : place;
      const next = [...place.querySelectorAll(`[data-path="${CSS.escape(step)}"]`)].find((each) => each.parentElement.closest("[data-path]") === above);
      if (!next) break;
      place = next;
    }
    place.append(make("p", { className: "vs-problem", textContent: detail, role: "alert" }));
    for (let each = place; each && each !== box; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  }
}

// The text and what stands for it; the button shows the text itself.
export function stand(area, build) {
  const errors = JSON.parse(area.dataset.errors || "[]");
  const holder = make("div", { className: "vs vs-editor" });
  const show = (value) => { holder.replaceChildren(build(value, tell)); };
  const tell = (value) => {
    area.value = JSON.stringify(value, null, 2);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const swap = button("data_object", "Edit as JSON", () => {
    if (area.hidden) { area.hidden = false; holder.hidden = true; swap.lastChild.textContent = "Edit as fields"; return; }
    try {
      show(JSON.parse(area.value || "null"));
      area.hidden = true; holder.hidden = false; swap.lastChild.textContent = "Edit as JSON";
      area.setCustomValidity("");
    } catch (error) {
      area.setCustomValidity(`This is no JSON: ${error.message}`);
      area.reportValidity();
    }
  }, "Edit as JSON");
  area.classList.add("vs-raw");
  area.after(holder, swap);
  try {
    show(JSON.parse(area.value || "null"));
    area.hidden = true;
  } catch { // what was typed is no JSON: then it is mended as text
    holder.hidden = true;
    swap.lastChild.textContent = "Edit as fields";
  }
  showErrors(holder, errors, `/${area.name}`);
  return holder;
}
