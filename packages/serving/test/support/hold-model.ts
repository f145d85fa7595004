/** Loads a model in a process with another standing by, says so, and waits to be killed. `node hold-model.ts` */
import { writeSync } from 'node:fs';
import { onnx } from '@millwright/serving';
import { artifactOf, logistic } from './models.js';

await onnx({ placement: 'process' }).load(artifactOf({ 'm.onnx': logistic([1], 0) }));
writeSync(1, 'ready\n');
setInterval(() => undefined, 60_000);
