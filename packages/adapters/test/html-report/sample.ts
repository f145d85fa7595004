import type { ReportModel } from '@millwright/adapters/html-report';

const DAY = 86_400_000;
const START = Date.UTC(2013, 0, 1);

/** A small, repeatable source of numbers. */
function noise(seed: number): () => number {
  let s = seed;
  return () => {
    s = (1_664_525 * s + 1_013_904_223) % 2 ** 32;
    return s / 2 ** 32;
  };
}

/** A year of a factory, about as a real report has it. */
export function sampleReport(): ReportModel {
  const next = noise(7);
  const days = Array.from({ length: 181 }, (_, i) => new Date(START + i * DAY).toISOString().slice(0, 10));
  const names = [
    'dep_hour',
    'distance',
    'carrier',
    'origin',
    'dest',
    'wind_speed',
    'visibility',
    'temperature',
    'inbound_delay_minutes_of_the_aircraft',
    'weekday',
  ];
  const columns = names.map((name, c) => ({
    name,
    scores: days.map((_, d) =>
      d < 12 && c === 6
        ? undefined
        : Math.max(0, 0.15 + 0.5 * next() * next() + (c === 7 ? d / 170 : 0) + (c === 2 && d > 130 ? 0.9 : 0)),
    ),
  }));
  const walk = (drift: number, n: number, spread: number) => {
    let y = 0;
    return Array.from({ length: n }, (_, i) => {
      y += drift + spread * (next() - 0.5);
      return { x: START + 60 * DAY + i * (DAY / 24), y };
    });
  };
  const airports = ['ATL', 'ORD', 'DFW', 'DEN', 'LAX', 'JFK', 'SFO', 'MCI', 'BOS', 'SEA'];
  return {
    title: 'Flight delays: the first half of 2013',
    summary:
      'Three million flights went through the line. Two challengers were promoted, one was rolled back by the evidence on missed delays, and every step is in the ledger.',
    time: Date.UTC(2013, 6, 1, 6, 30),
    facts: [
      { label: 'Flights served', value: 3_041_822 },
      { label: 'Model versions', value: 5, note: '2 promoted, 1 rolled back' },
      { label: 'Time to roll back', value: '41 min', note: 'from first exposure' },
      { label: 'Missed delays', value: '18.2 %', note: '−2.4 pp since January' },
      { label: 'Ledger events', value: 1_284 },
    ],
    timeline: [
      {
        time: START,
        kind: 'data',
        sentence: 'January flights were added as a curated dataset.',
        detail: '486 133 rows, 14 columns; 12 of 12 expectations pass.',
      },
      { time: START + 2 * DAY, kind: 'run', sentence: 'A first model was trained.' },
      { time: START + 2.2 * DAY, kind: 'model', sentence: 'flight-delay@1 was registered by maria.' },
      {
        time: START + 2.4 * DAY,
        kind: 'approval',
        sentence: 'jonas approved flight-delay@1.',
        detail: 'Second pair of eyes, as the risk policy asks.',
      },
      { time: START + 2.5 * DAY, kind: 'promotion', sentence: 'flight-delay@1 became champion.' },
      {
        time: START + 44 * DAY,
        kind: 'drift',
        sentence: 'Temperature drifted beyond its threshold: the monitor asked for retraining.',
      },
      {
        time: START + 46 * DAY,
        kind: 'evaluation',
        sentence: 'flight-delay@2 was compared with the champion on 51 204 held-out flights.',
      },
      {
        time: START + 46.1 * DAY,
        kind: 'gate',
        sentence: 'The gate holds: 1 240 more rows are needed on the slice origin = MCI.',
      },
      { time: START + 60 * DAY, kind: 'rollout', sentence: 'flight-delay@3 started at 1 % of flights.' },
      {
        time: START + 66 * DAY,
        kind: 'rollback',
        sentence: 'flight-delay@3 was rolled back: it missed more delays than the margin allows.',
        detail: 'e-value 412 against a threshold of 100.',
      },
      { time: START + 90 * DAY, kind: 'review', sentence: 'Three escalated predictions were decided by people.' },
      {
        time: START + 120 * DAY,
        kind: 'promotion',
        sentence: 'flight-delay@4 became champion after five days of rollout.',
      },
    ],
    evaluations: [
      {
        sentence:
          'The challenger finds more delays at the same alarm rate; no slice is harmed beyond the margin of 1 pp.',
        champion: 'flight-delay@1',
        challenger: 'flight-delay@4',
        decision: 'promote',
        metrics: [
          {
            name: 'Accuracy',
            champion: 0.8124,
            challenger: 0.8231,
            difference: { value: 0.0107, low: 0.0081, high: 0.0133 },
            verdict: 'pass',
            format: 'share',
          },
          {
            name: 'Recall of delays',
            champion: 0.412,
            challenger: 0.4663,
            difference: { value: 0.0543, low: 0.041, high: 0.0676 },
            verdict: 'pass',
            format: 'share',
          },
          {
            name: 'Log loss',
            champion: 0.4312,
            challenger: 0.4188,
            difference: { value: -0.0124, low: -0.0151, high: -0.0097 },
            verdict: 'pass',
          },
          {
            name: 'Calibration error',
            champion: 0.021,
            challenger: 0.023,
            difference: { value: 0.002, low: -0.001, high: 0.005 },
            verdict: 'insufficient',
          },
          {
            name: 'Recall on holidays',
            champion: undefined,
            challenger: 0.31,
            verdict: 'insufficient',
            format: 'share',
          },
        ],
        slices: {
          caption: 'Recall by origin, challenger minus champion',
          margin: -0.01,
          rows: airports.map((name, i) => {
            const value = i === 7 ? -0.031 : 0.04 - 0.006 * i;
            return {
              name: `origin = ${name}`,
              rows: 5_204 - 480 * i,
              difference: { value, low: value - 0.006 - 0.002 * i, high: value + 0.006 + 0.002 * i },
              verdict: i === 7 ? 'fail' : i === 9 ? 'insufficient' : 'pass',
            } as const;
          }),
        },
      },
    ],
    validations: [
      {
        title: 'flights, January',
        sentence: '5 of 8 expectations pass on 486 133 rows.',
        verdict: 'fail',
        checks: [
          { subject: 'dep_hour', verdict: 'pass', sentence: 'is between 0 and 23.' },
          { subject: 'dep_hour', verdict: 'pass', sentence: 'is never null.' },
          {
            subject: 'wind_speed',
            verdict: 'insufficient',
            sentence: 'Cannot say whether it is at most 200: no row is left to consider.',
          },
          {
            subject: 'inbound_delay_minutes_of_the_aircraft',
            verdict: 'fail',
            sentence: 'Expected that it is at least -60: 3 of 486,133 rows (0.000617 %) do not.',
            samples: 'row 17: -240, row 4401: -61, row 90210: -1440',
          },
          { subject: 'inbound_delay_minutes_of_the_aircraft', verdict: 'pass', sentence: 'holds numbers.' },
          {
            subject: 'carrier',
            verdict: 'fail',
            warning: true,
            sentence: 'Expected that it is one of `AA`, `DL`, `UA`: 12 of 486,133 rows do not.',
          },
          { subject: 'carrier', verdict: 'pass', sentence: 'is never null.' },
          {
            subject: 'the whole table',
            verdict: 'pass',
            sentence: 'The number of rows is at least 400000: there are 486,133.',
          },
        ],
      },
    ],
    calibrations: [
      {
        title: 'late',
        sentence:
          'On average over all rows, flight-delay@4 is off by 1.10 percentage points; flight-delay@1 is off by 4.31.',
        curves: [0.02, 0.11].map((bend, c) => ({
          label: c === 0 ? 'flight-delay@4' : 'flight-delay@1',
          bins: Array.from({ length: 10 }, (_, i) => {
            const said = 0.05 + i / 10;
            const value = said - bend * Math.sin(2 * Math.PI * said);
            const rows = Math.round(9_000 * Math.exp(-i / 2.2)) + 60;
            const half = 1.96 * Math.sqrt((value * (1 - value)) / rows);
            return { said, share: { value, low: value - half, high: value + half }, rows };
          }),
        })),
      },
    ],
    reviews: {
      sentence: '3 asked, 2 closed; 50.00 % of the decisions went against the model.',
      reviews: [
        {
          time: START + 90 * DAY,
          queue: 'escalations',
          subject: 'flight UA-1021, 3 April',
          question: 'Warn passengers although the model is not sure?',
          recommendation: 'do not warn',
          decisions: [
            {
              by: 'maria',
              choice: 'warn',
              reason: 'A storm is over the airport.',
              time: START + 90 * DAY + 240_000,
              tookMs: 180_000,
            },
          ],
          outcome: 'warn',
        },
        {
          time: START + 110 * DAY,
          queue: 'approvals',
          subject: 'flight-delay@4',
          question: 'May flight-delay@4 become champion?',
          recommendation: 'approve',
          decisions: [
            {
              by: 'jonas',
              choice: 'approve',
              reason: 'Read the gate.',
              time: START + 110 * DAY + 9e6,
              tookMs: 5_400_000,
            },
            { by: 'ravi', choice: 'reject', time: START + 111 * DAY, tookMs: 40_000 },
          ],
          outcome: 'approve, settled by lena: Nights were checked by hand.',
        },
        { time: START + 130 * DAY, subject: 'flight-delay@5', question: 'Which label is right?', decisions: [] },
      ],
    },
    rollouts: [
      {
        title: 'flight-delay@3',
        sentence:
          'flight-delay@3 was exposed to at most 5 % of flights for six days before the evidence on missed delays crossed its threshold.',
        share: [
          { time: START + 60 * DAY, share: 0.01, stage: '1 %' },
          { time: START + 62 * DAY, share: 0.05, stage: '5 %' },
          { time: START + 66 * DAY, share: 0 },
          { time: START + 67 * DAY, share: 0 },
        ],
        evidence: [
          { label: 'missedDelays is worse', of: 'harm', points: walk(0.034, 145, 0.5), threshold: Math.log(100) },
          { label: 'errors is worse', of: 'harm', points: walk(-0.012, 145, 0.2), threshold: Math.log(100) },
          { label: 'missedDelays is better', of: 'benefit', points: walk(-0.02, 145, 0.3), threshold: Math.log(20) },
        ],
        metrics: [
          { name: 'missedDelays', championRows: 204_110, challengerRows: 10_771, harm: 6.02, proof: -8.1 },
          { name: 'errors', championRows: 204_110, challengerRows: 10_771, harm: -1.2, proof: undefined },
        ],
        moments: [
          { time: START + 60 * DAY, sentence: 'In force at 1 % of flights.', actor: 'maria' },
          {
            time: START + 62 * DAY,
            sentence: 'Enough was seen in the 1 % stage, and nothing speaks against the challenger.',
            actor: 'rollout',
          },
        ],
        end: {
          time: START + 66 * DAY,
          kind: 'rollback',
          sentence: 'Rolled back: missed delays are worse by more than 1 pp (e-value 412, threshold 100).',
        },
      },
    ],
    drift: {
      sentence: 'Temperature follows the season; the carrier mix changed in May when a carrier left.',
      days,
      columns,
      decisions: [
        {
          when: days[44]!,
          action: 'retrain',
          sentence: 'Temperature moved beyond its margin in 5 of the last 7 windows.',
        },
        { when: days[134]!, action: 'escalate', sentence: 'carrier has lost a category that was a fifth of all rows.' },
      ],
      lines: [
        {
          title: 'Missed delays by day',
          x: 'time',
          format: 'share',
          series: [
            {
              label: 'measured',
              points: days.map((_, i) => ({
                x: START + i * DAY,
                y: i > 80 && i < 86 ? undefined : 0.19 + 0.03 * Math.sin(i / 20) + 0.02 * next(),
                low: 0.18 + 0.03 * Math.sin(i / 20),
                high: 0.23 + 0.03 * Math.sin(i / 20),
              })),
            },
            {
              label: 'estimated without labels',
              tone: 'muted',
              points: days.map((_, i) => ({ x: START + i * DAY, y: 0.2 + 0.03 * Math.sin(i / 20) })),
            },
          ],
          thresholds: [{ y: 0.25, label: 'tolerated' }],
        },
      ],
      histograms: [
        {
          title: 'Temperature in June against January',
          edges: [-20, -10, 0, 5, 10, 15, 20, 25, 30, 40],
          reference: [0.1, 0.24, 0.2, 0.16, 0.12, 0.09, 0.05, 0.03, 0.01],
          current: [0, 0, 0.01, 0.04, 0.1, 0.2, 0.27, 0.26, 0.12],
        },
      ],
    },
    lineage: {
      sentence: 'Every champion, and what it was made from.',
      nodes: [
        { id: 'dataset:raw@1', kind: 'dataset', label: 'flights-raw@1' },
        { id: 'dataset:weather@1', kind: 'dataset', label: 'weather@1' },
        { id: 'run:join', kind: 'run', label: 'join and clean' },
        { id: 'dataset:flights@1', kind: 'dataset', label: 'flights@1' },
        { id: 'dataset:flights@2', kind: 'dataset', label: 'flights@2' },
        { id: 'run:t1', kind: 'run', label: 'train 1' },
        { id: 'run:t2', kind: 'run', label: 'train 2' },
        { id: 'model:1', kind: 'model', label: 'flight-delay@1' },
        { id: 'model:4', kind: 'model', label: 'flight-delay@4' },
        { id: 'report:1', kind: 'report', label: 'comparison 4 / 1' },
      ],
      edges: [
        { from: 'dataset:raw@1', to: 'run:join' },
        { from: 'dataset:weather@1', to: 'run:join' },
        { from: 'run:join', to: 'dataset:flights@1' },
        { from: 'run:join', to: 'dataset:flights@2' },
        { from: 'dataset:flights@1', to: 'run:t1' },
        { from: 'dataset:flights@1', to: 'run:t2' },
        { from: 'dataset:flights@2', to: 'run:t2' },
        { from: 'run:t1', to: 'model:1' },
        { from: 'run:t2', to: 'model:4' },
        { from: 'model:1', to: 'report:1' },
        { from: 'model:4', to: 'report:1' },
        { from: 'dataset:weather@1', to: 'run:t2' },
      ],
    },
    ledger: {
      sentence: 'The whole history was read back and its hashes agree.',
      size: 1_284,
      head: 'sha256:9f2c1a4b7d8e00112233445566778899aabbccddeeff00112233445566778899',
      root: 'sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9',
      verified: true,
      detail: '1 284 events in 48 ms',
    },
    charts: [
      {
        title: 'Cost',
        sentence: 'Where the milliseconds of a request go.',
        charts: [
          {
            kind: 'bars',
            title: 'Microseconds per request',
            bars: [
              { label: 'contract', value: 0.2 },
              { label: 'routing', value: 0.1 },
              { label: 'model', value: 7.4 },
              { label: 'decision record', value: 1.3, tone: 'muted' },
            ],
          },
        ],
      },
    ],
    tables: [
      {
        title: 'Versions',
        caption: 'All versions of flight-delay',
        columns: [
          { label: 'Version' },
          { label: 'Registered', format: 'time' },
          { label: 'Recall', format: 'share' },
          { label: 'Rows', format: 'integer' },
          { label: 'State' },
        ],
        rows: [
          ['flight-delay@1', START + 2.2 * DAY, 0.412, 486_133, 'archived'],
          ['flight-delay@3', START + 58 * DAY, 0.44, 902_114, 'rolled back'],
          ['flight-delay@4', START + 112 * DAY, 0.4663, 1_801_220, 'champion'],
        ],
      },
    ],
  };
}
