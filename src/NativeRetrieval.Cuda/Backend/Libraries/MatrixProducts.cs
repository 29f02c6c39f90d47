using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Cublas;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Row-major products C = op(A)·op(B) by cuBLASLt with what follows them in one pass: float32, or bfloat16 operands with a result in
/// either type; sums are float32. The algorithm is chosen once for each combination of sizes, operations, types and alignment.
/// </summary>
internal sealed class MatrixProducts : IDisposable
{
    /// <summary>The architecture from which on NVIDIA recommends 32 MiB of workspace; 4 MiB before.</summary>
    const int HopperArchitecture = 90;

    const int BestAlignment = 256;

    readonly CudaDevice _device;
    readonly AlgorithmChooser _chooser;
    readonly SplitKernel _split;
    readonly Lock _lock = new();
    readonly CublasLtHandle _handle;
    readonly Dictionary<ProductShape, Choice> _choices = [];
    readonly DeviceBuffer _workspace;
    readonly PreferenceHandle?[] _preferences = new PreferenceHandle?[BestAlignment + 1];

    public MatrixProducts(CudaDevice device, AlgorithmChooser chooser, SplitKernel split)
    {
        (_device, _chooser, _split) = (device, chooser, split);
        _handle = CublasLtHandle.Create(device.Context);
        _workspace = new(device.Context, device.Properties.Architecture >= HopperArchitecture ? 32 << 20 : 4 << 20);
    }

    /// <summary>Products of float32 may be made of TF32 ones (<see cref="TripledProduct"/>).</summary>
    public bool MaySplit =>
        _chooser.MaySplit(0) && _device.Options is { Precision: Precision.Float32, TimeAlgorithms: true, Deterministic: false };

    /// <summary>Told each product that is computed, under a lock; null: nobody.</summary>
    public Action<ProductShape>? Ran { get; set; }

    /// <summary>C [rows, columns] = op(A)·op(B), then the epilogue.</summary>
    /// <param name="a">[rows, inner], or [inner, rows] with <paramref name="transposeA"/>.</param>
    /// <param name="b">[inner, columns], or [columns, inner] with <paramref name="transposeB"/>.</param>
    /// <param name="epilogue">A bias has one entry per column of C; <see cref="Epilogue.BiasGradientB"/> writes the sums of op(A)'s
    /// rows.</param>
    /// <param name="bias">The vector that the epilogue reads or writes, of C's type, or 0.</param>
    /// <param name="exact">True forbids TF32, whatever the device's options say.</param>
    /// <param name="operands">The type of A and B.</param>
    /// <param name="result">The type of C.</param>
    /// <param name="summand">A matrix like C, and not C, that is added to the product; or 0.</param>
    /// <returns>False where the library has no algorithm with this epilogue: nothing was done.</returns>
    public bool TryMultiply(int rows, int columns, int inner, nint a, bool transposeA, nint b, bool transposeB, nint c,
        Epilogue epilogue = Epilogue.Default, nint bias = 0, bool exact = false, DType operands = DType.Float32,
        DType result = DType.Float32, nint summand = 0)
    {
        var math = operands == DType.BFloat16 ? Precision.BFloat16
            : exact || _device.Options.Precision == Precision.Float32 ? Precision.Float32 : Precision.Tf32;
        return TryRun(new(rows, columns, inner, transposeA, transposeB, epilogue, TypeOf(operands), TypeOf(result), math, exact,
            AlignmentOf(a | b | c | summand)), new(a, b, c, bias, summand));
    }

    /// <summary>The same product, for which the library must have an algorithm.</summary>
    /// <exception cref="CudaException">The library has no algorithm.</exception>
    public void Multiply(int rows, int columns, int inner, nint a, bool transposeA, nint b, bool transposeB, nint c,
        Epilogue epilogue = Epilogue.Default, nint bias = 0, bool exact = false, DType operands = DType.Float32,
        DType result = DType.Float32, nint summand = 0)
    {
        if (!TryMultiply(rows, columns, inner, a, transposeA, b, transposeB, c, epilogue, bias, exact, operands, result,
            summand))
            CublasStatus.NotSupported.ThrowIfFailed($"cublasLtMatmulAlgoGetHeuristic({rows} x {columns} x {inner}, {epilogue})");
    }

    /// <summary>
    /// So many products C [rows, columns] = A·Bᵀ in TF32, A [rows, inner] and B [columns, inner] of each behind those of the one before.
    /// </summary>
    /// <exception cref="CudaException">The library has no algorithm.</exception>
    public void MultiplyEach(int count, int rows, int columns, int inner, nint a, nint b, nint c)
    {
        var shape = new ProductShape(rows, columns, inner, false, true, Epilogue.Default, CudaDataType.Float32, CudaDataType.Float32,
            Precision.Tf32, false, AlignmentOf(a | b | c), count);
        if (!TryRun(shape, new(a, b, c, 0, 0)))
            CublasStatus.NotSupported.ThrowIfFailed($"cublasLtMatmulAlgoGetHeuristic({shape})");
    }

