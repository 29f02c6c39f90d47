using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Row-major float32 products C = op(A)·op(B) by cuBLASLt with what follows them in one pass. The library's matrices are
/// column-major, where a row-major matrix is its transpose: it is asked for Cᵀ = op(B)ᵀ·op(A)ᵀ. Algorithms are chosen once for
/// each combination of sizes, operations and alignment.
/// </summary>
internal sealed unsafe class MatrixProducts : IDisposable
{
    /// <summary>The architecture from which on NVIDIA recommends 32 MiB of workspace; 4 MiB before.</summary>
    const int HopperArchitecture = 90;

    const int BestAlignment = 256;

    readonly CudaDevice _device;
    readonly Lock _lock = new();
    readonly CublasLtHandle _handle;
    readonly Dictionary<Key, Plan?> _plans = [];
    readonly DeviceBuffer _workspace;
    readonly PreferenceHandle?[] _preferences = new PreferenceHandle?[BestAlignment + 1];

    public MatrixProducts(CudaDevice device)
    {
        _device = device;
        _handle = CublasLtHandle.Create(device.Context);
        _workspace = new(device.Context, device.Properties.Architecture >= HopperArchitecture ? 32 << 20 : 4 << 20);
    }

    /// <summary>C [rows, columns] = op(A)·op(B), then the epilogue.</summary>
    /// <param name="a">[rows, inner], or [inner, rows] with <paramref name="transposeA"/>.</param>
    /// <param name="b">[inner, columns], or [columns, inner] with <paramref name="transposeB"/>.</param>
    /// <param name="epilogue">A bias has one entry per column of C; <see cref="Epilogue.BiasGradientB"/> writes the sums of op(A)'s
    /// rows.</param>
    /// <param name="bias">The vector that the epilogue reads or writes, or 0.</param>
    /// <param name="exact">True forbids TF32, whatever the device's options say.</param>
    /// <param name="accumulate">True adds the product to the values of C.</param>
    /// <returns>False where the library has no algorithm with this epilogue: nothing was done.</returns>
    public bool TryMultiply(int rows, int columns, int inner, nint a, bool transposeA, nint b, bool transposeB, nint c,
        Epilogue epilogue = Epilogue.Default, nint bias = 0, bool exact = false, bool accumulate = false)
    {
        bool tf32 = _device.Options.Precision != Precision.Float32 && !exact;
        var key = new Key(rows, columns, inner, transposeA, transposeB, epilogue, AlignmentOf(a | b | c), tf32);
        lock (_lock)
        {
            using var scope = _device.Context.Enter();
            if (!_plans.TryGetValue(key, out var plan)) _plans.Add(key, plan = Choose(key));
            if (plan is null) return false;
            if (bias != 0) plan.Product.Set(MatmulAttribute.BiasPointer, bias);
            float one = 1, kept = accumulate ? 1 : 0;
            var algorithm = plan.Algorithm;
            cublasLtMatmul(_handle, plan.Product, &one, b, plan.Right, a, plan.Left, &kept, c, plan.Result, c, plan.Result, &algorithm,
                _workspace.Address, (nuint)_workspace.SizeBytes, _device.Stream.Handle).ThrowIfFailed($"cublasLtMatmul({key})");
            return true;
        }
    }

    /// <summary>The same product, for which the library must have an algorithm.</summary>
    /// <exception cref="Errors.CudaException">The library has no algorithm.</exception>
    public void Multiply(int rows, int columns, int inner, nint a, bool transposeA, nint b, bool transposeB, nint c,
        Epilogue epilogue = Epilogue.Default, nint bias = 0, bool exact = false, bool accumulate = false)
    {
        if (!TryMultiply(rows, columns, inner, a, transposeA, b, transposeB, c, epilogue, bias, exact, accumulate))
            CublasStatus.NotSupported.ThrowIfFailed($"cublasLtMatmulAlgoGetHeuristic({rows} x {columns} x {inner}, {epilogue})");
    }

    public void Dispose()
    {
        foreach (var plan in _plans.Values) plan?.Dispose();
        foreach (var preference in _preferences) preference?.Dispose();
        _workspace.Dispose();
        _handle.Dispose();
    }

    Plan? Choose(Key key)
    {
        var plan = new Plan(key, key.Tf32 ? CublasComputeType.Float32FastTf32 : CublasComputeType.Float32);
        var preference = _preferences[key.AlignmentBytes] ??= PreferenceHandle.Create(_workspace.SizeBytes, key.AlignmentBytes);
        MatmulHeuristic best;
        // Some epilogues want to see the pointer before they are judged; any will do.
        if (key.Epilogue != Epilogue.Default) plan.Product.Set(MatmulAttribute.BiasPointer, _workspace.Address);
        var status = cublasLtMatmulAlgoGetHeuristic(
            _handle, plan.Product, plan.Right, plan.Left, plan.Result, plan.Result, preference, 1, &best, out int found);
        if (status == CublasStatus.Success && found > 0 && best.State == CublasStatus.Success)
        {
            plan.Algorithm = best.Algorithm;
            return plan;
        }
        plan.Dispose();
        if (status is not (CublasStatus.Success or CublasStatus.NotSupported))
            status.ThrowIfFailed($"cublasLtMatmulAlgoGetHeuristic({key})");
        return null;
    }

    /// <summary>The largest power of two up to 256 that divides all addresses or-ed together.</summary>
    static int AlignmentOf(nint addresses) => (int)Math.Min(BestAlignment, addresses & -addresses);

    readonly record struct Key(
        int Rows, int Columns, int Inner, bool TransposeA, bool TransposeB, Epilogue Epilogue, int AlignmentBytes, bool Tf32);

    sealed class Plan : IDisposable
    {
        public Plan(Key key, CublasComputeType compute)
        {
            Product = MatmulHandle.Create(compute, CudaDataType.Float32);
            Product.Set(MatmulAttribute.TransposeA, key.TransposeB ? CublasOperation.Transpose : CublasOperation.None);
            Product.Set(MatmulAttribute.TransposeB, key.TransposeA ? CublasOperation.Transpose : CublasOperation.None);
            Product.Set(MatmulAttribute.Epilogue, key.Epilogue);
            Right = Matrix(key.TransposeB ? key.Columns : key.Inner, key.TransposeB ? key.Inner : key.Columns);
            Left = Matrix(key.TransposeA ? key.Inner : key.Rows, key.TransposeA ? key.Rows : key.Inner);
            Result = Matrix(key.Rows, key.Columns);

            static MatrixLayoutHandle Matrix(int rows, int columns) =>
                MatrixLayoutHandle.Create(CudaDataType.Float32, columns, rows, columns);
        }

        public MatmulHandle Product { get; }

        public MatrixLayoutHandle Left { get; }

        public MatrixLayoutHandle Right { get; }

        public MatrixLayoutHandle Result { get; }

        public MatmulAlgorithm Algorithm { get; set; }

        public void Dispose()
        {
            Product.Dispose();
            Left.Dispose();
            Right.Dispose();
            Result.Dispose();
        }
    }
}
