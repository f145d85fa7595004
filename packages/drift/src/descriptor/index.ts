export { type AudioDescriptor, type AudioSamples, describeAudio } from './audio.js';
export { describeImage, type ImageDescriptor, type ImagePixels } from './image.js';
export { type ModalityDrift, modalityDrift } from './modality.js';
export { descriptorTable } from './table.js';
export { describeText, hashedWords, type TextDescriptor, type TextOptions, vocabularyOf } from './text.js';
