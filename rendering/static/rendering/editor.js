// The storyboard's editor: every part of the document that is JSON gets fields.
import { group, stand } from "./fields.js";
import { learn } from "./picker.js";
import { scenes } from "./scenes.js";

const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const areas = [...document.querySelectorAll("#storyboard_form textarea[data-schema]")];
if (areas.length) {
  const named = areas.map((area) => area.value).join(" ").match(ID) ?? [];
  await learn([...new Set(named)]).catch(() => {}); // then they have no names, and can be chosen anew
  for (const area of areas) {
    const schema = JSON.parse(area.dataset.schema);
    if (area.name === "scenes") stand(area, (value, tell) => scenes(schema, value ?? [], tell));
    else if (schema.properties) stand(area, (value, tell) => group(schema, value, tell));
  }
}
