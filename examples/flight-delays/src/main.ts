import { columnOf, type DictionaryChunk } from '@millwright/core/table';
import { screen } from './console.js';
import { flightsFile, readFlights } from './flights.js';
import { writeReports } from './report.js';
import { tellStory } from './story.js';

const out = screen();
try {
  out.heading('Three million flights');
  const table = await readFlights(flightsFile(), (done, total) => out.progress('reading', done, total));
  const airports = (columnOf(table, 'origin').chunks as readonly DictionaryChunk[])[0]!.dictionary.length;
  out.line(`${table.rowCount.toLocaleString('en-US')} flights between ${airports} airports, January to June 2001`);
  await using story = await tellStory('.factory', table, out);
  await writeReports(story, out);
} catch (error) {
  // A person reads this: the message says what to do; the stack helps only where it is a bug of the example.
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  if (process.env['DEBUG'] !== undefined) console.error(error);
  process.exitCode = 1;
}
