import type { OrtModule, OrtSession, OrtTensor } from './ort.js';

/**
 * Brings a tensor from the GPU to this thread, and frees it there. onnxruntime-node ends the process when it is asked
 * for such a tensor's data; a model that gives back what it takes, with its output on the CPU, has the same effect.
 */
export async function download(ort: OrtModule, tensor: OrtTensor): Promise<OrtTensor['data']> {
  const elementType = ELEMENT_TYPES.get(tensor.type);
  if (elementType === undefined || tensor.getData === undefined) return tensor.data;
  const { y } = await (await identity(ort, elementType)).run({ x: tensor });
  tensor.dispose?.();
  return y!.data;
}

/** TensorProto.DataType of the types that WebGPU computes with. */
const ELEMENT_TYPES = new Map([
  ['float32', 1],
  ['int32', 6],
  ['bool', 9],
  ['float16', 10],
  ['uint32', 12],
]);

/** Sessions that stay: the device goes away with the last session on it, and takes all tensors with it. */
const sessions = new WeakMap<OrtModule, Map<number, Promise<OrtSession>>>();

function identity(ort: OrtModule, elementType: number): Promise<OrtSession> {
  let ofModule = sessions.get(ort);
  if (ofModule === undefined) {
    ofModule = new Map();
    sessions.set(ort, ofModule);
  }
  let session = ofModule.get(elementType);
  if (session === undefined) {
    const options = { executionProviders: ['webgpu'], logSeverityLevel: 4 };
    session = ort.InferenceSession.create(identityModel(elementType), options) as Promise<OrtSession>;
    ofModule.set(elementType, session);
  }
  return session;
}

/** ONNX: y = x, of any shape; the two bytes of its element type are filled in. */
function identityModel(elementType: number): Uint8Array {
  const bytes = Buffer.from(IDENTITY, 'base64');
  bytes[45] = elementType;
  bytes[56] = elementType;
  return bytes;
}

const IDENTITY = 'CAgSBHRlc3Q6LwoQCgF4EgF5IghJZGVudGl0eRIFZ3JhcGhaCQoBeBIECgIIAWIJCgF5EgQKAggBQgQKABAR';
