import type { SettingName } from "../../contract/config.ts";
import { defaultConfig } from "../../contract/config.ts";
import type { Engine } from "../../contract/protocol.ts";
import { patchConfig } from "../stores/configStore.ts";
import { changeSetting } from "./changeSetting.ts";
import { chooseTeacher } from "./loadTeacher.ts";

/** Settings back to their defaults: those alone, and nothing that would go along. Live ones reach the run that is going. */
export async function resetSettings(engine: Engine, names: readonly SettingName[]): Promise<void> {
  patchConfig(Object.fromEntries(names.map((name) => [name, defaultConfig[name]])));
  for (const name of names) {
    if (name === "teacher") await chooseTeacher(engine, defaultConfig.teacher);
    else await changeSetting(engine, name, defaultConfig[name]);
  }
}
