import type { TeacherSource } from "../../contract/protocol.ts";
import { hex, sha256 } from "../../lib/sha256.ts";
import bundledCard from "./bundledTeacher/teacher.json";

/** Larger files are not read a second time: their embeddings are kept for the visit only. */
const mostBytes = 512 * 1024 * 1024;

/** SHA-256 (hex) of everything a teacher's embeddings depend on: its files and how it is used. */
export async function hashOfTeacher(source: TeacherSource): Promise<string | null> {
  if (source.kind === "bundled") return bundledCard.sha256;
  const { files } = source;
  if (files.reduce((sum, { size }) => sum + size, 0) > mostBytes) return null;
  const hashes: string[] = [];
  for (const file of files) {
    hashes.push(hex(await sha256(new Uint8Array(await file.arrayBuffer()))));
  }
  const whole = new TextEncoder().encode(JSON.stringify([hashes.sort(), source.recipe ?? null]));
  return hex(await sha256(whole));
}
