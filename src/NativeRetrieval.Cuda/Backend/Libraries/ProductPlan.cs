using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// cuBLASLt's descriptors and algorithms for one product. The library's matrices are column-major, where a row-major matrix is its
/// transpose: it is asked for Cᵀ = op(B)ᵀ·op(A)ᵀ.
/// </summary>
internal sealed unsafe class ProductPlan : IDisposable
{
    /// <summary>The most proposals that are taken.</summary>
    const int Most = 8;

    readonly MatmulHandle _product;
    readonly MatrixLayoutHandle _left, _right, _result;

    ProductPlan(ProductShape shape)
    {
        _product = MatmulHandle.Create(shape.Math == Precision.Tf32 ? CublasComputeType.Float32FastTf32 : CublasComputeType.Float32,
            CudaDataType.Float32);
        _product.Set(MatmulAttribute.TransposeA, shape.TransposeB ? CublasOperation.Transpose : CublasOperation.None);
        _product.Set(MatmulAttribute.TransposeB, shape.TransposeA ? CublasOperation.Transpose : CublasOperation.None);
        _product.Set(MatmulAttribute.Epilogue, shape.Epilogue);
        _right = Matrix(shape.Operands, shape.TransposeB ? shape.Columns : shape.Inner, shape.TransposeB ? shape.Inner : shape.Columns);
        _left = Matrix(shape.Operands, shape.TransposeA ? shape.Inner : shape.Rows, shape.TransposeA ? shape.Rows : shape.Inner);
        _result = Matrix(shape.Result, shape.Rows, shape.Columns);

        MatrixLayoutHandle Matrix(CudaDataType type, int rows, int columns)
        {
            var layout = MatrixLayoutHandle.Create(type, columns, rows, columns);
            if (shape.Count > 1) layout.Repeat(shape.Count, (long)rows * columns);
            return layout;
        }
    }

    /// <summary>The library's proposals, its favourite first; none where it has no algorithm with the epilogue.</summary>
    public IReadOnlyList<MatmulAlgorithm> Algorithms { get; private set; } = [];

    /// <param name="workspace">Its address stands for a bias, too: some epilogues want to see one before they are judged.</param>
    public static ProductPlan Of(ProductShape shape, CublasLtHandle handle, PreferenceHandle preference, nint workspace)
    {
        var plan = new ProductPlan(shape);
        if (shape.Epilogue != Epilogue.Default) plan._product.Set(MatmulAttribute.BiasPointer, workspace);
        var proposals = stackalloc MatmulHeuristic[Most];
        var status = cublasLtMatmulAlgoGetHeuristic(
            handle, plan._product, plan._right, plan._left, plan._result, plan._result, preference, Most, proposals, out int found);
        if (status == CublasStatus.NotSupported) return plan;
        status.ThrowIfFailed($"cublasLtMatmulAlgoGetHeuristic({shape})");
        var algorithms = new List<MatmulAlgorithm>();
        foreach (var proposal in new ReadOnlySpan<MatmulHeuristic>(proposals, found))
            if (proposal.State == CublasStatus.Success) algorithms.Add(proposal.Algorithm);
        plan.Algorithms = algorithms;
        return plan;
    }

    /// <summary>Queues the product by one of <see cref="Algorithms"/>.</summary>
    public CublasStatus Run(int which, CublasLtHandle handle, ProductOperands operands, nint workspace, long workspaceBytes,
        Interop.Driver.StreamHandle stream)
    {
        if (operands.Vector != 0) _product.Set(MatmulAttribute.BiasPointer, operands.Vector);
        bool adds = operands.Summand != 0;
        float one = 1, ofSummand = adds ? 1 : 0;
        var algorithm = Algorithms[which];
        return cublasLtMatmul(handle, _product, &one, operands.B, _right, operands.A, _left, &ofSummand,
            adds ? operands.Summand : operands.C, _result, operands.C, _result, &algorithm, workspace, (nuint)workspaceBytes,
            stream);
    }

    public void Dispose()
    {
        _product.Dispose();
        _left.Dispose();
        _right.Dispose();
        _result.Dispose();
    }
}

/// <summary>Addresses of a product's matrices.</summary>
/// <param name="Vector">The vector that the epilogue reads or writes, or 0.</param>
/// <param name="Summand">A matrix like C that is added to the product, or 0.</param>
internal readonly record struct ProductOperands(nint A, nint B, nint C, nint Vector, nint Summand);
