/** An event of a stream, its data read as JSON. */
export interface StreamEvent {
  name: string;
  data: unknown;
}

/** The events of an answer of the type text/event-stream, as they come; an event that is cut off is none. */
export async function* eventsOf(answer: Response): AsyncGenerator<StreamEvent> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop()!;
    for (const part of parts) yield read(part);
  }
}

function read(part: string): StreamEvent {
  const field = (name: string) => part.split('\n').filter(line => line.startsWith(`${name}: `))
    .map(line => line.slice(name.length + 2)).join('\n');
  return { name: field('event'), data: JSON.parse(field('data')) };
}
