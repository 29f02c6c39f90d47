using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    const int GeluBlock = 128;

    /// <summary>Products with GELU, by rows, outputs and inputs, and whether one kernel does both.</summary>
    readonly Dictionary<(int Rows, int Outputs, int Inputs), bool> _geluInOne = [];

    /// <summary>Computes a product and its GELU in one kernel wherever there is one, or nowhere; null: whichever way is faster.</summary>
    public bool? GeluByOneKernel { get; set; }

    public void Linear(Tensor x, Tensor weight, Tensor? bias, Activation activation, Tensor y)
    {
        if (activation == Activation.Gelu && bias is not null && IsGeluInOne(x, weight, bias, y)) GeluOfProduct(x, weight, bias, y);
        else LinearByLibrary(x, weight, bias, activation, y);
    }

    void LinearByLibrary(Tensor x, Tensor weight, Tensor? bias, Activation activation, Tensor y)
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

    /// <summary>True where the own kernel is taken for float32: it is timed against the library's product and a pass of GELU.</summary>
    bool IsGeluInOne(Tensor x, Tensor weight, Tensor bias, Tensor y)
    {
        var size = (Rows: RowsOf(x), Outputs: weight.Shape[0], Inputs: weight.Shape[1]);
        if (y.DType != DType.Float32 || y.Count == 0 || size.Inputs == 0 || Ceil(size.Rows, ProductRows) > GridLimit
            || (Exact == 1 && !Algorithms.MaySplit(0)))
            return false;
        if (GeluByOneKernel is { } forced) return forced;
        lock (_lock)
            if (_geluInOne.TryGetValue(size, out bool known)) return known;
        bool inOne = Algorithms.Choose($"gelu of product {size.Rows}x{size.Outputs}x{size.Inputs} {device.Options.Precision}",
            ["one kernel", "two"], way =>
            {
                if (way == 0) GeluOfProduct(x, weight, bias, y);
                else LinearByLibrary(x, weight, bias, Activation.Gelu, y);
            }) == 0;
        lock (_lock) return _geluInOne[size] = inOne;
    }

    void GeluOfProduct(Tensor x, Tensor weight, Tensor bias, Tensor y)
    {
        int rows = RowsOf(x), outputs = weight.Shape[0];
        Launch("linear", "linear_gelu_f32", (Ceil(outputs, ProductColumns), Ceil(rows, ProductRows), 1), GeluBlock, ProductBytes,
            F32(x), F32(weight), F32(bias), F32(y), rows, weight.Shape[1], outputs, Exact);
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

    /// <summary>dBias [O] = Σ dy [N, O] over rows: parts of the rows that fill the device, then the sum of the parts.</summary>
    void BiasGradient(Tensor dy, Tensor dBias)
    {
        const int leastRows = 32;
        int rows = dy.Shape[0], width = dy.Shape[1], columns = Ceil(width, SumColumns * sizeof(float) / dy.DType.SizeBytes());
        int perPart = Math.Max(leastRows, Ceil(rows, Math.Max(1, Multiprocessors / Math.Max(1, columns)))), count = Ceil(rows, perPart);
        string entryPoint = Stored(dy, "linear_bias_gradient_f32", "linear_bias_gradient_bf16");
        if (count <= 1)
        {
            Launch("linear", entryPoint, columns, Block, 0, Activations(dy), F32(dBias), rows, width, perPart);
            return;
        }
        using var parts = Tensor.Empty([count, width], device);
        Launch("linear", entryPoint, (columns, count, 1), Block, 0, Activations(dy), F32(parts), rows, width, perPart);
        Launch("linear", "linear_bias_gradient_f32", Ceil(width, SumColumns), Block, 0, F32(parts), F32(dBias), count, width, count);
    }
}
