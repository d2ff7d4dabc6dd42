import { useStore } from "zustand";
import { acceptOffer, dismissOffer, readOfferAsData } from "../commands/offerTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { openStation } from "../stores/stationStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { TeacherInspectionDialog } from "./TeacherInspectionDialog.tsx";

/** What offered files hold, once that is known. Outside of the teacher's panel, which may be folded by then. */
export function TeacherOffer() {
  const engine = useEngine();
  const offer = useStore(teacherStore, (state) => state.offer);
  if (offer === null || offer.inspection === null) return null;
  return (
    <TeacherInspectionDialog
      name={offer.name}
      bytes={offer.bytes}
      inspection={offer.inspection}
      recipe={offer.recipe}
      onUse={(recipe) => void acceptOffer(engine, recipe)}
      onReadAsData={() => {
        openStation("data"); // which tells how far reading is
        void readOfferAsData(engine);
      }}
      onCancel={dismissOffer}
    />
  );
}
