import { offerTeacherFiles } from "../commands/offerTeacher.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { teacherInput } from "./teacherInputId.ts";

/** The hidden input through which a teacher's files are chosen; there whether or not the teacher's settings are open. */
export function TeacherInput() {
  const engine = useEngine();
  return (
    <input
      id={teacherInput}
      type="file"
      hidden
      multiple
      aria-label="Teacher's files"
      data-testid="teacher-input"
      onChange={(event) => {
        const files = [...(event.target.files ?? [])];
        event.target.value = ""; // so that the same file can be chosen again
        void offerTeacherFiles(engine, files);
      }}
    />
  );
}
