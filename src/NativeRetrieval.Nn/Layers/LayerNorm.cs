using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary><c>y = γ·(x − μ)/√(σ² + ε) + β</c> over the last axis; γ starts at 1, β at 0.</summary>
public sealed class LayerNorm : Module
{
    readonly double _epsilon;

    /// <summary>A layer with γ = 1 and β = 0.</summary>
    /// <param name="width">Size of the last axis.</param>
    public LayerNorm(int width, double epsilon, Device device, DType dtype)
    {
        _epsilon = epsilon;
        Weight = Parameter("weight", Op.Full([width], 1, device, dtype));
        Bias = Parameter("bias", Tensor.Zeros([width], device, dtype));
    }

    /// <summary>γ, [D].</summary>
    public Tensor Weight { get; }

    /// <summary>β, [D].</summary>
    public Tensor Bias { get; }

    /// <summary>Normalises each row of the last axis.</summary>
    /// <param name="x">[…, D].</param>
    /// <returns>[…, D].</returns>
    public Tensor Forward(Tensor x) => Op.LayerNorm(x, Weight, Bias, _epsilon);

    /// <summary>Normalises each row of <c>dropout(x) + residual</c>.</summary>
    /// <param name="x">[…, D], in training a row for each token.</param>
    /// <param name="residual">Like <paramref name="x"/>.</param>
    /// <param name="dropout">Share of <paramref name="x"/> that is dropped in training.</param>
    /// <param name="pass">Null for evaluation.</param>
    /// <returns>[…, D].</returns>
    public Tensor Forward(Tensor x, Tensor residual, double dropout, TrainingPass? pass) => pass is null
        ? Op.AddLayerNorm(x, residual, Weight, Bias, _epsilon)
        : Op.AddLayerNorm(x, residual, Weight, Bias, _epsilon, dropout,
            pass.NextTokenStream(x.Shape[^1]));
}
