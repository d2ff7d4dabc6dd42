import { encodeVarint } from "./protobuf.ts";

/** Part of a message in the wire format of protocol buffers; parts one after the other are a message. */
export type ProtoPart = Uint8Array | readonly number[];

/** A whole number of at least 0. */
export function numberField(field: number, value: number): ProtoPart {
  return [...encodeVarint(field * 8), ...encodeVarint(value)];
}

export function floatField(field: number, value: number): ProtoPart {
  return [...encodeVarint(field * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

export function textField(field: number, value: string): ProtoPart {
  return messageField(field, new TextEncoder().encode(value));
}

/** A message, or plain bytes, within another message. */
export function messageField(field: number, ...content: readonly ProtoPart[]): ProtoPart {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return joinParts([encodeVarint(field * 8 + 2), encodeVarint(length), ...content]);
}

export function joinParts(parts: readonly ProtoPart[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
