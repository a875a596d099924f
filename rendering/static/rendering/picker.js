// Chooses an asset of the owner's library by thumbnail and name, or uploads one.
import { button, icon, make } from "./dom.js";

const SIGNS = { image: "image", video: "movie", audio: "graphic_eq" };
const known = new Map();
const address = document.getElementById("vs-library")?.dataset.url;

// Fetch names and thumbnails of the assets that are used already.
export async function learn(ids) {
  for (let at = 0; at < ids.length; at += 50) {
    const asked = new URLSearchParams(ids.slice(at, at + 50).map((id) => ["id", id]));
    remember(await ask(`${address}?${asked}`));
  }
}

export const assetOf = (id) => known.get(id);

async function ask(url, options) {
  const answer = await fetch(url, options);
  if (answer.redirected) throw new Error("You are logged out. Log in again in another tab, then come back.");
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.detail || `The server answered ${answer.status}.`);
  return told.assets;
}

function remember(assets) {
  for (const asset of assets) known.set(asset.id, asset);
  return assets;
}

export function thumbnail(id, type) {
  const asset = known.get(id);
  if (asset?.thumbnail) return make("img", { src: asset.thumbnail, alt: "", loading: "lazy" });
  return icon(SIGNS[asset?.type ?? type] ?? "draft");
}

export function assetField(type, value, name, changed) {
  const box = make("div", { className: "vs-asset" });
  const draw = (id) => {
    const choose = make("button", { type: "button", className: "vs-chosen" });
    const label = known.get(id)?.name ?? (id ? "An asset that is not in the owner's library" : `Choose: ${type}`);
    choose.append(thumbnail(id, type), make("span", { textContent: label }));
    choose.setAttribute("aria-label", `${name}: ${label}`);
    choose.addEventListener("click", () => open(type, name, (chosen) => { draw(chosen); changed(chosen); box.querySelector("button").focus(); }));
    box.replaceChildren(choose);
    if (id) box.append(button("close", `Remove ${name}`, () => { draw(""); changed(""); }));
  };
  draw(value || "");
  return box;
}

function open(type, name, chosen) {
  const dialog = make("dialog", { className: "vs vs-picker", ariaLabel: `Choose: ${name}` });
  const search = make("input", { type: "search", className: "vs-input", placeholder: "Search by name", ariaLabel: "Search by name" });
  const said = make("p", { className: "vs-dim", role: "status" });
  const grid = make("div", { className: "vs-choices" });
  const choose = (id) => { dialog.close(); chosen(id); };
  const show = (assets) => {
    grid.replaceChildren(...assets.map((asset) => {
      const choice = make("button", { type: "button", className: "vs-choice" });
      const cover = make("span", { className: "vs-cover" });
      cover.append(thumbnail(asset.id, type));
      choice.append(cover, make("span", { textContent: asset.name, dir: "auto" }));
      choice.addEventListener("click", () => choose(asset.id));
      return choice;
    }));
    said.textContent = assets.length ? "" : `There is no ${type} of this name in the owner's library.`;
  };
  let asked = 0;
  const look = async () => {
    const turn = ++asked;
    try {
      const assets = remember(await ask(`${address}?${new URLSearchParams({ type, search: search.value })}`));
      if (turn === asked) show(assets);
    } catch (error) { said.textContent = error.message; }
  };
  const upload = make("input", { type: "file", hidden: true, accept: type === "image" ? "image/png,image/jpeg,image/webp" : `${type}/*` });
  upload.addEventListener("change", async () => {
    if (!upload.files.length) return;
    const body = new FormData();
    body.append("file", upload.files[0]);
    said.textContent = "Uploading …";
    try {
      const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
      const [asset] = remember(await ask(address, { method: "POST", headers, body }));
      if (asset.type === type) choose(asset.id);
      else said.textContent = `That is ${asset.type}; this place needs ${type}. It is in the library now.`;
    } catch (error) { said.textContent = error.message; }
    upload.value = "";
  });
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  const head = make("div", { className: "vs-picker-head" });
  head.append(search, upload, button("upload", "Upload a file", () => upload.click(), "Upload"), button("close", "Close", () => dialog.close()));
  dialog.append(head, said, grid);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  look();
}
