export { type ParquetColumnType, type ReadParquetOptions, readParquet } from './parquet/read.js';
export { type WriteParquetOptions, writeParquet } from './parquet/write.js';
