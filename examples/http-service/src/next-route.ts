// Saved as `app/factory/[...path]/route.ts` this is the whole of it in Next: a route handler takes a Request and gives a
// Response. The promise is made once per process, when the first request comes.
import { factory } from './factory.js';

let handler: ReturnType<typeof factory> | undefined;

/** Answers every method under `/factory`. */
export async function GET(request: Request): Promise<Response> {
  handler ??= factory();
  return (await handler)(request);
}

export const POST = GET;
