/** Id of the hidden input (`TeacherInput.tsx`) that asks for a teacher's files. */
export const teacherInput = "teacher-file";
