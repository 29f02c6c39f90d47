using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Linear(Tensor x, Tensor weight, Tensor? bias, Activation activation, bool reuseWeight, Tensor y)
    {
        var epilogue = (bias is not null, activation == Activation.Relu) switch
        {
            (true, true) => Epilogue.ReluBias,
            (true, false) => Epilogue.Bias,
            (false, true) => Epilogue.Relu,
            _ => Epilogue.Default,
        };
        Multiply(RowsOf(x), weight.Shape[0], weight.Shape[1], x, false, weight, true, y, epilogue, bias);
        // cuBLASLt's GELU is the tanh form; BERT's is exact.
        if (activation == Activation.Gelu) Gelu(y, y);
    }

    public void LinearParameterGradients(Tensor dy, Tensor x, Tensor? dWeight, Tensor? dBias)
    {
        int rows = dy.Shape[0], outputs = dy.Shape[1], inputs = x.Shape[1];
        bool both = dWeight is not null && dBias is not null && rows > 0 && dWeight.Count > 0
            // Split operands have no such epilogue.
            && (x.DType == DType.BFloat16 || !Products.MaySplit)
            && Products.TryMultiply(outputs, inputs, rows, Activations(dy), true, Activations(x), false, F32(dWeight),
                Epilogue.BiasGradientB, F32(dBias), operands: x.DType);
        if (both) return;
        if (dWeight is not null) Multiply(outputs, inputs, rows, dy, true, x, false, dWeight);
        if (dBias is not null) BiasGradient(dy, dBias);
    }

    /// <summary>dBias [O] = Σ dy [N, O] over rows.</summary>
    void BiasGradient(Tensor dy, Tensor dBias) =>
        Launch("linear", Stored(dy, "linear_bias_gradient_f32", "linear_bias_gradient_bf16"), Ceil(dBias.Count, Warp), Block, 0,
            Activations(dy), F32(dBias), dy.Shape[0], dy.Shape[1]);
}
