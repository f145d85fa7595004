import { factory } from './factory.js';
import { plain } from './servers.js';

const { url } = await plain(await factory());
console.log(`curl ${url}/factory/health/ready
curl -H 'authorization: Bearer dashboard-key' ${url}/factory/models
curl -H 'authorization: Bearer maria-key' -H 'content-type: application/json' \\
  -d '{ "input": { "euros": 500 }, "unit": "customer-1" }' ${url}/factory/endpoints/fraud/predict
curl ${url}/factory/metrics`);
