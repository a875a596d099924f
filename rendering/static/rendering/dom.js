// Small makers of elements. Words of people only ever become text, never markup.
export function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

export function icon(name) {
  const sign = make("span", { className: "material-symbols-outlined", textContent: name });
  sign.setAttribute("aria-hidden", "true");
  return sign;
}

export function button(sign, label, deed, shown = "") {
  const made = make("button", { type: "button", className: shown ? "vs-button vs-with-icon" : "vs-icon-button", title: label, ariaLabel: shown ? null : label });
  made.append(icon(sign));
  if (shown) made.append(make("span", { textContent: shown }));
  made.addEventListener("click", deed);
  return made;
}

export function words(name) {
  const said = name.replaceAll("_", " ").replace(/\bdb$/, "(dB)").replace(/\burl\b/, "URL");
  return said.charAt(0).toUpperCase() + said.slice(1);
}
