import { serveInWorker, type WorkerScope } from '@millwright/serving/browser';

serveInWorker(self as WorkerScope);
