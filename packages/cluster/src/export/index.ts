/** Models in forms that other programs read. */
export { type OnnxOptions, toOnnx } from './onnx.js';
