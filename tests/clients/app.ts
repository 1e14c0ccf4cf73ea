// An app as a school would write it, with the types that openapi-typescript makes of our document. It does not compile if
// the document lacks what it uses.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { stdin: AsyncIterable<Uint8Array>; stdout: { write(text: string): void } };

type Order = { url: string; token: string; code: string };
type Student = components["schemas"]["StudentRow"];

const decoder = new TextDecoder();
let text = "";
for await (const chunk of process.stdin) text += decoder.decode(chunk, { stream: true });
const order: Order = JSON.parse(text);
const api = createClient<paths>({ baseUrl: order.url, headers: { authorization: `Bearer ${order.token}` } });

async function* students(): AsyncGenerator<Student> {
  let cursor: string | undefined;
  do {
    const { data, error } = await api.GET("/api/v1/students", { params: { query: { limit: 1, cursor } } });
    if (!data) throw new Error(error.detail);
    yield* data.items;
    cursor = data.next_cursor ?? undefined;
  } while (cursor);
}

const names: string[] = [];
let student_id = "";
for await (const student of students()) {
  names.push(student.display_name);
  student_id = student.student_id;
}

const path = { student_id };
const read = await api.GET("/api/v1/students/{student_id}", { params: { path } });
const tag = read.response.headers.get("etag") ?? "";
const again = await api.GET("/api/v1/students/{student_id}", { params: { path, header: { "If-None-Match": tag } } });
const change = (grade: number) =>
  api.PATCH("/api/v1/students/{student_id}", { params: { path, header: { "If-Match": tag } }, body: { grade } });
const changed = await change(8);
const late = await change(9);

// The app of a family: a code becomes tokens, and the refresh token becomes the next ones.
const open = createClient<paths>({ baseUrl: order.url });
const first = await open.POST("/auth/code", { body: { code: order.code } });
if (!first.data) throw new Error(first.error.detail);
const next = await open.POST("/auth/code", { body: { refresh_token: first.data.refresh_token } });
if (!next.data) throw new Error(next.error.detail);
const family = createClient<paths>({
  baseUrl: order.url,
  headers: { authorization: `Bearer ${next.data.access_token}` },
});
const own = await family.GET("/api/v1/own/students");
const mine = own.data?.items[0]?.student_id ?? "";
const plan = await family.GET("/api/v1/own/students/{student_id}/plan", { params: { path: { student_id: mine } } });

process.stdout.write(JSON.stringify({
  own: own.data?.items.map((student) => student.display_name),
  plan: plan.data?.items.length,
  names,
  again: again.response.status,
  grade: changed.data?.grade,
  newTag: changed.response.headers.get("etag") !== tag,
  late: late.response.status,
  says: late.error?.detail,
  left: changed.response.headers.get("ratelimit"),
}));