    /// <summary>The products so far, each with the number of its algorithms.</summary>
    public IReadOnlyList<(ProductShape Shape, int Algorithms)> Products()
    {
        lock (_lock) return [.. _choices.Select(choice => (choice.Key, choice.Value.Count))];
    }

    /// <summary>The names of a product's algorithms, those of split operands last.</summary>
    public IReadOnlyList<string> Names(ProductShape shape)
    {
        lock (_lock) return _choices[shape].Names();
    }

    /// <summary>Takes one of a product's algorithms from now on; those of split operands are the last.</summary>
    public void Force(ProductShape shape, int which)
    {
        lock (_lock) _choices[shape].Chosen = which;
    }

    /// <summary>The place of the algorithm that is taken, and whether it is one of split operands.</summary>
    public (int Place, bool IsSplit) Chosen(ProductShape shape)
    {
        lock (_lock) return (_choices[shape].Chosen, _choices[shape].IsSplit(_choices[shape].Chosen));
    }

    public void Dispose()
    {
        foreach (var choice in _choices.Values) choice.Dispose();
        foreach (var preference in _preferences) preference?.Dispose();
        _workspace.Dispose();
        _handle.Dispose();
    }

    /// <summary>False where the library has no algorithm.</summary>
    bool TryRun(ProductShape shape, ProductOperands operands)
    {
        lock (_lock)
        {
            using var scope = _device.Context.Enter();
            if (!_choices.TryGetValue(shape, out var choice)) _choices.Add(shape, choice = Choose(shape, operands));
            if (choice.Count == 0) return false;
            Ran?.Invoke(shape);
            Run(choice, choice.Chosen, operands);
            return true;
        }
    }

    Choice Choose(ProductShape shape, ProductOperands operands)
    {
        bool split = TripledProduct.Suits(shape) && _chooser.MaySplit(TripledProduct.Bytes(shape));
        var choice = new Choice(shape, PlanOf(shape), split ? PlanOf(TripledProduct.Of(shape)) : null);
        if (choice.Count == 0) return choice;
        choice.Chosen = _chooser.Choose($"product {shape}", choice.Names(), i => Run(choice, i, operands));
        return choice;
    }

    ProductPlan PlanOf(ProductShape shape)
    {
        var preference = _preferences[shape.AlignmentBytes] ??= PreferenceHandle.Create(_workspace.SizeBytes, shape.AlignmentBytes);
        return ProductPlan.Of(shape, _handle, preference, _workspace.Address);
    }

    void Run(Choice choice, int which, ProductOperands operands)
    {
        if (!choice.IsSplit(which))
        {
            Call(choice.Direct, which, choice.Shape, operands);
            return;
        }
        var (a, b) = TripledProduct.Split(choice.Shape, operands, _device, _split);
        using (a)
        using (b)
            Call(choice.Split!, which - choice.Direct.Algorithms.Count, choice.Shape, operands with { A = a.Address, B = b.Address });
    }

    void Call(ProductPlan plan, int which, ProductShape shape, ProductOperands operands) =>
        plan.Run(which, _handle, operands, _workspace.Address, _workspace.SizeBytes, _device.Stream.Handle)
            .ThrowIfFailed($"cublasLtMatmul({shape})");

    static CudaDataType TypeOf(DType dtype) => dtype == DType.BFloat16 ? CudaDataType.BFloat16 : CudaDataType.Float32;

    /// <summary>The largest power of two up to 256 that divides all addresses or-ed together.</summary>
    static int AlignmentOf(nint addresses) => (int)Math.Min(BestAlignment, addresses & -addresses);

    /// <summary>The ways to compute one product, and the one that is taken.</summary>
    sealed class Choice(ProductShape shape, ProductPlan direct, ProductPlan? split) : IDisposable
    {
        public ProductShape Shape => shape;

        public ProductPlan Direct => direct;

        public ProductPlan? Split => split;

        public int Count => direct.Algorithms.Count + (split?.Algorithms.Count ?? 0);

        public int Chosen { get; set; }

        public bool IsSplit(int which) => which >= direct.Algorithms.Count;

        /// <summary>A proposal is known by its place: the same library proposes the same to the same question.</summary>
        public string[] Names() =>
            [.. Enumerable.Range(0, Count).Select(i => IsSplit(i) ? $"{i - direct.Algorithms.Count} split" : $"{i}")];

        public void Dispose()
        {
            direct.Dispose();
            split?.Dispose();
        }
    }
}
