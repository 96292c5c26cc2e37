/** The network of a model, run by ONNX Runtime on the reader's own processor. */

import * as ort from "onnxruntime-web/wasm";
import { Plane, padByReflection } from "./resize.js";

/** A model: what `colorlib export` wrote about it, and its network. */
export class Model {
  constructor(settings, session) {
    this.settings = settings;
    this.session = session;
  }

  /**
   * Load a network.
   *
   * @param settings - the metadata of the file: image_size, tta, min_size, size_multiple, scaler.
   * @param weights - the bytes of the ONNX file.
   * @param runtime - the bytes of ONNX Runtime's WebAssembly.
   */
  static async load(settings, weights, runtime) {
    ort.env.wasm.numThreads = 1; // more need headers that few web hosts send
    ort.env.wasm.wasmBinary = runtime;
    const session = await ort.InferenceSession.create(weights, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
    return new Model(settings, session);
  }

  /**
   * Predict {a, b, uncertainty} for a plane of L in [-1, 1].
   *
   * a and b are divided by `scaler.ab_scale`. Uncertainty is the distance from the true colour that
   * the model expects, in Lab units; it is undefined if the model cannot tell.
   */
  run = async (L) => {
    const multiple = this.settings.size_multiple;
    const [width, height] = [L.width, L.height].map(
      (side) => Math.ceil(side / multiple) * multiple,
    );
    const input = new ort.Tensor("float32", padByReflection(L, width, height), [
      1,
      1,
      height,
      width,
    ]);
    const { output, uncertainty } = await this.session.run({ L: input });
    const crop = (values, channel) => {
      const plane = new Plane(L.width, L.height);
      for (let y = 0; y < L.height; y++) {
        const start = (channel * height + y) * width;
        plane.values.set(values.subarray(start, start + L.width), y * L.width);
      }
      return plane;
    };
    return {
      a: crop(output.data, 0),
      b: crop(output.data, 1),
      uncertainty: uncertainty && crop(uncertainty.data, 0),
    };
  };
}
