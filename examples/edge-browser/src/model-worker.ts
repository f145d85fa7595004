import { serveModel, type WorkerScope } from '@millwright/serving/browser';

serveModel(self as WorkerScope);
