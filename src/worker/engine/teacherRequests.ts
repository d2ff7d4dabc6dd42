import { givenFiles } from "../teacher/givenFiles.ts";
import { hashOfTeacher } from "../teacher/hashOfTeacher.ts";
import { inspectTeacher } from "../teacher/inspectTeacher.ts";
import { loadTeacher } from "../teacher/loadTeacher.ts";
import type { RequestHandlers } from "./requestHandlers.ts";
import type { Session } from "./session.ts";

type TeacherRequest = "inspectTeacher" | "loadTeacher" | "dropTeacher";

export function teacherRequests(session: Session): RequestHandlers<TeacherRequest> {
  const { bundledTeacher, surroundings } = session;
  return {
    inspectTeacher: ({ files }) => inspectTeacher(givenFiles(files)),
    async loadTeacher(source) {
      session.refuseDuringRun("change the teacher");
      session.requireBackend();
      const teacher = await loadTeacher(source, () => bundledTeacher.read(), surroundings.loader.openOnnx);
      const hash = hashOfTeacher(source).catch(() => null); // files that are gone: nothing to tell it by
      session.useTeacher({ teacher, hash, source });
      return teacher.card;
    },
    dropTeacher() {
      session.refuseDuringRun("change the teacher");
      session.dropTeacher();
      return null;
    },
  };
}
