import { useStore } from "zustand";
import { settings, type SettingName } from "../../contract/config.ts";
import { overlayStore } from "../stores/overlayStore.ts";

/** By which setting runs are put into groups, of those in which they differ. */
export function GroupBy({ groupable }: { readonly groupable: readonly SettingName[] }) {
  const groupBy = useStore(overlayStore, (state) => state.groupBy);
  const offered = groupBy === null || groupable.includes(groupBy) ? groupable : [groupBy, ...groupable];
  return (
    <label>
      Group by{" "}
      <select
        value={groupBy ?? ""}
        data-testid="group-by"
        disabled={offered.length === 0}
        onChange={({ target }) =>
          overlayStore.setState({ groupBy: target.value === "" ? null : (target.value as SettingName) })
        }
      >
        <option value="">{offered.length === 0 ? "nothing: no setting differs" : "nothing"}</option>
        {offered.map((name) => (
          <option key={name} value={name}>
            {settings[name].label}
          </option>
        ))}
      </select>
    </label>
  );
}
