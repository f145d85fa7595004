import { screen } from './console.js';

const out = screen();
out.heading('Three million flights');
try {
  // Loaded after the first line, so that a person sees at once that something happens.
  const { flightsFile, readFlights } = await import('./flights.js');
  const { tellStory } = await import('./story.js');
  const { writeReports } = await import('./report.js');
  const table = await readFlights(flightsFile(), (done, total) => out.progress('reading', done, total));
  out.line(`${table.rowCount.toLocaleString('en-US')} flights, January to June 2001`);
  await using story = await tellStory('.factory', table, out);
  await writeReports(story, out);
} catch (error) {
  // A person reads this: the message says what to do; the stack helps only where it is a bug of the example.
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  if (process.env['DEBUG'] !== undefined) console.error(error);
  process.exitCode = 1;
}
